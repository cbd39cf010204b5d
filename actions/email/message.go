package email

import (
	"errors"
	"fmt"
	"net/mail"
	"time"

	gomail "github.com/wneessen/go-mail"

	"shopbell/actions"
)

var errNobody = errors.New("there is no address to send to")

// message builds what is sent. Its errors are final.
func (s *sender) message(call *actions.Call[Params]) (*gomail.Msg, string, error) {
	p := &call.Params
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(s.from)
	if err := s.address(m, p); err != nil {
		return nil, "", err
	}
	id := call.Key + "@" + domain(s.from.Address)
	m.SetMessageIDWithValue(id)
	m.SetDateWithValue(time.Now())
	m.SetGenHeader("Auto-Submitted", "auto-generated") // so that no holiday reply comes back
	if call.Unsubscribe != "" {
		m.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+call.Unsubscribe+">")
		m.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	m.Subject(actions.Escape(actions.Header, p.Subject))

	text := p.Text
	if text == "" {
		text = textOf(p.HTML)
	}
	m.SetBodyString(gomail.TypeTextPlain, text)
	if p.HTML != "" {
		m.AddAlternativeString(gomail.TypeTextHTML, p.HTML)
	}
	return m, id, nil
}

// address fills in who gets the message and its answers.
func (s *sender) address(m *gomail.Msg, p *Params) error {
	count := 0
	for _, kind := range []struct {
		header gomail.AddrHeader
		list   Recipients
	}{{gomail.HeaderTo, p.To}, {gomail.HeaderCc, p.CC}, {gomail.HeaderBcc, p.BCC}} {
		list, err := kind.list.addresses()
		if err != nil {
			return actions.Permanent(actions.BlameRecipient, err)
		}
		if kind.header == gomail.HeaderTo && len(list) == 0 {
			return actions.Permanent(actions.BlameRecipient, errNobody)
		}
		if count += len(list); count > maxRecipients {
			return actions.Permanent(actions.BlameRequest, fmt.Errorf("a message goes to at most %d recipients", maxRecipients))
		}
		set(m, kind.header, list)
	}
	replyTo, err := p.ReplyTo.addresses()
	if err != nil {
		return actions.Permanent(actions.BlameRequest, err)
	}
	if len(replyTo) == 0 {
		replyTo = s.replyTo
	}
	set(m, gomail.HeaderReplyTo, replyTo)
	return nil
}

func set(m *gomail.Msg, header gomail.AddrHeader, list []*mail.Address) {
	if len(list) > 0 {
		m.SetAddrHeaderFromMailAddress(header, list...)
	}
}
