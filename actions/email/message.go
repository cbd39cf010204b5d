package email

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"time"

	gomail "github.com/wneessen/go-mail"

	"shopbell/actions"
)

var errNobody = errors.New("there is no address to send to")

// message builds what is sent. Its errors are final.
func (s *sender) message(ctx context.Context, call *actions.Call[Params]) (*gomail.Msg, string, error) {
	p := &call.Params
	if p.Template != "" && p.HTML == "" {
		return nil, "", actions.Permanent(actions.BlameRequest, errNotRendered)
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	p.Headers.put(m)
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
	if err := s.embed(m, call); err != nil {
		return nil, "", err
	}
	if err := s.attach(ctx, m, call); err != nil {
		return nil, "", err
	}
	s.signature.on(m, call.Unsubscribe != "")
	return m, id, s.fits(m)
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
