package ecwid

import (
	"testing"

	"shopbell/sources"
)

func TestATokenThatNobodyNeedsIsNotMissing(t *testing.T) {
	s, err := Kind().Open("ecwid", []byte(`{"client_secret":"abcde123456789","attest":"never","stores":{"1003":{}}}`))
	if err != nil {
		t.Fatal(err)
	}
	c, ok := s.(sources.Caller).Credential("1003")
	if !ok || c.State != sources.CredentialUnused || c.Note != "" {
		t.Errorf("got %+v", c)
	}
}
