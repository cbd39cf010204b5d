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
	"shopbell/secret"
)

// beside names a file that is kept beside the ledger's file, or beside the config when the ledger is none.
func beside(c *config.Config, ending string) string {
	if c.Shared() {
		return c.File + ending
	}
	return c.Database + ending
}

// tokenFile is where a random admin token is kept, keyFile where a random key is that seals the tokens of stores.
func tokenFile(c *config.Config) string { return beside(c, ".admin-token") }
func keyFile(c *config.Config) string   { return beside(c, ".key") }

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
	token, err = invent(tokenFile(c))
	if errors.Is(err, fs.ErrExist) {
		token, err = readToken(c)
		return token, true, err
	}
	if err != nil {
		return "", false, fmt.Errorf("the admin token cannot be kept: %w", err)
	}
	return token, true, nil
}

// invent makes random text and keeps it in a new file, readable for its owner only.
func invent(path string) (text string, err error) {
	random := make([]byte, 24)
	_, _ = rand.Read(random) // never fails
	text = base64.RawURLEncoding.EncodeToString(random)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text + "\n")
	return text, errors.Join(err, f.Close())
}

// ownKey gives the key that seals tokens when the config gives none: the one that an earlier start made, or a new one.
func ownKey(c *config.Config) (secret.Text, error) {
	key, err := invent(keyFile(c))
	if errors.Is(err, fs.ErrExist) {
		var text []byte
		text, err = os.ReadFile(keyFile(c))
		key = strings.TrimSpace(string(text))
	}
	if err != nil {
		return "", fmt.Errorf("the key that seals the tokens of stores cannot be kept: %w", err)
	}
	return secret.Text(key), nil
}
