package secret_test

import (
	"bytes"
	"errors"
	"testing"

	"shopbell/secret"
)

func TestBox(t *testing.T) {
	old, err := secret.NewBox("a key of sixteen bytes")
	if err != nil {
		t.Fatal(err)
	}
	sealed := old.Seal("secret_abc", "ecwid/1003")
	if bytes.Contains(sealed, []byte("secret_abc")) || bytes.Equal(sealed, old.Seal("secret_abc", "ecwid/1003")) {
		t.Error("it can be read, or told from another")
	}
	rotated, err := secret.NewBox("another key, of more bytes", "a key of sixteen bytes")
	if err != nil {
		t.Fatal(err)
	}
	other, _ := secret.NewBox("another key, of more bytes")
	changed := append(bytes.Clone(sealed[:len(sealed)-1]), sealed[len(sealed)-1]^1)
	for name, test := range map[string]struct {
		box    *secret.Box
		sealed []byte
		label  string
		opens  bool
	}{
		"as it was sealed":  {old, sealed, "ecwid/1003", true},
		"with a later key":  {rotated, sealed, "ecwid/1003", true},
		"with another key":  {other, sealed, "ecwid/1003", false},
		"for another store": {old, sealed, "ecwid/1004", false},
		"changed":           {old, changed, "ecwid/1003", false},
		"cut":               {old, sealed[:5], "ecwid/1003", false},
		"nothing":           {old, nil, "ecwid/1003", false},
	} {
		got, err := test.box.Open(test.sealed, test.label)
		if test.opens != (err == nil && got.Reveal() == "secret_abc") || !test.opens && !errors.Is(err, secret.ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBoxNeedsAKey(t *testing.T) {
	if _, err := secret.NewBox("short"); err == nil {
		t.Error("a key of five bytes is taken")
	}
}
