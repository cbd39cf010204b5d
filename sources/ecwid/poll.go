package ecwid

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"time"

	"shopbell/sources"
)

// The bounds of polling.
const (
	pollCalls   = 5     // of the API in one Poll
	pollPage    = 100   // entities
	smallPage   = 10    // entities
	maxPasses   = 4     // over one span of time, until one finds nothing new
	maxPollPage = 20000 // pages of one pass; a list that never ends is taken as read
)

// Every implements [sources.Poller].
func (s *source) Every() time.Duration { return s.poll }

// A polling is one call of Poll.
type polling struct {
	source *source
	shop   *shop
	round  sources.Round
	cursor *pollCursor
	now    time.Time
	calls  int // made so far
	batch  sources.Batch
}

// Poll implements [sources.Poller]. It makes at most 5 calls of the API. A round begins by asking /latest-stats when
// anything was last changed; for a store in which nothing was, that is the only call. A kind that the token may not read is left
// out, unless it is so with all of them.
//
// A kind is read whole at first, as [sources.Found] with Seen. From then on changes come from the API's search by time of change,
// deletions from its lists of those, and for kinds that have neither from comparing fingerprints of everything there.
func (s *source) Poll(ctx context.Context, round sources.Round) (sources.Batch, error) {
	shop, ok := s.shop(round.Store)
	if !ok {
		return sources.Batch{}, sources.Unconfirmed("store %s is not configured for this source", round.Store)
	}
	p := &polling{source: s, shop: shop, round: round, cursor: parseCursor(round.Cursor), now: time.Now()}
	if err := p.run(ctx); err != nil {
		return sources.Batch{}, err
	}
	for _, state := range p.cursor.Kinds {
		state.trim()
	}
	cursor, err := json.Marshal(p.cursor)
	if err != nil {
		return sources.Batch{}, err
	}
	p.batch.Cursor, p.batch.More = cursor, p.cursor.Round != nil
	return p.batch, nil
}

// run goes on with the round until it is at its end or has made its calls. An error after some pages were read ends the
// part early and is not told: the next part meets it again, and what was read is kept.
func (p *polling) run(ctx context.Context) error {
	if p.cursor.Round == nil {
		if err := p.begin(ctx); err != nil {
			return err
		}
	}
	round, read := p.cursor.Round, 0
	var refused error
	for len(round.Due) > 0 {
		if p.calls >= pollCalls {
			return nil
		}
		kind, ok := kindNamed(round.Due[0])
		if !ok || !kind.wanted(p.round.Wants) { // rules changed during the round
			round.Due = round.Due[1:]
			continue
		}
		err := p.read(ctx, kind)
		switch {
		case errors.Is(err, errNotFound): // the store has no such thing
			p.drop(round, kind)
		case sources.IsDenied(err):
			refused = err
			p.drop(round, kind)
		case err != nil && read > 0:
			return nil
		case err != nil:
			return err
		default:
			read++
			round.Read = true
		}
	}
	p.cursor.Round = nil
	if !round.Read {
		return refused
	}
	return nil
}

// drop leaves a kind out of a round. A reading half done begins again in the next.
func (p *polling) drop(round *pollRound, kind *polledKind) {
	round.Due = slices.DeleteFunc(round.Due, func(name string) bool { return name == kind.name })
	if state := p.cursor.Kinds[kind.name]; state != nil {
		state.Step = nil
	}
}

// idleFor is how long what is known of a kind is kept that no rule wants: another node's rules may, and a broken folder may be mended.
const idleFor = 24 * time.Hour

// idle notes that a kind is not wanted.
func (p *polling) idle(name string) {
	switch state := p.cursor.Kinds[name]; {
	case state == nil:
	case state.Idle == 0:
		state.Idle = p.now.Unix()
	case p.now.Sub(time.Unix(state.Idle, 0)) > idleFor:
		delete(p.cursor.Kinds, name)
	}
}

// begin starts a round: it forgets what nobody listens to any more, and finds out what has to be read.
func (p *polling) begin(ctx context.Context) error {
	round := &pollRound{Began: p.now.Unix()}
	var wanted []polledKind
	stamped := false
	for _, kind := range polledKinds() {
		if !kind.wanted(p.round.Wants) {
			p.idle(kind.name)
			continue
		}
		if state := p.cursor.Kinds[kind.name]; state != nil {
			state.Idle = 0
		}
		wanted = append(wanted, kind)
		stamped = stamped || kind.stamp != ""
	}
	p.cursor.Round = round
	if stamped {
		if err := p.probe(ctx, round, wanted); err != nil {
			return err
		}
	}
	for _, kind := range wanted {
		if p.cursor.Kinds[kind.name].due(round.Began, round.Stamps[kind.stamp]) {
			round.Due = append(round.Due, kind.name)
		}
	}
	return nil
}

