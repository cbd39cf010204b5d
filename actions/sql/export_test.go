package sql

import "shopbell/actions"

// Close ends the connections of an account.
func Close(o actions.Outlet) { _ = o.(actions.Closed).Inside().(*sender).base.db.Close() }

// Encryption is how connections to a host are encrypted, if the account does not say.
func Encryption(host string) string { return encryption("", host) }

// Judge says what a code of a driver means.
func Judge(driver, code string) string {
	for _, d := range dialects() {
		if d.driver == driver {
			v := d.lookup(code)
			if v.outcome == permanent {
				return string(v.blame)
			}
			return string(v.outcome)
		}
	}
	return ""
}
