package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"shopbell/actions"
)

// A stage is how far a session has come.
type stage int

// The stages of a session.
const (
	stageDial       stage = iota
	stageGreeting         // the server's greeting, EHLO
	stageEncrypting       // STARTTLS, and all that is encrypted until the first message
	stageAuth
	stageMail // MAIL FROM
	stageRcpt // RCPT TO
	stageData // DATA and the message
	stageDot  // the final "."
)

// stageOf tells at which stage go-mail failed to send.
func stageOf(err error) stage {
	failed, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return stageMail
	}
	switch failed.Reason {
	case gomail.ErrSMTPRcptTo:
		return stageRcpt
	case gomail.ErrSMTPData, gomail.ErrWriteContent:
		return stageData
	case gomail.ErrSMTPDataClose:
		return stageDot
	}
	return stageMail
}

// A reply is what a server said.
type reply struct {
	code     int    // such as 550
	enhanced string // such as "5.1.1"; "" when there is none
	text     string // all of it, for people
}

var replyForm = regexp.MustCompile(`^([245][0-9][0-9])[ -]+(?:([245]\.[0-9]{1,3}\.[0-9]{1,3})\b)?`)

// replyOf finds the reply in an error of go-mail. It reads go-mail's text rather than its fields: the enhanced code is
// missing there when the server does not advertise it, and errors of dialling have none of them.
func replyOf(err error) (reply, bool) {
	if said, ok := errors.AsType[*textproto.Error](err); ok {
		return parseReply(fmt.Sprintf("%d %s", said.Code, said.Msg))
	}
	failed, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return reply{}, false
	}
	return parseReply(unquote(strings.TrimPrefix(failed.Error(), failed.Reason.String()+": ")))
}

// unquote gives the reply at the beginning of go-mail's text: a code and the server's words, which newer versions of
// Go's textproto put into quotes; go-mail's own words follow.
func unquote(text string) string {
	if len(text) > 4 {
		if quoted, err := strconv.QuotedPrefix(text[4:]); err == nil {
			if words, err := strconv.Unquote(quoted); err == nil {
				return text[:4] + words
			}
		}
	}
	for _, ours := range []string{", affected recipient(s): ", ", affected message ID: "} {
		text, _, _ = strings.Cut(text, ours)
	}
	return text
}

// parseReply reads a code, an enhanced code if there is one, and text. Only refusals are replies that tell something:
// another code is a server that speaks out of turn.
func parseReply(text string) (reply, bool) {
	m := replyForm.FindStringSubmatch(text)
	if m == nil || m[1][0] == '2' {
		return reply{}, false
	}
	code, err := strconv.Atoi(m[1])
	if err != nil {
		return reply{}, false
	}
	return reply{code: code, enhanced: m[2], text: text}, true
}

// A row says what a reply means. Empty fields fit anything.
type row struct {
	stage    stage  // stageDial fits any
	code     string // first digits of the code
	enhanced string // beginning of the enhanced code
	outcome  actions.Outcome
	blame    actions.Blame
	wait     time.Duration // of a retry: not before
	gone     bool          // the mailbox is not there and will not be, for any message
}

// greylist is how long a server that wants to see a second try is left alone.
const greylist = 5 * time.Minute

