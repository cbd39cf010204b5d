package server

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestNobodyGetsIn(t *testing.T) {
	b := newBench(t)
	paths := []string{"/", "/events", "/events/9", "/runs", "/runs/1", "/rules", "/health"}
	for _, header := range [][]string{
		nil, {"Cookie", b.keys.cookie + "="}, {"Cookie", b.keys.cookie + "=" + testToken},
		{"Cookie", b.keys.cookie + "=99999999999.X." + strings.Repeat("0", 64)}, {"X-Forwarded-For", "127.0.0.1"},
	} {
		for _, path := range paths {
			answer, text := b.call(t, "GET", path, "", header...)
			if answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(answer.Header.Get("Location"), "/login") || strings.Contains(text, "K8XTQ") {
				t.Errorf("%s with %v answers %d", path, header, answer.StatusCode)
			}
		}
		for _, path := range []string{"/runs/1/retry", "/events/9/replay", "/rules/reload", "/logout"} {
			if answer, _ := b.call(t, "POST", path, "", header...); answer.StatusCode != http.StatusUnauthorized {
				t.Errorf("POST %s with %v answers %d", path, header, answer.StatusCode)
			}
		}
		if answer, _ := b.call(t, "GET", "/live", "", header...); answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("/live with %v answers %d", header, answer.StatusCode)
		}
	}
	if len(b.engine.asked) > 0 {
		t.Errorf("the engine was asked to %v", b.engine.asked)
	}
}

// TestNoTokenOpensNothing holds that an empty token is no token.
func TestNoTokenOpensNothing(t *testing.T) {
	k := newKeys("")
	if k.opens("") || k.valid(k.session(time.Now()), time.Now()) {
		t.Error("an empty token opens")
	}
}

func TestSessions(t *testing.T) {
	k, now := newKeys("a"), time.Now()
	session := k.session(now)
	other := newKeys("b")
	for _, test := range []struct {
		what    string
		session string
		keys    keys
		at      time.Time
		want    bool
	}{
		{"fresh", session, k, now, true},
		{"a second before its end", session, k, now.Add(sessionTime - time.Second), true},
		{"at its end", session, k, now.Add(sessionTime), false},
		{"of another token", session, other, now, false},
		{"lengthened", "9" + session, k, now, false},
		{"empty", "", k, now, false}, {"dots", "..", k, now, false},
	} {
		if got := test.keys.valid(test.session, test.at); got != test.want {
			t.Errorf("%s: valid is %v", test.what, got)
		}
	}
	if strings.Contains(session, "a"+".") && k.cookie == other.cookie {
		t.Error("the cookies of two servers on one host collide")
	}
}

func TestLoginLink(t *testing.T) {
	b := newBench(t)
	answer, text := b.call(t, "GET", "/login?next=/runs&token="+url.QueryEscape(testToken), "", "X-Forwarded-Proto", "https")
	if answer.StatusCode != 200 || len(answer.Cookies()) != 1 {
		t.Fatalf("answered %d with %d cookies", answer.StatusCode, len(answer.Cookies()))
	}
	c := answer.Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || !c.Secure || c.Path != "/" || strings.Contains(c.Value, testToken) {
		t.Errorf("the cookie is %v", c)
	}
	if !strings.Contains(text, `content="0;url=/runs"`) || strings.Contains(text, testToken) {
		t.Errorf("the page is %s", text)
	}
	if answer, _ := b.call(t, "GET", "/runs", "", "Cookie", c.Name+"="+c.Value); answer.StatusCode != 200 {
		t.Errorf("signed in, /runs answers %d", answer.StatusCode)
	}
	answer, text = b.call(t, "GET", "/login?token=WRONG-TOKEN", "")
	if answer.StatusCode != 401 || len(answer.Cookies()) != 0 || strings.Contains(text, "WRONG-TOKEN") {
		t.Errorf("a wrong token answers %d", answer.StatusCode)
	}
}

func TestLoginForm(t *testing.T) {
	b := newBench(t)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	if answer, _ := b.call(t, "POST", "/login", "token=wrong", form...); answer.StatusCode != 401 || len(answer.Cookies()) != 0 {
		t.Errorf("a wrong token answers %d", answer.StatusCode)
	}
	answer, _ := b.call(t, "POST", "/login", url.Values{"token": {testToken}, "next": {"//evil.example/"}}.Encode(), form...)
	if answer.StatusCode != 200 || len(answer.Cookies()) != 1 {
		t.Errorf("the right token answers %d", answer.StatusCode)
	}
	in := b.signedIn()
	answer, _ = b.call(t, "POST", "/logout", b.formField(in), in...)
	if answer.StatusCode != http.StatusSeeOther || len(answer.Cookies()) != 1 || answer.Cookies()[0].MaxAge >= 0 {
		t.Errorf("signing out answers %d, %v", answer.StatusCode, answer.Cookies())
	}
}

func TestLocalPath(t *testing.T) {
	for in, want := range map[string]string{
		"/runs?state=dead": "/runs?state=dead", "": "/", "//evil.example": "/", "https://evil.example": "/", `/\evil.example`: "/",
		"javascript:alert(1)": "/", "/login": "/", "runs": "/", "/a\nb": "/",
	} {
		if got := localPath(in); got != want {
			t.Errorf("%q leads to %q, want %q", in, got, want)
		}
	}
}

func TestForms(t *testing.T) {
	b := newBench(t)
	in := b.signedIn()
	for _, body := range []string{"", "csrf=", "csrf=" + strings.Repeat("0", 64), b.formField(b.signedIn())} {
		if answer, _ := b.call(t, "POST", "/runs/1/retry", body, in...); answer.StatusCode != http.StatusForbidden {
			t.Errorf("a form with %q answers %d", body, answer.StatusCode)
		}
	}
	answer, text := b.call(t, "POST", "/runs/1/retry", "text="+strings.Repeat("x", maxForm)+"&"+b.formField(in), in...)
	if answer.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(text, "64 KiB") {
		t.Errorf("a form that is too large answers %d", answer.StatusCode)
	}
	for _, test := range []struct {
		path   string
		status int
		to     string
	}{
		{"/runs/1/retry", 303, "/runs/1"}, {"/events/9/replay", 303, "/events/9"}, {"/rules/reload", 303, "/rules"},
		{"/runs/404/retry", 404, ""}, {"/runs/409/retry", 409, ""}, {"/runs/500/retry", 500, ""}, {"/events/x/replay", 404, ""},
	} {
		answer, text := b.call(t, "POST", test.path, b.formField(in), in...)
		if answer.StatusCode != test.status || answer.Header.Get("Location") != test.to || strings.Contains(text, "a secret detail") {
			t.Errorf("%s answers %d to %q", test.path, answer.StatusCode, answer.Header.Get("Location"))
		}
	}
	if got := strings.Join(b.engine.asked, " "); got != "retry replay" {
		t.Errorf("the engine was asked to %s", got)
	}
}

func TestPageHeaders(t *testing.T) {
	b := newBench(t)
	for _, path := range []string{"/login", "/", "/nowhere"} {
		answer, _ := b.call(t, "GET", path, "", b.signedIn()...)
		csp := answer.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || answer.Header.Get("X-Frame-Options") != "DENY" ||
			answer.Header.Get("X-Content-Type-Options") != "nosniff" || answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s has the headers %v", path, answer.Header)
		}
	}
}
