#!/usr/bin/env python3
"""NAME: one JSON request a line on standard input, one JSON answer a line on standard output.

What it says on standard error comes into the log.
"""

import json
import sys


def carry_out(request):
    """Do what the request says, and give the answer."""
    text = request["params"]["text"]
    if not request.get("dry_run"):  # else everything but the effect
        print("said:", text, file=sys.stderr, flush=True)
    return {"outcome": "ok", "output": {"said": text}}


def answer(line):
    try:
        request = json.loads(line)
        if request["protocol"] != 1:
            raise ValueError("another protocol")
        name = request["id"]
    except (ValueError, KeyError, TypeError):
        return {"outcome": "permanent", "kind": "request", "message": "this is no request of protocol 1"}
    try:
        reply = carry_out(request)
    except Exception as error:  # it may have been done
        reply = {"outcome": "unknown", "message": str(error)}
    return {"id": name, **reply}


for line in sys.stdin.buffer:
    print(json.dumps(answer(line)), flush=True)
