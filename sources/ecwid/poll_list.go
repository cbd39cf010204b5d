package ecwid

import (
	"encoding/json"
	"errors"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"shopbell/event"
)

// A listPage is one page of a list of the API.
type listPage struct {
	items []json.RawMessage // JSON objects
	total int               // of the whole list, as far as the answer tells
}

// parsePage reads a page that begins at offset and was asked for with limit. Some lists come as a bare array, which is all of it.
func parsePage(answer json.RawMessage, offset, limit int) (listPage, error) {
	var page listPage
	list, told := answer, -1
	if len(answer) > 0 && answer[0] == '{' {
		var whole struct {
			Total json.RawMessage
			Items json.RawMessage
		}
		if json.Unmarshal(answer, &whole) != nil {
			return page, errors.New("the answer of the store's API is not a list")
		}
		list = whole.Items
		if n, err := strconv.Atoi(unquoted(whole.Total)); err == nil && n >= 0 {
			told = n
		}
	}
	var all []json.RawMessage
	if len(list) == 0 || list[0] != '[' || json.Unmarshal(list, &all) != nil {
		return page, errors.New("the answer of the store's API has no list of items")
	}
	for _, item := range all {
		if len(item) > 0 && item[0] == '{' {
			page.items = append(page.items, item)
		}
	}
	page.total = offset + len(all)
	switch {
	case told >= 0:
		page.total = told
	case answer[0] == '{' && len(all) >= limit:
		page.total++ // a full page without a total: there may be another
	}
	return page, nil
}

// facts are what polling has to know of an entity. Each is a number or text, and may be missing.
type facts struct {
	ID, InternalID, CartID            json.RawMessage
	CreateTimestamp, UpdateTimestamp  json.RawMessage
	CreateDate, CreationDate, Created json.RawMessage
	Registered, UpdateDate, Updated   json.RawMessage
	PaymentStatus, FulfillmentStatus  json.RawMessage
	Email, ProductID, OrderID, Status json.RawMessage
	RecoveredPublicUID, Date          json.RawMessage
	Invoices                          json.RawMessage
}

func factsOf(entity json.RawMessage) (f facts) {
	_ = json.Unmarshal(entity, &f) // raw members take any value, and what is not an object has no facts
	return f
}

// changed gives when the entity was last changed; zero when it does not tell.
func (f *facts) changed() time.Time { return firstTime(f.UpdateTimestamp, f.UpdateDate, f.Updated) }

// made gives when the entity was made; zero when it does not tell.
func (f *facts) made() time.Time {
	return firstTime(f.CreateTimestamp, f.CreateDate, f.CreationDate, f.Created, f.Registered)
}

// firstTime reads the first of some values that is a time: a UNIX time in seconds or milliseconds, or a date.
func firstTime(values ...json.RawMessage) time.Time {
	for _, raw := range values {
		if absent(raw) {
			continue
		}
		text := strings.TrimSpace(unquoted(raw))
		if t, ok := parseDate(text); ok && t.Unix() > 0 {
			return t.UTC()
		}
		if t, err := moment(text); err == nil && t.Unix() > 0 {
			return t
		}
	}
	return time.Time{}
}

// unix gives seconds, and 0 for no time.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// Version implements [sources.Poller]: by updateTimestamp, else updateDate or updated.
func (s *source) Version(_ string, entity json.RawMessage) time.Time {
	f := factsOf(entity)
	return f.changed()
}

// fingerprint tells two states of an entity apart. What Ecwid counts by itself, minutes later, is no change of the entity.
func fingerprint(entity json.RawMessage) string {
	h := fnv.New64a()
	text := []byte(entity)
	if v, err := event.Decode(entity); err == nil {
		if o, ok := v.(map[string]any); ok {
			delete(o, "productCount")
			delete(o, "enabledProductCount")
		}
		if sorted, err := json.Marshal(v); err == nil {
			text = sorted
		}
	}
	_, _ = h.Write(text) // a hash never fails
	return strconv.FormatUint(h.Sum64(), 36)
}
