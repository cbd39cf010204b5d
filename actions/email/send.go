package email

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/mail"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"shopbell/actions"
)

// The ways to encrypt.
const (
	startTLS    = "starttls"
	implicitTLS = "tls"
	noTLS       = "none"
)

// quitTime is how long a server may take to say goodbye, once the outcome is known.
const quitTime = 2 * time.Second

// sender hands messages to one server. It is read-only; each message has a session of its own.
type sender struct {
	host     string
	port     int
	tls      string
	config   *tls.Config
	username string
	password actions.Secret
	from     *mail.Address
	replyTo  []*mail.Address
	helo     string
	timeout  time.Duration
	mask     actions.Mask

	env       actions.Env
	most      int64      // bytes of one message
	signature *signature // nil for none
	cashier   cashier
}

func newMask(a Account) actions.Mask {
	pass := a.Password.Reveal()
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + a.Username + "\x00" + pass)) // as AUTH PLAIN sends it
	if a.DKIM != nil {
		return actions.NewMask(a.DKIM.Key, a.Password, actions.Secret(plain), actions.Secret(base64.StdEncoding.EncodeToString([]byte(pass))))
	}
	return actions.NewMask(a.Password, actions.Secret(plain), actions.Secret(base64.StdEncoding.EncodeToString([]byte(pass))))
}

// Send hands the message over once.
func (s *sender) Send(ctx context.Context, call actions.Call[Params]) (actions.Result, error) {
	m, id, err := s.message(ctx, &call)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	l := &line{}
	defer l.close()
	stop := context.AfterFunc(ctx, l.close) // go-mail heeds ctx only while it dials
	defer stop()

	client, err := gomail.NewClient(s.host, s.options(l)...)
	if err != nil {
		return nil, actions.Permanent(actions.BlameAccount, err)
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return nil, s.sort(ctx, l.stage(), call.Params, err)
	}
	err = client.SendWithSMTPClient(session, m)
	// A delivered message stays delivered, whatever goes wrong after it.
	if err != nil && !m.IsDelivered() {
		return nil, s.sort(ctx, stageOf(err), call.Params, err)
	}
	l.limit(quitTime)
	_ = session.Quit()
	return actions.Result{"message_id": id}, nil
}

// options is what go-mail needs to know.
func (s *sender) options(l *line) []gomail.Option {
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(s.timeout), gomail.WithTLSConfig(s.config),
		gomail.WithDialContextFunc(s.dial(l)),
		gomail.WithoutNoop(), gomail.WithoutRset(), // a session has one message
	}
	switch s.tls {
	case startTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case implicitTLS:
		options = append(options, gomail.WithSSL())
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.helo != "" {
		options = append(options, gomail.WithHELO(s.helo))
	}
	if s.username != "" {
		options = append(options, gomail.WithUsername(s.username), gomail.WithPassword(s.password.Reveal()),
			gomail.WithOpportunisticSMTPAuth(s.mechanisms()...))
	}
	return options
}

// mechanisms are the ways to sign in, the best first. Without encryption, which an operator has to ask for, a password
// in the clear comes last.
func (s *sender) mechanisms() []gomail.SMTPAuthType {
	if s.tls == noTLS {
		return []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthCramMD5,
			gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc}
	}
	return []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain,
		gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5}
}

// dial connects, and encrypts at once if so configured.
func (s *sender) dial(l *line) gomail.DialContextFunc {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		dialer := net.Dialer{Timeout: 10 * time.Second}
		conn, err := dialer.DialContext(ctx, network, net.JoinHostPort(s.host, strconv.Itoa(s.port)))
		if err != nil {
			return nil, err
		}
		l.open(ctx, conn)
		if s.tls != implicitTLS {
			return l, nil
		}
		secure := tls.Client(l, s.config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		return secure, nil
	}
}
