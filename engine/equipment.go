package engine

import "shopbell/rules"

// equipment is what an engine sends through, as it is now. It is read-only: plugins that change bring another one.
type equipment struct {
	accounts   map[string]Account
	world      rules.World
	pacers     pacers // before a step is begun
	departures pacers // and before it is sent
}

func newEquipment(accounts map[string]Account, w rules.World, before *equipment) *equipment {
	q := &equipment{accounts: accounts, world: w, pacers: newPacers(accounts), departures: newPacers(accounts)}
	if before == nil {
		return q
	}
	for name, a := range accounts { // what has been sent a moment ago counts on
		if b, was := before.accounts[name]; was && b.Limit.Rate == a.Limit.Rate && a.Limit.Rate > 0 {
			q.pacers[name], q.departures[name] = before.pacers[name], before.departures[name]
		}
	}
	return q
}

// Equip swaps what steps go through and what rules are checked against, in place of Options.Accounts and Options.World. Steps under
// way end as they began. A shared ledger hands out runs of outlets that were not there at the start a little later than others.
func (e *Engine) Equip(accounts map[string]Account, w rules.World) {
	e.outfitting.Store(newEquipment(accounts, w, e.outfitting.Load()))
	e.hire()
	e.runs.fillAll()
	e.Hasten() // what was broken may be mended by it
	e.changes.tell()
}

// Hasten has every account tried that nothing is sent through.
func (e *Engine) Hasten() { e.breakers.hastenAll() }

// account gives what an outlet is; the zero value when it is not configured any more.
func (e *Engine) account(outlet string) Account { return e.outfitting.Load().accounts[outlet] }

// pacer spaces an outlet's turns, and departure its calls; nil for no rate.
func (e *Engine) pacer(outlet string) *pacer { return e.outfitting.Load().pacers[outlet] }

func (e *Engine) departure(outlet string) *pacer { return e.outfitting.Load().departures[outlet] }
