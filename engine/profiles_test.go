package engine

import (
	"testing"

	"shopbell/event"
)

// TestAlbum holds which profile an event is told with: the last that was known then, else the first that was known afterwards.
func TestAlbum(t *testing.T) {
	a := album{{3, event.Store{Currency: "EUR"}}, {7, event.Store{Currency: "SEK"}}}
	for seq, want := range map[int64]string{1: "EUR", 3: "EUR", 6: "EUR", 7: "SEK", 100: "SEK"} {
		if got, known := a.at(seq); got.Currency != want || !known {
			t.Errorf("event %d: %s, %v, want %s", seq, got.Currency, known, want)
		}
	}
	if got, known := (album)(nil).at(1); known || got != (event.Store{}) {
		t.Errorf("without any: %v, %v", got, known)
	}
}

// TestAlbumForgets holds that an owner is taken out of every portrait, and others are not.
func TestAlbumForgets(t *testing.T) {
	a := album{{1, event.Store{Email: "Jane@Example.com", Name: "Bells", URL: "https://bells.example.com"}}, {2, event.Store{Email: "joe@example.com", Name: "Bells"}}}
	if !a.forget(" jane@example.COM ") || a.forget("nobody@example.com") {
		t.Error("it does not know whom it has")
	}
	if a[0].Profile.Email != Forgotten || a[0].Profile.Name != "Bells" || a[1].Profile.Email != "joe@example.com" {
		t.Errorf("%+v", a)
	}
}
