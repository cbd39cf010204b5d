package email

import (
	"context"

	gomail "github.com/wneessen/go-mail"

	"shopbell/actions"
)

// Test implements [actions.Tester]: it signs in, and leaves again.
func (s *sender) Test(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	l := &line{}
	defer l.close()
	stop := context.AfterFunc(ctx, l.close)
	defer stop()
	client, err := gomail.NewClient(s.host, s.options(l)...)
	if err != nil {
		return "", actions.Permanent(actions.BlameAccount, err)
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return "", s.sort(ctx, l.stage(), Params{}, err)
	}
	l.limit(quitTime)
	_ = session.Quit()
	said := s.host + " takes mail"
	if s.username != "" {
		said += " of " + s.username
	}
	if s.tls == noTLS {
		said += ", without encryption"
	}
	return said, nil
}
