package slack

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"shopbell/actions"
	"shopbell/actions/web"
)

// A verdict says what an error code of Slack means.
type verdict struct {
	code    string // a trailing * stands for anything
	outcome actions.Outcome
	blame   actions.Blame
	words   string // what to do, for people; "" when the code says it
}

// verdicts are the codes of chat.postMessage, of chat.update and of incoming webhooks. A code that is not here is final and the
// request's fault: Slack has refused the message, and says so in one word.
var verdicts = [...]verdict{
	{"ratelimited", actions.OutcomeRetry, "", ""},
	{"rate_limited", actions.OutcomeRetry, "", ""},
	{"request_timeout", actions.OutcomeRetry, "", ""},
	{"service_unavailable", actions.OutcomeRetry, "", ""},
	{"team_added_to_org", actions.OutcomeRetry, "", ""},
	{"org_login_required", actions.OutcomeRetry, "", ""},
	{"rollup_error", actions.OutcomeRetry, "", ""},
	{"internal_error", actions.OutcomeUnknown, "", ""},
	{"fatal_error", actions.OutcomeUnknown, "", ""},

	{"channel_not_found", actions.OutcomePermanent, actions.BlameAccount, "there is no such channel, or the app cannot see it; is its name right, or better its id, and is the app invited there"},
	{"not_in_channel", actions.OutcomePermanent, actions.BlameAccount, "the app is not in the channel; invite it there"},
	{"is_archived", actions.OutcomePermanent, actions.BlameAccount, "the channel is archived"},
	{"channel_is_archived", actions.OutcomePermanent, actions.BlameAccount, "the channel is archived"},
	{"restricted_action*", actions.OutcomePermanent, actions.BlameAccount, "the workspace does not let the app post there"},
	{"action_prohibited", actions.OutcomePermanent, actions.BlameAccount, "the workspace does not let the app post there"},
	{"posting_to_general_channel_denied", actions.OutcomePermanent, actions.BlameAccount, "the workspace does not let the app post there"},
	{"ekm_access_denied", actions.OutcomePermanent, actions.BlameAccount, ""},

	{"invalid_auth", actions.OutcomePermanent, actions.BlameAccount, "the token is not valid"},
	{"not_authed", actions.OutcomePermanent, actions.BlameAccount, "the token is not valid"},
	{"invalid_token", actions.OutcomePermanent, actions.BlameAccount, "the webhook is not valid any more"},
	{"no_service*", actions.OutcomePermanent, actions.BlameAccount, "the webhook was removed or switched off"},
	{"no_team", actions.OutcomePermanent, actions.BlameAccount, "the webhook's workspace is gone"},
	{"account_inactive", actions.OutcomePermanent, actions.BlameAccount, "the bot's account is switched off"},
	{"token_revoked", actions.OutcomePermanent, actions.BlameAccount, "the token was revoked"},
	{"token_expired", actions.OutcomePermanent, actions.BlameAccount, "the token has expired"},
	{"missing_scope", actions.OutcomePermanent, actions.BlameAccount, "the app lacks a scope; it needs chat:write"},
	{"no_permission", actions.OutcomePermanent, actions.BlameAccount, ""},
	{"accesslimited", actions.OutcomePermanent, actions.BlameAccount, ""},
	{"access_denied", actions.OutcomePermanent, actions.BlameAccount, ""},

	{"msg_too_long", actions.OutcomePermanent, actions.BlameRequest, "the text is longer than 40,000 characters"},
	{"no_text", actions.OutcomePermanent, actions.BlameRequest, "the message is empty"},
	{"invalid_blocks*", actions.OutcomePermanent, actions.BlameRequest, "the blocks are not as Slack wants them"},
	{"invalid_payload", actions.OutcomePermanent, actions.BlameRequest, "the blocks are not as Slack wants them"},
	{"message_not_found", actions.OutcomePermanent, actions.BlameRequest, "there is no message of that timestamp in the channel"},
	{"cant_update_message", actions.OutcomePermanent, actions.BlameRequest, "the message is not the bot's own"},
	{"edit_window_closed", actions.OutcomePermanent, actions.BlameRequest, "the workspace does not let messages be changed any more after so long"},
	{"thread_not_found", actions.OutcomePermanent, actions.BlameRequest, "there is no message of that timestamp in the channel"},
	{"user_not_found", actions.OutcomePermanent, actions.BlameRequest, ""},
	{"too_many_attachments", actions.OutcomePermanent, actions.BlameRequest, ""},
	{"invalid_*", actions.OutcomePermanent, actions.BlameRequest, ""},
	{"missing_post_type", actions.OutcomePermanent, actions.BlameRequest, ""},
}

// lookup finds the verdict on a code; ok is false when there is none.
func lookup(code string) (v verdict, ok bool) {
	for _, v := range verdicts {
		stem, open := strings.CutSuffix(v.code, "*")
		if code == v.code || open && strings.HasPrefix(code, stem) {
			return v, true
		}
	}
	return verdict{outcome: actions.OutcomePermanent, blame: actions.BlameRequest}, false
}

// err makes the error that a verdict stands for.
func (v verdict) err(code, detail string) error {
	text := "slack says " + code
	for _, more := range []string{v.words, detail} {
		if more != "" {
			text += ": " + more
		}
	}
	switch err := errors.New(text); v.outcome {
	case actions.OutcomeRetry:
		return actions.RetryAfter(0, err)
	case actions.OutcomeUnknown:
		return actions.Unknown(err)
	default:
		if slices.Contains(ofChannel[:], v.code) {
			return actions.PermanentPart("the channel", err)
		}
		return actions.Permanent(v.blame, err)
	}
}

// ofChannel are the codes that say nothing of other channels.
var ofChannel = [...]string{"channel_not_found", "not_in_channel", "is_archived", "channel_is_archived", "restricted_action*", "action_prohibited",
	"posting_to_general_channel_denied", "ekm_access_denied"}

// sorted sorts an error of slack-go.
func sorted(err error) error {
	if said, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		v, _ := lookup(said.Err)
		detail := strings.Join(said.ResponseMetadata.Messages, "; ")
		if said.Needed != "" {
			detail = fmt.Sprintf("needed %s, provided %s", said.Needed, said.Provided)
		}
		return v.err(actions.Excerpt([]byte(said.Err)), actions.Excerpt([]byte(detail)))
	}
	if actions.Sorted(err) {
		return err
	}
	return errNotSlack()
}

// errNotSlack says that something answered 200 that is not Slack, or not all of it: nobody knows whether the message
// got through.
func errNotSlack() error {
	return actions.Unknown(errors.New("the answer is not one of Slack's, so that the message may have been posted"))
}

// sortedWebhook sorts the answer of an incoming webhook: ok, or a word with a status.
func sortedWebhook(a *web.Answer) error {
	code := strings.TrimSpace(string(a.Body))
	if a.Status == http.StatusOK {
		if a.Partial == nil && code == "ok" {
			return nil
		}
		if v, ok := lookup(code); ok {
			return v.err(code, "")
		}
		return errNotSlack()
	}
	if a.Status == http.StatusTooManyRequests {
		return a.Err()
	}
	if v, ok := lookup(code); ok {
		return v.err(code, "")
	}
	return a.Err(web.Row{From: 400, To: 400, Outcome: actions.OutcomePermanent, Blame: actions.BlameRequest},
		web.Row{From: 404, To: 404, Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount},
		web.Row{From: 410, To: 410, Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount})
}