// probe asks when each kind was last changed. Without the answer every kind is read.
func (p *polling) probe(ctx context.Context, round *pollRound, wanted []polledKind) error {
	var query url.Values
	if slices.ContainsFunc(wanted, func(k polledKind) bool { return k.stamp == "reviewsUpdated" }) {
		query = url.Values{"reviewsUpdatesRequired": {"true"}}
	}
	p.calls++
	answer, err := p.shop.get(ctx, "latest-stats", query, "read_store_profile")
	if sources.IsDenied(err) || errors.Is(err, errNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var stats map[string]json.RawMessage
	if json.Unmarshal(answer, &stats) != nil {
		return errors.New("the answer of the store's API to latest-stats is not an object")
	}
	round.Stamps = make(map[string]string)
	for _, kind := range wanted {
		if stamp := unquoted(stats[kind.stamp]); kind.stamp != "" && stamp != "" && len(stamp) <= maxID {
			round.Stamps[kind.stamp] = stamp
		}
	}
	return nil
}

// read makes one call for a kind, and takes it off the round when it is read whole.
func (p *polling) read(ctx context.Context, kind *polledKind) error {
	state := p.cursor.state(kind.name)
	if state.Step == nil {
		state.Step = p.first(kind, state)
	}
	var done bool
	var err error
	switch {
	case kind.single != "":
		done, err = p.readSingle(ctx, kind, state)
	case kind.dated:
		done, err = p.readDated(ctx, kind, state)
	default:
		done, err = p.readListed(ctx, kind, state)
	}
	if err == nil && done {
		p.cursor.Round.Due = p.cursor.Round.Due[1:]
	}
	return err
}

// first gives the step with which a reading of a kind begins.
func (p *polling) first(kind *polledKind, state *pollState) *pollStep {
	began, stamp := p.cursor.Round.Began, p.stamp(kind)
	if !state.Synced {
		at := began
		if stamp > 0 {
			at = stamp // all that is there was changed up to then, by the platform's own clock
		}
		return &pollStep{Stage: everything, To: at}
	}
	to := began - settle
	if stamp > began+settle {
		to = stamp // our clock is behind the platform's, and does not tell what is over
	}
	return &pollStep{Stage: changes, From: state.Until - overlap, To: to}
}

// stamp gives when the platform says that a kind was last changed; 0 when it does not.
func (p *polling) stamp(kind *polledKind) int64 {
	at, ok := parseDate(p.cursor.Round.Stamps[kind.stamp])
	if !ok {
		return 0
	}
	return at.Unix()
}

// page asks for the page of a list that a step has come to, and moves the step behind it. last says that it was the last.
func (p *polling) page(ctx context.Context, kind *polledKind, path string, query url.Values, step *pollStep) (items []json.RawMessage, last bool, err error) {
	page, err := p.ask(ctx, kind, path, query, step)
	if err != nil && !step.Small && p.calls < pollCalls && unclear(err) {
		// A hundred products with all their variations may be more than an answer can hold.
		step.Small = true
		page, err = p.ask(ctx, kind, path, query, step)
	}
	if err != nil {
		return nil, false, err
	}
	if step.Pages > 0 && page.total < step.Total {
		// Something has left the list, so what follows has moved up: begin as much earlier, or some of it is missed.
		back := min(step.Total-page.total, step.Offset)
		step.Total, step.Offset, step.Pages = page.total, step.Offset-back, step.Pages+1
		return nil, step.Pages > maxPollPage, nil
	}
	step.Total = page.total
	step.Offset += len(page.items)
	step.Pages++
	return page.items, len(page.items) == 0 || step.Offset >= page.total || step.Pages > maxPollPage, nil
}

// ask makes the call for a page.
func (p *polling) ask(ctx context.Context, kind *polledKind, path string, query url.Values, step *pollStep) (listPage, error) {
	limit := pollPage
	if step.Small {
		limit = smallPage
	}
	query.Set("limit", strconv.Itoa(limit))
	query.Set("offset", strconv.Itoa(step.Offset))
	p.calls++
	answer, err := p.shop.get(ctx, path, query, kind.scope)
	if err != nil {
		return listPage{}, err
	}
	return parsePage(answer, step.Offset, limit)
}

// unclear tells whether an error may be due to the size of the answer: it is none of those that say what else is wrong.
func unclear(err error) bool {
	return !errors.Is(err, errNotFound) && !sources.IsDenied(err) && sources.Wait(err) == 0 &&
		!errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled)
}

// again gives a copy of a kind's own query, to add to.
func (k *polledKind) again() url.Values {
	query := make(url.Values, len(k.query)+4)
	for key, values := range k.query {
		query[key] = values
	}
	return query
}

func kindNamed(name string) (*polledKind, bool) {
	for _, kind := range polledKinds() {
		if kind.name == name {
			return &kind, true
		}
	}
	return nil, false
}

var _ sources.Poller = (*source)(nil)
