package cli

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"shopbell/config"
)

// tokenFile is where a random token is kept: beside the ledger's file, or beside the config when the ledger is none.
func tokenFile(c *config.Config) string {
	if c.Shared() {
		return c.File + ".admin-token"
	}
	return c.Database + ".admin-token"
}

// readToken gives the admin token: the config's, or the one that the first start made.
func readToken(c *config.Config) (string, error) {
	if token := c.Admin.Token.Reveal(); token != "" {
		return token, nil
	}
	text, err := os.ReadFile(tokenFile(c))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no admin token in %s: the server makes it at its first start", tokenFile(c))
	}
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(text))
	if token == "" {
		return "", fmt.Errorf("%s is empty: remove it, and the server makes a new token at its next start", tokenFile(c))
	}
	return token, nil
}

// ownToken is readToken for the server, which makes the token when there is none. made says that the config gives none.
func ownToken(c *config.Config) (token string, made bool, err error) {
	if token := c.Admin.Token.Reveal(); token != "" {
		return token, false, nil
	}
	random := make([]byte, 24)
	_, _ = rand.Read(random) // never fails
	token = base64.RawURLEncoding.EncodeToString(random)
	f, err := os.OpenFile(tokenFile(c), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		token, err = readToken(c)
		return token, true, err
	}
	if err != nil {
		return "", false, fmt.Errorf("the admin token cannot be kept: %w", err)
	}
	_, err = f.WriteString(token + "\n")
	return token, true, errors.Join(err, f.Close())
}
