package sheet_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/sheet"
)

const email = "bell@shop.iam.gserviceaccount.com"

// private is the key of the tests' account. To make one takes a while.
var private = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// keyFile is what Google gives for a service account.
func keyFile(t testing.TB, more map[string]string) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private())
	if err != nil {
		t.Fatal(err)
	}
	file := map[string]string{
		"type": "service_account", "client_email": email, "private_key_id": "0123abcd", "token_uri": "https://oauth2.googleapis.com/token",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	}
	for k, v := range more {
		file[k] = v
	}
	text, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// google plays what gives tokens, and a spreadsheet with one sheet.
type google struct {
	*httptest.Server
	t        testing.TB
	mu       sync.Mutex
	requests []string // method, address and body
	tokens   int
	rows     []string // column A
	lose     bool     // the answer to an append
	answer   func(w http.ResponseWriter, r *http.Request) bool
}

func newGoogle(t testing.TB) *google {
	g := &google{t: t, rows: []string{"key"}}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

// with changes how it behaves. A request whose client has gone away may still be under way.
func (g *google) with(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
}

func (g *google) outlet() actions.Outlet {
	return open(g.t, map[string]string{"key": keyFile(g.t, nil), "api": g.URL, "token_url": g.URL + "/token"})
}

func open(t testing.TB, account map[string]string) actions.Outlet {
	t.Helper()
	text, err := json.Marshal(account)
	if err != nil {
		t.Fatal(err)
	}
	out, err := sheet.Action.Open(actions.Env{Log: slog.New(slog.DiscardHandler)}, text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// ServeHTTP implements [http.Handler].
func (g *google) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	if r.URL.Path == "/token" {
		g.tokens++
		checkClaim(g.t, r, string(body))
		fmt.Fprintf(w, `{"access_token":"ya29.%d","expires_in":3599,"token_type":"Bearer"}`, g.tokens)
		return
	}
	g.requests = append(g.requests, r.Method+" "+r.RequestURI+" "+string(body))
	if want := fmt.Sprintf("Bearer ya29.%d", g.tokens); r.Header.Get("Authorization") != want {
		g.t.Errorf("the request bears %q, want %q", r.Header.Get("Authorization"), want)
	}
	if g.answer != nil && g.answer(w, r) {
		return
	}
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, ":append"):
		var said struct{ Values [][]any }
		if err := json.Unmarshal(body, &said); err != nil || len(said.Values) != 1 {
			g.t.Errorf("the body is %s", body)
		}
		g.rows = append(g.rows, fmt.Sprint(said.Values[0][0]))
		if g.lose {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprintf(w, `{"spreadsheetId":"x","tableRange":"Orders!A1:C%d","updates":{"spreadsheetId":"x","updatedRange":"Orders!A%d:C%d","updatedRows":1}}`, len(g.rows)-1, len(g.rows), len(g.rows))
	case strings.Contains(path, "/values/"):
		var from, to int
		if _, err := fmt.Sscanf(path[strings.LastIndex(path, "!")+1:], "A%d:A%d", &from, &to); err != nil || from < 1 || to < from || to-from >= 5000 {
			g.t.Errorf("the range of %s: %v", path, err)
		}
		answer := map[string]any{"range": "x", "majorDimension": "COLUMNS"}
		if from <= len(g.rows) {
			answer["values"] = [][]string{g.rows[from-1 : min(to, len(g.rows))]}
		}
		_ = json.NewEncoder(w).Encode(answer)
	default:
		fmt.Fprintf(w, `{"sheets":[{"properties":{"title":"Other","gridProperties":{"rowCount":3}}},{"properties":{"title":"Orders","gridProperties":{"rowCount":%d}}}]}`, max(len(g.rows)+500, 1000))
	}
}

// checkClaim verifies what asks for a token: RFC 7523, as Google describes it.
func checkClaim(t testing.TB, r *http.Request, body string) {
	form, err := url.ParseQuery(body)
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" ||
		form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" || len(form) != 2 {
		t.Errorf("%s %q asks for a token: %v", r.Method, body, err)
		return
	}
	parts := strings.Split(form.Get("assertion"), ".")
	if len(parts) != 3 {
		t.Errorf("the claim has %d parts", len(parts))
		return
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err == nil {
		err = rsa.VerifyPKCS1v15(&private().PublicKey, crypto.SHA256, sum[:], signature)
	}
	if err != nil {
		t.Errorf("the claim is not signed: %v", err)
	}
	var header, claims map[string]any
	for i, into := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(text, into) != nil {
			t.Errorf("part %d of the claim: %v", i, err)
		}
	}
	issued, _ := claims["iat"].(float64)
	ends, _ := claims["exp"].(float64)
	if header["alg"] != "RS256" || header["typ"] != "JWT" || header["kid"] != "0123abcd" || claims["iss"] != email ||
		claims["scope"] != "https://www.googleapis.com/auth/spreadsheets" || claims["aud"] != "https://oauth2.googleapis.com/token" ||
		ends-issued != 3600 || time.Since(time.Unix(int64(issued), 0)).Abs() > time.Minute {
		t.Errorf("the claim is %v, %v", header, claims)
	}
}
