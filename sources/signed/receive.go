package signed

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"shopbell/event"
	"shopbell/sources"
)

// The bounds of what a request may say, in bytes, and of how many events it may hold.
const (
	maxEventID = 200
	maxType    = 100
	maxSubject = 200
	maxStore   = 100
	maxEvents  = 1_000
)

// Receive implements [sources.Source]. What has no fitting, fresh signature is answered by 401; what is signed and cannot
// be read, by 400. A genuine event of an unlisted type or of an unknown store is given like any other.
func (s *source) Receive(r sources.Request) ([]event.Event, error) {
	events, refusal := s.receive(&r)
	if refusal != nil {
		return nil, refusal
	}
	return events, nil
}

func (s *source) receive(r *sources.Request) ([]event.Event, *sources.Refusal) {
	h := headersOf(r.Header)
	if g := s.greeting; g != nil && g.unsigned && len(s.verifier.keys) > 0 && g.is(s.verifier, h, r.Body, nil) {
		return nil, g.refusal()
	}
	var body any
	var err error
	if s.verifier.readsBody() && len(s.verifier.keys) > 0 {
		if body, err = parse(r.Body); err != nil {
			return nil, unparseable(err)
		}
	}
	if refusal := s.verifier.verify(r, h); refusal != nil {
		return nil, refusal
	}
	if body == nil {
		if body, err = parse(r.Body); err != nil {
			return nil, unparseable(err)
		}
	}
	if g := s.greeting; g != nil && !g.unsigned && g.is(s.verifier, h, r.Body, body) {
		return nil, g.refusal()
	}
	env := map[string]any{"headers": h.first(), "query": firstOf(r.Query), "path": r.Path, "body": body}
	papers, refusal := s.finder.papers(env, r.Body)
	if refusal != nil {
		return nil, refusal
	}
	events := make([]event.Event, len(papers))
	for i, p := range papers {
		if events[i], refusal = s.event(env, p); refusal != nil {
			return nil, refusal
		}
		events[i].Received = r.Received
	}
	return events, nil
}

func unparseable(err error) *sources.Refusal {
	return sources.Refuse(http.StatusBadRequest, "parse", "%s", err)
}

func firstOf(q url.Values) map[string]any {
	first := make(map[string]any, len(q))
	for name, values := range q {
		if len(values) > 0 {
			first[name] = values[0]
		}
	}
	return first
}

// A paper is what one event is made of: the body, or one item of it.
type paper struct {
	raw   json.RawMessage
	value any
	index int // among the items
}

// papers gives the body, or its items where a request holds several events.
func (f *finder) papers(env map[string]any, body json.RawMessage) ([]paper, *sources.Refusal) {
	if f.each == nil {
		return []paper{{raw: body, value: env["body"]}}, nil
	}
	value, err := f.each.run(env)
	if err != nil {
		return nil, unparseable(err)
	}
	items, ok := value.([]any)
	switch {
	case !ok:
		return nil, sources.Refuse(http.StatusBadRequest, "parse", "each: there is no list of events at %s", clip(f.each.code, 80))
	case len(items) == 0:
		return nil, sources.Refuse(http.StatusOK, "parse", "the list of events is empty, so there is nothing to do")
	case len(items) > maxEvents:
		return nil, sources.Refuse(http.StatusBadRequest, "parse", "the request holds %d events, and %d is the most", len(items), maxEvents)
	}
	papers := make([]paper, len(items))
	for i, item := range items {
		raw, ok := written(item)
		if !ok {
			return nil, sources.Refuse(http.StatusBadRequest, "parse", "event %d of the request cannot be written down again", i+1)
		}
		papers[i] = paper{raw: raw, value: item, index: i}
	}
	return papers, nil
}

