package ecwid

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// cursorForm is the form of the cursor that is written. One of another form, or that cannot be read, counts as none: the
// store is then read anew, which fires nothing.
const cursorForm = 1

// The bounds of what a cursor remembers. What is forgotten is found again under the same id, and the ledger knows that.
const (
	maxSeen     = 4000 // entities of one list
	maxInvoiced = 1000 // orders with invoices
)

// A pollCursor is how far a store was read. Times are UNIX seconds by the platform's clock, unless said.
type pollCursor struct {
	Form  int                   `json:"form"`
	Kinds map[string]*pollState `json:"kinds"`
	Round *pollRound            `json:"round,omitempty"` // nil when none is under way
}

// A pollRound is one that needs more calls than one Poll may make.
type pollRound struct {
	Began  int64             `json:"began"` // by our clock
	Due    []string          `json:"due"`   // kinds that are not read yet
	Stamps map[string]string `json:"stamps,omitempty"`
	Read   bool              `json:"read,omitempty"` // at least one kind was read
}

// A pollState is how far one kind was read.
type pollState struct {
	Synced bool   `json:"synced,omitempty"` // everything was seen once; only then are there changes
	Since  int64  `json:"since,omitempty"`  // what was made before is not new
	Until  int64  `json:"until,omitempty"`  // changes up to then were read
	Read   int64  `json:"read,omitempty"`   // when it was read last, by our clock
	Stamp  string `json:"stamp,omitempty"`  // of /latest-stats at that time
	Turn   int64  `json:"turn,omitempty"`   // of a kind without times: counts the readings that found something

	Idle int64 `json:"idle,omitempty"` // since when no rule of whoever asks wants it; 0 while one does

	Seen     map[string]int64    `json:"seen,omitempty"`     // version by id, of what changed lately
	Gone     map[string]int64    `json:"gone,omitempty"`     // when it was deleted by id, of what was deleted lately
	Known    map[string]string   `json:"known,omitempty"`    // fingerprint by id, of kinds without times
	Invoiced map[string]invoices `json:"invoiced,omitempty"` // by order number
	Step     *pollStep           `json:"step,omitempty"`     // where a reading goes on; nil when none is under way
}

// invoices are those that an order was seen with.
type invoices struct {
	At  int64    `json:"at"` // version of the order
	IDs []string `json:"ids"`
}

// A pollStep is a list half read.
type pollStep struct {
	Stage  stage             `json:"stage"`
	From   int64             `json:"from,omitempty"` // of changes
	To     int64             `json:"to,omitempty"`   // of changes; at stage everything, the beginning of the reading
	Offset int               `json:"offset,omitempty"`
	Total  int               `json:"total,omitempty"` // that the last page told
	Pages  int               `json:"pages,omitempty"` // of this pass
	Small  bool              `json:"small,omitempty"` // whole pages are too much for one answer
	Passes int               `json:"passes,omitempty"`
	News   bool              `json:"news,omitempty"`   // this pass found what no pass before it has
	Listed map[string]string `json:"listed,omitempty"` // fingerprint by id, of kinds without times
}

// A stage is what of a kind is being read.
type stage string

// The stages of a reading.
const (
	everything stage = "everything" // at first: what is there becomes the snapshots
	changes    stage = "changes"
	deletions  stage = "deletions"
)

// parseCursor reads a cursor. It never fails: see cursorForm.
func parseCursor(raw json.RawMessage) *pollCursor {
	var c pollCursor
	if len(raw) == 0 || json.Unmarshal(raw, &c) != nil || c.Form != cursorForm || !c.sane() {
		c = pollCursor{}
	}
	c.Form = cursorForm
	if c.Kinds == nil {
		c.Kinds = make(map[string]*pollState)
	}
	return &c
}

// sane tells whether every part of a cursor is one that we could have written.
func (c *pollCursor) sane() bool {
	for _, p := range c.Kinds {
		if p == nil || p.Since < 0 || p.Until < 0 {
			return false
		}
		if s := p.Step; s != nil && (s.Offset < 0 || s.Pages < 0 || !slices.Contains([]stage{everything, changes, deletions}, s.Stage)) {
			return false
		}
	}
	return true
}

// state gives the progress of a kind, made if there is none.
func (c *pollCursor) state(kind string) *pollState {
	p := c.Kinds[kind]
	if p == nil {
		p = &pollState{}
		c.Kinds[kind] = p
	}
	for _, m := range []*map[string]int64{&p.Seen, &p.Gone} {
		if *m == nil {
			*m = make(map[string]int64)
		}
	}
	if p.Invoiced == nil {
		p.Invoiced = make(map[string]invoices)
	}
	return p
}

// The pace of reading, in seconds.
const (
	settle   = 5    // what changed less than this ago may change again in the same second
	overlap  = 120  // how long Ecwid's search may take to learn of a change
	rereadIn = 3600 // a kind is read after this long although its stamp has not moved, for nobody promises that it always does
)

// due tells whether a kind has to be read in a round that began at now: not if its stamp has stood still since a reading for which
// search had had the time to learn of everything.
func (p *pollState) due(now int64, stamp string) bool {
	if p == nil || !p.Synced || p.Step != nil {
		return true
	}
	moved, ok := parseDate(stamp)
	return !ok || stamp != p.Stamp || p.Read-moved.Unix() < overlap || now-p.Read >= rereadIn
}

// finish notes that a kind was read up to a time.
func (p *pollState) finish(round *pollRound, kind *polledKind, until int64) {
	p.Step, p.Synced, p.Read = nil, true, round.Began
	p.Stamp = round.Stamps[kind.stamp]
	p.Until = max(p.Until, until)
	forget := func(_ string, at int64) bool { return at < p.Until-overlap }
	maps.DeleteFunc(p.Seen, forget)
	maps.DeleteFunc(p.Gone, forget)
}

// trim keeps the newest of what a cursor remembers.
func (p *pollState) trim() {
	newest(p.Seen, maxSeen, func(at int64) int64 { return at })
	newest(p.Gone, maxSeen, func(at int64) int64 { return at })
	newest(p.Invoiced, maxInvoiced, func(i invoices) int64 { return i.At })
}

func newest[V any](m map[string]V, limit int, at func(V) int64) {
	if len(m) <= limit {
		return
	}
	keys := slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(cmp.Compare(at(m[b]), at(m[a])), cmp.Compare(a, b)) })
	for _, key := range keys[limit:] {
		delete(m, key)
	}
}

// pollLayout is how the API writes a time.
const pollLayout = "2006-01-02 15:04:05 -0700"

// parseDate reads a time as the API writes it. One of 1970 stands for never.
func parseDate(text string) (time.Time, bool) {
	t, err := time.Parse(pollLayout, text)
	return t, err == nil && t.Unix() >= 0
}