// rows is what replies mean; the first that fits counts.
var rows = [...]row{
	{0, "450", "4.7", actions.OutcomeRetry, "", greylist, false},
	{0, "451", "4.7", actions.OutcomeRetry, "", greylist, false},
	{0, "4", "", actions.OutcomeRetry, "", 0, false}, // 421, 450, 451, 452, 454: later

	{stageGreeting, "5", "", actions.OutcomePermanent, actions.BlameAccount, 0, false},
	{stageEncrypting, "5", "", actions.OutcomePermanent, actions.BlameAccount, 0, false},
	{stageAuth, "5", "", actions.OutcomePermanent, actions.BlameAccount, 0, false},
	{0, "530", "", actions.OutcomePermanent, actions.BlameAccount, 0, false}, // sign in, or encrypt, first
	{0, "534", "", actions.OutcomePermanent, actions.BlameAccount, 0, false},
	{0, "535", "", actions.OutcomePermanent, actions.BlameAccount, 0, false},
	{0, "538", "", actions.OutcomePermanent, actions.BlameAccount, 0, false},
	{0, "5", "5.7", actions.OutcomePermanent, actions.BlameAccount, 0, false},   // policy, SPF, DMARC, relaying denied
	{0, "5", "5.1.7", actions.OutcomePermanent, actions.BlameAccount, 0, false}, // the sender's address
	{0, "5", "5.1.8", actions.OutcomePermanent, actions.BlameAccount, 0, false},
	{stageMail, "552", "", actions.OutcomePermanent, actions.BlameRequest, 0, false}, // too big
	{stageMail, "5", "5.3.4", actions.OutcomePermanent, actions.BlameRequest, 0, false},
	{stageMail, "5", "", actions.OutcomePermanent, actions.BlameAccount, 0, false},

	{0, "5", "5.1.1", actions.OutcomePermanent, actions.BlameRecipient, 0, true},
	{0, "5", "5.1.10", actions.OutcomePermanent, actions.BlameRecipient, 0, true},
	{0, "5", "5.2.1", actions.OutcomePermanent, actions.BlameRecipient, 0, true},
	{0, "5", "5.1", actions.OutcomePermanent, actions.BlameRecipient, 0, false},
	{0, "5", "5.2.3", actions.OutcomePermanent, actions.BlameRequest, 0, false}, // too big for this mailbox
	{0, "5", "5.2", actions.OutcomePermanent, actions.BlameRecipient, 0, false},
	{0, "5", "5.3.4", actions.OutcomePermanent, actions.BlameRequest, 0, false},
	{stageRcpt, "551", "", actions.OutcomePermanent, actions.BlameRecipient, 0, true}, // moved away
	{stageRcpt, "553", "", actions.OutcomePermanent, actions.BlameRecipient, 0, true}, // no such name
	{stageRcpt, "5", "", actions.OutcomePermanent, actions.BlameRecipient, 0, false},
	{0, "5", "", actions.OutcomePermanent, actions.BlameRequest, 0, false},
}

// verdict finds the row for a reply.
func verdict(at stage, r reply) row {
	for _, row := range rows {
		if (row.stage == stageDial || row.stage == at) && strings.HasPrefix(strconv.Itoa(r.code), row.code) &&
			strings.HasPrefix(r.enhanced+".", prefix(row.enhanced)) {
			return row
		}
	}
	return row{outcome: actions.OutcomeRetry}
}

// prefix makes 5.1 fit 5.1.1 and not 5.10.1.
func prefix(enhanced string) string {
	if enhanced == "" {
		return ""
	}
	return enhanced + "."
}

// sort says what became of a message that was not delivered for sure.
func (s *sender) sort(ctx context.Context, at stage, p Params, err error) error {
	if r, ok := replyOf(err); ok {
		said := fmt.Errorf("%s says %s", s.host, s.mask.Text(actions.Excerpt([]byte(r.text))))
		switch v := verdict(at, r); v.outcome {
		case actions.OutcomePermanent:
			if who, ok := refused(err, p); ok && v.gone {
				return actions.Gone(who, said)
			}
			return actions.Permanent(v.blame, said)
		default:
			return actions.RetryAfter(v.wait, said)
		}
	}
	if at == stageDot {
		return actions.Unknown(fmt.Errorf("%s had the whole message and did not confirm it: it may have been sent", s.host))
	}
	if why := misfit(at, err); why != "" {
		return actions.Permanent(actions.BlameAccount, errors.New(s.host+" "+why))
	}
	why := "broke off the connection before it had the message"
	switch {
	case ctx.Err() != nil:
		why = "did not take the message in time"
	case at == stageDial:
		why = "could not be reached"
	}
	return actions.RetryAfter(0, errors.New(s.host+" "+why))
}

// refused gives the one recipient that a server's refusal is about, where that is one for sure.
func refused(err error, p Params) (actions.Recipient, bool) {
	all := reaches(p)
	if len(all) == 1 {
		return all[0], true
	}
	_, named, _ := strings.Cut(err.Error(), ", affected recipient(s): ")
	named, _, _ = strings.Cut(named, ", affected message ID: ")
	i := slices.IndexFunc(all, func(r actions.Recipient) bool { return strings.EqualFold(strings.Trim(named, "<>"), r.Address) })
	if i < 0 {
		return actions.Recipient{}, false
	}
	return all[i], true
}

// misfit says why a server and the account do not go together; "" when that is not what went wrong.
func misfit(at stage, err error) string {
	var (
		verify *tls.CertificateVerificationError
		name   x509.HostnameError
		ca     x509.UnknownAuthorityError
		record tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &verify), errors.As(err, &name), errors.As(err, &ca):
		return "has a certificate that is not trusted"
	case errors.As(err, &record):
		return "does not speak TLS there; see the account's tls and port"
	case at > stageAuth:
		return ""
	case strings.Contains(err.Error(), "does not support STARTTLS"):
		return "offers no STARTTLS; see the account's tls"
	case strings.Contains(err.Error(), "does not support SMTP AUTH"), strings.Contains(err.Error(), "unsupported SMTP AUTH type"):
		return "offers no way to sign in that is known here"
	}
	return ""
}
