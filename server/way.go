package server

import (
	"fmt"

	"shopbell/engine"
)

// stop is one station on the way of an event, before its runs.
type stop struct {
	Title, Tone, Word, Text string
}

// wayOf tells how far an event has come: received, verified, attested, matched.
func wayOf(r engine.Record, runs int) []stop {
	if r.State == engine.EventRefused {
		return []stop{{"Verified", "bad", "refused", r.Note}}
	}
	way := []stop{{"Verified", "good", "verified", "The signature is right, and the notification could be read. It is on disk."}}
	way = append(way, attestStop(r))
	switch r.State {
	case engine.EventPlanned:
		text := "One rule fired."
		if runs != 1 {
			text = fmt.Sprintf("The rules that fired made %d runs.", runs)
		}
		if r.Replay > 0 {
			text += " It was replayed, so some of them are new ones of a later day."
		}
		way = append(way, stop{"Matched", "good", "rules fired", text})
	case engine.EventUnmatched:
		text := "No rule fired for it, so nothing was sent."
		if r.Note != "" {
			text = r.Note
		}
		way = append(way, stop{"Matched", "calm", "no rule", text})
	}
	return way
}

// attestStop tells what the platform said when the entity was read back.
func attestStop(r engine.Record) stop {
	title := "Attested"
	switch {
	case r.State == engine.EventUnconfirmed:
		return stop{title, "warn", "unconfirmed", orText(r.Note, "The platform does not know what this event claims.") +
			" Nothing is ever done about it."}
	case r.State == engine.EventFailed:
		return stop{title, "bad", "failed", orText(r.Note, "The entity could not be read back for a whole day.") +
			" It can be replayed."}
	case r.State == engine.EventPending && r.Tries > 0:
		return stop{title, "wait", "trying again", fmt.Sprintf("Read back %d times without success. %s", r.Tries, r.Note)}
	case r.State == engine.EventPending:
		return stop{title, "wait", "waiting", "The entity is about to be read back from the platform."}
	case r.Gone:
		return stop{title, "good", "gone", "The platform confirms that the entity is deleted."}
	case r.Entity != nil:
		return stop{title, "good", "confirmed", "The entity was read back from the platform; rules saw that, not the claim."}
	}
	return stop{title, "calm", "not read", "No rule needed the entity, so it was not read back."}
}

func orText(text, instead string) string {
	if text == "" {
		return instead
	}
	return text
}
