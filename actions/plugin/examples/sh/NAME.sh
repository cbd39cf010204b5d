#!/bin/sh
# NAME: one JSON request on standard input, one JSON answer on standard output. What it says on standard error comes into the log.
request=$(cat)
case $request in
'{"protocol":1,'*'}') ;;
*)
	echo '{"outcome":"permanent","kind":"request","message":"this is no request of protocol 1"}'
	exit
	;;
esac

# value NAME gives the text of a key, spelt as in JSON, so that it can stand in an answer as it is. For more than that, take jq.
value() { printf '%s\n' "$request" | sed -nE 's/.*"'"$1"'":"(([^"\\]|\\.)*)".*/\1/p'; }

text=$(value text)
case $request in
*'"dry_run":true'*) ;; # everything but the effect
*) printf 'said: %s\n' "$text" >&2 ;;
esac
printf '{"outcome":"ok","output":{"said":"%s"}}\n' "$text"
