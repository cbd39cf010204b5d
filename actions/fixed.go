package actions

// A Fixed is a [Sender] that writes to one place, which was chosen when its account was made, whatever a step says.
type Fixed interface {
	// Fixed says in words why its messages cannot go anywhere else; "" when they can.
	Fixed() string
}

// FixedTo says why messages through an account's outlet cannot go anywhere else, so that they cannot be redirected; "" when
// they can.
func FixedTo(o Outlet) string {
	if closed, ok := o.(Closed); ok {
		if f, ok := closed.Inside().(Fixed); ok {
			return f.Fixed()
		}
	}
	return ""
}
