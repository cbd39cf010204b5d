package newsletter

import (
	"slices"

	"shopbell/actions"
)

// repeats tells whether a step may be carried out again when nobody knows how far an earlier try has come. Most may: a person is known by
// the address, and a later try looks first how they stand.
func repeats(a Account, c actions.Call[Params]) bool {
	p := &c.Params
	if p.subscribes() && p.Consent != nil && !*p.Consent {
		return true // nobody is called
	}
	all := services()
	i := slices.IndexFunc(all, func(s service) bool { return s.name == a.Provider })
	return i >= 0 && (all[i].once == nil || !all[i].once(p))
}

// asks tells whether a step may have a mail sent that asks to confirm, at a provider that does not show whether it was.
func asks(p *Params) bool { return p.subscribes() && p.confirms() }
