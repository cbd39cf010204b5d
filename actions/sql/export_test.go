package sql

import "shopbell/actions"

// Close ends the connections of an account.
func Close(t actions.Tester) { _ = t.(*sender).base.db.Close() }

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