// event makes one event. Its Received is left to the caller.
func (s *source) event(env map[string]any, p paper) (event.Event, *sources.Refusal) {
	sum := sha256.Sum256(p.raw)
	env["hash"], env[s.finder.root] = hex.EncodeToString(sum[:16]), p.value
	e := event.Event{Source: s.name, Body: p.raw}
	var refusal *sources.Refusal
	if e.Type, refusal = s.typeOf(env); refusal != nil {
		return e, refusal
	}
	known := s.types[e.Type]
	if known != nil {
		e.Type = known.Name
	}
	if e.Store, refusal = s.storeOf(env); refusal != nil {
		return e, refusal
	}
	e.ID = s.idOf(env, e.Type, p)
	e.Subject = s.subjectOf(env, e.Type, known)
	if s.finder.time != nil {
		if v, err := s.finder.time.run(env); err == nil {
			e.Created = moment(v)
		}
	}
	if e.Data = s.finder.object(s.finder.data, env, p.raw); e.Data == nil {
		if _, ok := p.value.(map[string]any); ok {
			e.Data = p.raw
		}
	}
	return e, nil
}

func (s *source) typeOf(env map[string]any) (string, *sources.Refusal) {
	v, err := s.finder.typ.run(env)
	if err != nil {
		return "", sources.Refuse(http.StatusBadRequest, "type", "the event type cannot be told: %s", err)
	}
	name, ok := identifier(v)
	if !ok || len(name) > maxType || strings.ContainsFunc(name, unprintable) {
		return "", sources.Refuse(http.StatusBadRequest, "type", "the event type cannot be told: %s gives no text of at most %d bytes", clip(s.finder.typ.code, 80), maxType)
	}
	return name, nil
}

func (s *source) storeOf(env map[string]any) (string, *sources.Refusal) {
	if s.finder.constant != "" {
		return s.finder.constant, nil
	}
	if s.finder.store == nil {
		return s.only, nil
	}
	v, err := s.finder.store.run(env)
	if !s.finder.mustStore && (err != nil || v == nil) {
		return s.only, nil
	}
	id, ok := identifier(v)
	if err != nil || !ok {
		return "", sources.Refuse(http.StatusBadRequest, "store", "the store cannot be told: %s gives nothing that can be its id", clip(s.finder.store.code, 80))
	}
	if why := wrongStore(id); why != "" {
		return "", sources.Refuse(http.StatusBadRequest, "store", "the store %.40q %s", id, why)
	}
	return id, nil
}

// idOf gives the sender's id. Without one, the same content is the same event. Items of one request share what is not
// found in them, so their place is added.
func (s *source) idOf(env map[string]any, eventType string, p paper) string {
	if x := s.finder.id; x != nil {
		v, err := x.run(env)
		id, ok := identifier(v)
		if err == nil && ok {
			if s.finder.each != nil && !x.uses["item"] && !x.uses["hash"] {
				id += "#" + strconv.Itoa(p.index)
			}
			if len(id) <= maxEventID && !strings.ContainsFunc(id, unprintable) {
				return id
			}
			return contentID([]byte(id))
		}
	}
	return contentID([]byte(eventType), p.raw)
}

func contentID(parts ...[]byte) string {
	h := sha256.New()
	for _, part := range parts {
		h.Write(part)
		h.Write([]byte{0})
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)[:16])
}

// subjectOf says what an event is about, such as "order/12"; "" when nothing tells. What an expression gives with a slash
// in it is taken as it is.
func (s *source) subjectOf(env map[string]any, eventType string, known *typeInfo) string {
	group := eventType
	if i := strings.IndexAny(eventType, "./"); i > 0 {
		group = eventType[:i]
	}
	x := s.finder.subject
	var entity *expression
	if known != nil && known.Noun != "" {
		group, entity = known.Noun, known.entity
		if !s.finder.ownSubject {
			x = nil
		}
	}
	if known != nil && known.subject != nil {
		x = known.subject
	}
	subject := ""
	if x != nil {
		if v, err := x.run(env); err == nil {
			subject, _ = identifier(v)
		}
		if subject != "" && !strings.Contains(subject, "/") {
			subject = group + "/" + subject
		}
	} else if entity != nil {
		v, _ := entity.run(env)
		o, _ := v.(map[string]any)
		if id, ok := identifier(o["id"]); ok {
			subject = group + "/" + id
		}
	}
	if len(subject) > maxSubject || strings.ContainsFunc(subject, unprintable) {
		return ""
	}
	return subject
}
