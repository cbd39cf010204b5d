package actions

import "errors"

// ErrForged says that a [Notice] does not come from the provider.
var ErrForged = errors.New("the call is not signed as the provider signs it")

// ErrUnreadable says that a [Notice] is not one that can be understood.
var ErrUnreadable = errors.New("the call cannot be read")

// A Reporter is a [Sender] whose provider tells later, by calling [Call.Callback], what became of a message.
type Reporter interface {
	// Report verifies and reads one call. It does no I/O. An error is [ErrForged], or says in a sentence what cannot be read.
	Report(Notice) (Report, error)
}

// A Notice is one call of a provider, as it came.
type Notice struct {
	URL    string              // as the provider was given it: the call's Callback
	Header map[string][]string // keys in canonical form
	Body   []byte              // at most 64 KB
}

// A Report says what became of a message.
type Report struct {
	State string // of the provider's words, in ours: "sent", "delivered", "undelivered" or "failed"
	Final bool   // nothing more will come
	Note  string // the provider's reason, for people; may be ""
	// Stop says that the recipient is not to be written to any more, and why, such as "replied STOP"; "" for no.
	Stop string
}
