package sources

import (
	"iter"
	"time"
)

// A Credential tells how the credential of one store does.
type Credential struct {
	State CredentialState
	Since time.Time // zero for since the start
	// Note says for people what is wrong and what to do; "" when nothing is. It tells no secret.
	Note string
}

// A CredentialState is a bounded word, for metrics too.
type CredentialState string

// The states of a credential.
const (
	CredentialUnused    CredentialState = "unused"    // not called yet
	CredentialOK        CredentialState = "ok"        // the last call was answered
	CredentialMissing   CredentialState = "missing"   // there is none
	CredentialDead      CredentialState = "dead"      // refused: it is not used again until it is replaced or an operator says so
	CredentialScope     CredentialState = "scope"     // it lacks an access that was needed
	CredentialSuspended CredentialState = "suspended" // the store or its plan is suspended
	CredentialThrottled CredentialState = "throttled" // the platform asked for a pause
	CredentialSilent    CredentialState = "silent"    // the platform does not answer, or not in its form
	CredentialStopped   CredentialState = "stopped"   // the app was uninstalled
)

// A Caller is a source that calls its platform with credentials of stores.
type Caller interface {
	// Credentials gives every store with its state, in no order. It may be 50,000 of them, so it is cheap.
	Credentials() iter.Seq2[string, Credential]
	// Credential gives that of one store.
	Credential(store string) (Credential, bool)
	// Revive has a dead credential tried again.
	Revive(store string)
	// Fingerprint names the credential of a store without telling it: another one has another. "" when there is none.
	Fingerprint(store string) string
	// Bury says that a credential was found dead in an earlier life of the program; why is its Note.
	Bury(store string, since time.Time, why string)
}
