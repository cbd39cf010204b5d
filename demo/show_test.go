package demo

import (
	"regexp"
	"strings"
	"testing"
)

func TestMrkdwn(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"*bold* and _it_ and ~gone~", "<strong>bold</strong> and <em>it</em> and <s>gone</s>"},
		{"snake_case_name 2*3*4", "snake_case_name 2*3*4"},
		{"`*x*` *y*", "<code>*x*</code> <strong>y</strong>"},
		{"a ` b", "a ` b"},
		{"<https://x.example/?a=1&amp;b=2|the *shop*>", `<a href="https://x.example/?a=1&amp;b=2" rel="noopener noreferrer" target="_blank">the *shop*</a>`},
		{"<javascript:alert(1)|x>", "&lt;javascript:alert(1)|x&gt;"},
		{"<!channel> <@U1|jane> <#C1|sales>", `<span class="mention">@channel</span> <span class="mention">@jane</span> <span class="mention">#sales</span>`},
		{"Bobby &lt;b&gt; &amp;amp; :bell:", "Bobby &lt;b&gt; &amp;amp; :bell:"},
		{"&gt;quoted\nnot", `<span class="quoted">quoted</span><br>not`},
		{"```a\n*b*```", "<pre>a\n*b*</pre>"},
		{"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
	} {
		if got := string(mrkdwn(test.in)); got != test.want {
			t.Errorf("%q shows as\n%s, want\n%s", test.in, got, test.want)
		}
	}
}

// FuzzMrkdwn holds that whatever is written, only the tags of our own making come out.
func FuzzMrkdwn(f *testing.F) {
	for _, seed := range []string{"*b* _i_ ~s~ `c`", "```x```", "<https://a|b>", "<!x", "&lt;script&gt;", `<http://x"onclick=1|y>`, "<a|<b>>"} {
		f.Add(seed)
	}
	tag := regexp.MustCompile(`^<(/?(strong|em|s|code|pre|span|a)|br|span class="(mention|quoted)"|a href="(https?://|mailto:)[^"<>]*" rel="noopener noreferrer" target="_blank")>`)
	f.Fuzz(func(t *testing.T, text string) {
		shown := string(mrkdwn(text))
		for rest := shown; ; {
			i := strings.IndexByte(rest, '<')
			if i < 0 {
				return
			}
			rest = rest[i:]
			if !tag.MatchString(rest) {
				t.Fatalf("%q shows as %q", text, shown)
			}
			rest = rest[1:]
		}
	})
}

func TestReadMail(t *testing.T) {
	raw := strings.ReplaceAll(`From: =?utf-8?q?Bell_&_S=C3=B6hne?= <a@b.example>
To: x@y.example
Subject: =?utf-8?b?R3LDvMOfZQ==?=
Content-Type: multipart/mixed; boundary=M

--M
Content-Type: multipart/alternative; boundary=A

--A
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

gr=C3=BC=C3=9Fe
--A
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PGI+aGk8L2I+
--A--
--M
Content-Type: application/pdf; name=r.pdf
Content-Disposition: attachment; filename="receipt.pdf"

x
--M--
`, "\n", "\r\n")
	m, err := readMail(raw)
	if err != nil {
		t.Fatal(err)
	}
	if m.Subject != "Grüße" || m.From != "Bell & Söhne <a@b.example>" || strings.TrimSpace(m.Text) != "grüße" || m.HTML != "<b>hi</b>" ||
		len(m.Attachments) != 1 || m.Attachments[0] != "receipt.pdf" {
		t.Errorf("it reads %+v", m)
	}
}

// FuzzReadMail holds that no mail stops the reader.
func FuzzReadMail(f *testing.F) {
	f.Add("Subject: x\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nhi\r\n--a--")
	f.Add("Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!")
	f.Fuzz(func(t *testing.T, raw string) {
		m, err := readMail(raw)
		if (m == nil) == (err == nil) {
			t.Fatal("a mail or an error")
		}
	})
}
