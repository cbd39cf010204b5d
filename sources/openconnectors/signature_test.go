package openconnectors

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

// The vector that the platform's documentation gives: the body is this very text.
const (
	documentedKey       = "MySecretEventSignatureKey"
	documentedBody      = "<INSERT_EVENT_NOTIFICATION_RESPONSE_BODY>"
	documentedSignature = "sha256=jHdbRx5EZAsOfTwAPJOGkNUzQMVVdu5VJlxcsk+G6jQ="
)

func TestTheDocumentedSignature(t *testing.T) {
	if got := Sign(SHA256, documentedKey, []byte(documentedBody)); got != documentedSignature {
		t.Errorf("got %s, want %s", got, documentedSignature)
	}
	found, present := signatures(http.Header{SignatureHeader: {documentedSignature}})
	if !present || !signed(found, []*key{newKey(documentedKey)}, []byte(documentedBody), false) {
		t.Error("the documented signature does not fit")
	}
}

// TestSHA1OfRFC2202 uses a vector of that RFC (test case 2), in base64.
func TestSHA1OfRFC2202(t *testing.T) {
	const want = "sha1=7/zfauXrL6LSdBbV8YTfnCWafHk="
	if got := Sign(SHA1, "Jefe", []byte("what do ya want for nothing?")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSignatureHeaders(t *testing.T) {
	body := []byte(`{"message":{}}`)
	good256, good1 := Sign(SHA256, "k", body), Sign(SHA1, "k", body)
	old := Sign(SHA256, "before", body)
	for name, c := range map[string]struct {
		header          http.Header
		present         bool
		fits, fitsNoOld bool
	}{
		"sha256":                         {http.Header{SignatureHeader: {good256}}, true, true, true},
		"sha1":                           {http.Header{SignatureHeader: {good1}}, true, true, false},
		"lower case, as proxies hand on": {http.Header{"elements-webhook-signature": {good256}}, true, true, true},
		"the algorithm in upper case":    {http.Header{SignatureHeader: {strings.Replace(good256, "sha256", "SHA256", 1)}}, true, true, true},
		"spaces around":                  {http.Header{SignatureHeader: {"  " + good256 + " "}}, true, true, true},
		"two in one value":               {http.Header{SignatureHeader: {Sign(SHA256, "x", body) + ", " + good256}}, true, true, true},
		"two headers":                    {http.Header{SignatureHeader: {good1, good256}}, true, true, true},
		"the previous key":               {http.Header{SignatureHeader: {old}}, true, true, true},
		"missing":                        {http.Header{}, false, false, false},
		"empty":                          {http.Header{SignatureHeader: {""}}, false, false, false},
		"another key":                    {http.Header{SignatureHeader: {Sign(SHA256, "x", body)}}, true, false, false},
		"no algorithm":                   {http.Header{SignatureHeader: {strings.TrimPrefix(good256, "sha256=")}}, true, false, false},
		"sha1 that says sha256":          {http.Header{SignatureHeader: {"sha256=" + strings.TrimPrefix(good1, "sha1=")}}, true, false, false},
		"sha256 that says sha1":          {http.Header{SignatureHeader: {"sha1=" + strings.TrimPrefix(good256, "sha256=")}}, true, false, false},
		"md5":                            {http.Header{SignatureHeader: {"md5=1B2M2Y8AsgTpgAmY7PhCfg=="}}, true, false, false},
		"hexadecimal":                    {http.Header{SignatureHeader: {"sha256=8c775b471e44640b0e7d3c003c938690d5334cc55576ee55265c5cb24f86ea34"}}, true, false, false},
		"cut off":                        {http.Header{SignatureHeader: {good256[:len(good256)-4]}}, true, false, false},
		"endless":                        {http.Header{SignatureHeader: {"sha256=" + strings.Repeat("A", 1<<20)}}, true, false, false},
		"nothing but commas":             {http.Header{SignatureHeader: {strings.Repeat(",", 1000)}}, true, false, false},
	} {
		keys := []*key{newKey("k"), newKey("before")}
		found, present := signatures(c.header)
		if present != c.present {
			t.Errorf("%s: present %v", name, present)
		}
		if got := signed(found, keys, body, true); got != c.fits {
			t.Errorf("%s: fits %v", name, got)
		}
		if got := signed(found, keys, body, false); got != c.fitsNoOld {
			t.Errorf("%s: fits %v where sha1 is refused", name, got)
		}
		if signed(found, keys, append(body, ' '), true) {
			t.Errorf("%s: fits another body", name)
		}
	}
}

func FuzzSignatures(f *testing.F) {
	for _, s := range []string{documentedSignature, "sha1=7/zfauXrL6LSdBbV8YTfnCWafHk=", "sha256=,sha1=", "=", "SHA256 = AAAA", ",,,", "sha256=====", "\x00"} {
		f.Add(s)
	}
	k := []*key{newKey("no fuzzer knows this")}
	f.Fuzz(func(t *testing.T, value string) {
		found, _ := signatures(http.Header{SignatureHeader: {value}})
		if len(found) > maxSignatures {
			t.Fatalf("%d signatures", len(found))
		}
		for _, s := range found {
			if !strings.Contains(value, base64.StdEncoding.EncodeToString(s.mac)) {
				t.Fatalf("%q was read as something else than it says", value)
			}
		}
		if signed(found, k, []byte("body"), true) {
			t.Fatalf("%q fits", value)
		}
	})
}
