package server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// sessionTime is how long a sign-in lasts.
const sessionTime = 7 * 24 * time.Hour

// keys are what is derived from the admin token. The token itself is not kept, so no page can tell it.
type keys struct {
	none   bool     // there is no token: nothing opens
	digest [32]byte // of the token
	secret []byte   // signs sessions and form tokens
	cookie string   // name of the cookie: it differs by token, for cookies do not differ by port
}

func newKeys(token string) keys {
	secret := sign([]byte(token), "shopbell session key")
	return keys{
		none: token == "", digest: sha256.Sum256([]byte(token)), secret: secret,
		cookie: "shopbell_" + hex.EncodeToString(sign(secret, "cookie name"))[:8],
	}
}

func sign(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// opens tells whether a token is the right one, in constant time.
func (k *keys) opens(token string) bool {
	digest := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(digest[:], k.digest[:]) == 1 && !k.none
}

// session makes a new session's text: when it ends, a random part, and the signature over both.
func (k *keys) session(now time.Time) string {
	text := strconv.FormatInt(now.Add(sessionTime).Unix(), 10) + "." + rand.Text()
	return text + "." + hex.EncodeToString(sign(k.secret, "session "+text))
}

// valid tells whether a session is one of ours and has not ended.
func (k *keys) valid(session string, now time.Time) bool {
	cut := strings.LastIndexByte(session, '.')
	if cut < 0 || k.none {
		return false
	}
	text, mac := session[:cut], session[cut+1:]
	want := hex.EncodeToString(sign(k.secret, "session "+text))
	if subtle.ConstantTimeCompare([]byte(mac), []byte(want)) != 1 {
		return false
	}
	end, _, _ := strings.Cut(text, ".")
	until, err := strconv.ParseInt(end, 10, 64)
	return err == nil && now.Unix() < until
}

// formToken is what a form of a session must bring back, so that no other site can post in its name.
func (k *keys) formToken(session string) string {
	return hex.EncodeToString(sign(k.secret, "form "+session))
}

// signedIn gives the session of a request, or "".
func (k *keys) signedIn(r *http.Request) string {
	cookie, err := r.Cookie(k.cookie)
	if err != nil || !k.valid(cookie.Value, time.Now()) {
		return ""
	}
	return cookie.Value
}

// setCookie gives a browser a session; an empty one takes it away.
func (k *keys) setCookie(w http.ResponseWriter, r *http.Request, session string) {
	age := int(sessionTime / time.Second)
	if session == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name: k.cookie, Value: session, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		// Behind a proxy that speaks TLS the browser must not send it in the clear. A forged header hurts only its
		// sender.
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	})
}
