package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"shopbell/config"
)

// client talks to our own server. It goes through no proxy: what it sends may hold the admin token.
func client() *http.Client {
	return &http.Client{
		Timeout:       time.Minute,
		Transport:     &http.Transport{DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func get(ctx context.Context, address string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	answer, err := client().Do(r)
	if err != nil {
		return nil, err
	}
	return answer, answer.Body.Close()
}

// trimBase checks an address given by hand. Its error is misuse.
func trimBase(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("%q is not an address such as http://127.0.0.1:8080", text)
	}
	return strings.TrimRight(text, "/"), nil
}

// command asks the running server to do something that only it can do, and waits until it is done.
func command(ctx context.Context, c *config.Config, path string) error {
	token, err := readToken(c)
	if err != nil {
		return err
	}
	base := reachable(c.Listen)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := client().Do(r)
	if err != nil {
		return fmt.Errorf("no server answers at %s: this is done by the running server, so start it with: shopbell serve", base)
	}
	defer answer.Body.Close()
	if answer.StatusCode < 300 {
		return nil
	}
	return errors.New(serverSays(answer))
}

// serverSays gives the words of an error of the API.
func serverSays(answer *http.Response) string {
	var body struct {
		Error struct{ Message, Hint string }
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil || json.Unmarshal(text, &body) != nil || body.Error.Message == "" {
		return "the server answers " + answer.Status
	}
	return strings.TrimSpace(body.Error.Message + ". " + body.Error.Hint)
}
