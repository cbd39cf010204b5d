package actions

import "shopbell/secret"

// A Secret is a field of an account that must never be shown.
type Secret = secret.Text

// A Mask puts secrets out of sight in what a provider repeats.
type Mask = secret.Mask

// NewMask makes a [Mask].
func NewMask(secrets ...Secret) Mask { return secret.NewMask(secrets...) }
