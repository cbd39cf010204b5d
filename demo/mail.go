package demo

import (
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// A Mail is a mail as its reader sees it.
type Mail struct {
	From, Subject string
	To            []string // who got it: of the envelope
	Text, HTML    string
	Attachments   []string // names
	Raw           string   // as it came, at most maxMail bytes
}

// maxMail is how large a mail may be, in bytes.
const maxMail = 10 << 20

// maxParts bounds the parts of a mail, and how deep they may be nested.
const (
	maxParts = 50
	maxNest  = 8
)

// readMail reads a mail for its reader. What it cannot read it leaves out: the raw text has it.
func readMail(raw string) (*Mail, error) {
	m := &Mail{Raw: raw}
	message, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return nil, errors.New("this is not a mail")
	}
	m.From, m.Subject = decoded(message.Header.Get("From")), decoded(message.Header.Get("Subject"))
	parts := maxParts
	m.part(message.Header.Get("Content-Type"), message.Header.Get("Content-Transfer-Encoding"), "", message.Body, maxNest, &parts)
	return m, nil
}

// part reads one part and those inside of it.
func (m *Mail) part(kind, encoding, disposition string, body io.Reader, nest int, left *int) {
	if *left--; *left < 0 || nest == 0 {
		return
	}
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		media = "text/plain"
	}
	if strings.HasPrefix(media, "multipart/") {
		m.parts(multipart.NewReader(body, params["boundary"]), nest, left)
		return
	}
	if name := attachment(disposition, params); name != "" {
		m.Attachments = append(m.Attachments, name)
		return
	}
	content, err := io.ReadAll(io.LimitReader(plainly(encoding, body), maxMail))
	text := strings.ToValidUTF8(string(content), "\uFFFD")
	switch {
	case err != nil && text == "":
	case media == "text/html" && m.HTML == "":
		m.HTML = text
	case media == "text/plain" && m.Text == "":
		m.Text = strings.ReplaceAll(text, "\r\n", "\n")
	}
}

func (m *Mail) parts(r *multipart.Reader, nest int, left *int) {
	for *left > 0 {
		p, err := r.NextRawPart()
		if err != nil {
			return
		}
		h := p.Header
		m.part(h.Get("Content-Type"), h.Get("Content-Transfer-Encoding"), h.Get("Content-Disposition"), p, nest-1, left)
	}
}

// attachment gives the name of an attached file, or "".
func attachment(disposition string, params map[string]string) string {
	kind, more, err := mime.ParseMediaType(disposition)
	if err != nil || kind != "attachment" {
		return ""
	}
	for _, name := range []string{more["filename"], params["name"]} {
		if name != "" {
			return decoded(name)
		}
	}
	return "a file"
}

// plainly undoes a transfer encoding.
func plainly(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	}
	return body
}

// decoded undoes the encoding of words in a header.
func decoded(header string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		return header
	}
	return text
}
