package actions

import "context"

// A Tester is a [Sender] that can ask its provider whether the account would work, without anything that anybody notices. The
// answer is for people, such as "signs in as shop". Its errors are of the classes of this package.
type Tester interface {
	Test(context.Context) (said string, err error)
}

// Closed is an [Outlet] that tells what is inside of it: its [Sender], or what stands for one.
type Closed interface{ Inside() any }

// TesterOf gives the tester of an account's outlet, and whether it has one.
func TesterOf(o Outlet) (Tester, bool) {
	t, ok := senderAs[Tester](o)
	if closed, is := o.(interface{ hides() Mask }); ok && is {
		t = hushedTester{t, closed.hides()}
	}
	return t, ok
}

// ReporterOf gives the reporter of an account's outlet, and whether it has one.
func ReporterOf(o Outlet) (Reporter, bool) {
	r, ok := senderAs[Reporter](o)
	if closed, is := o.(interface{ hides() Mask }); ok && is {
		r = hushedReporter{r, closed.hides()}
	}
	return r, ok
}

// senderAs gives the sender that an outlet closes over, as something more.
func senderAs[T any](o Outlet) (as T, ok bool) {
	if closed, is := o.(Closed); is {
		as, ok = closed.Inside().(T)
	}
	return as, ok
}
