package signed

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// headers are a request's headers by their names in lower case. Gateways hand names on in any case.
type headers map[string][]string

func headersOf(h http.Header) headers {
	lower := make(headers, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) { // in order, so that two spellings of one name give one answer
		key := strings.ToLower(name)
		lower[key] = append(lower[key], h[name]...)
	}
	return lower
}

// first gives the first value of each header, as expressions see them.
func (h headers) first() map[string]any {
	first := make(map[string]any, len(h))
	for name, values := range h {
		if len(values) > 0 {
			first[name] = values[0]
		}
	}
	return first
}

// the bounds of a header with signatures.
const (
	maxHeaderValues = 8
	maxEntries      = 64
)

// A signatureHeader is what the header with the signatures says.
type signatureHeader struct {
	signatures []string          // as written, with their prefix
	entries    map[string]string // the other entries by their key
	torn       map[string]bool   // keys that were given twice with different values
}

// read takes the header apart as the list describes. What does not fit the description is passed over.
func (v *verifier) read(values []string) signatureHeader {
	h := signatureHeader{entries: map[string]string{}, torn: map[string]bool{}}
	for _, value := range values[:min(len(values), maxHeaderValues)] {
		entries := []string{value}
		if v.list.Between != "" {
			entries = strings.SplitN(value, v.list.Between, maxEntries+1)
		}
		for _, entry := range entries[:min(len(entries), maxEntries)] {
			h.add(strings.TrimSpace(entry), v.list)
		}
	}
	return h
}

func (h *signatureHeader) add(entry string, list List) {
	if list.Assign == "" {
		if entry != "" {
			h.signatures = append(h.signatures, entry)
		}
		return
	}
	key, value, ok := strings.Cut(entry, list.Assign)
	if !ok {
		return
	}
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if slices.Contains(list.Keys, key) {
		h.signatures = append(h.signatures, value)
		return
	}
	if earlier, twice := h.entries[key]; twice && earlier != value {
		h.torn[key] = true
	}
	h.entries[key] = value
}
