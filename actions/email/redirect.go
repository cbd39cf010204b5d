package email

import (
	"errors"
	"fmt"
	"html"
	"strings"
)

// redirect gives the message to one person in place of all its recipients, and says at its top for whom it was.
func redirect(p Params, to string) (Params, error) {
	if found, err := parse(to); err != nil || len(found) != 1 {
		return p, errors.New("it is not an e-mail address")
	}
	banner := "This message was redirected. It is for " + list(p.To)
	if len(p.CC) > 0 {
		banner += ", with a copy to " + list(p.CC)
	}
	if len(p.BCC) > 0 {
		banner += ", with a copy that nobody sees to " + list(p.BCC)
	}
	banner += "."
	p.To, p.CC, p.BCC = Recipients{to}, nil, nil
	if p.Text != "" || p.HTML == "" {
		p.Text = banner + "\n\n" + p.Text
	}
	if p.HTML != "" {
		p.HTML = withBanner(p.HTML, fmt.Sprintf(`<p style="background:#fff3cd;color:#000;padding:8px;font-family:sans-serif">%s</p>`, html.EscapeString(banner)))
	}
	return p, nil
}

func list(r Recipients) string {
	if len(r) == 0 {
		return "nobody"
	}
	return strings.Join(r, ", ")
}

// withBanner puts the banner where it is seen: inside the body of a whole document.
func withBanner(page, banner string) string {
	if at := strings.Index(strings.ToLower(page), "<body"); at >= 0 {
		if end := strings.IndexByte(page[at:], '>'); end >= 0 {
			at += end + 1
			return page[:at] + banner + page[at:]
		}
	}
	return banner + page
}
