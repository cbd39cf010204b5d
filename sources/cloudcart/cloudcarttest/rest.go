package cloudcarttest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An answer is what the API says: a status and the JSON of its body, nil for none.
type answer struct {
	status int
	body   any
	retry  int // seconds for Retry-After; 0 for no header
}

func problem(status int, title, detail, pointer string) answer {
	e := map[string]any{"status": strconv.Itoa(status), "title": title}
	if detail != "" {
		e["detail"] = detail
	}
	if pointer != "" {
		e["source"] = map[string]any{"pointer": pointer}
	}
	return answer{status: status, body: map[string]any{"errors": []any{e}}}
}

// ServeHTTP answers the JSON:API.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := s.fault(r)
	if fault.Hang {
		<-r.Context().Done()
		return
	}
	s.mu.Lock()
	a, limit := s.edge(r)
	if a.status == 0 {
		a = fault.answer()
	}
	if a.status == 0 {
		a = s.answer(r)
	}
	text, _ := json.Marshal(a.body) // the store holds nothing that JSON cannot
	s.mu.Unlock()
	header := w.Header()
	header.Set("Content-Type", "application/vnd.api+json")
	header.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	for name, value := range fault.Header {
		header.Set(name, value)
	}
	if a.retry > 0 {
		header.Set("Retry-After", strconv.Itoa(a.retry))
	}
	if fault.Body != "" {
		text = []byte(fault.Body)
		header.Set("Content-Type", "text/html")
	}
	if fault.Truncate {
		header.Set("Content-Length", strconv.Itoa(len(text)))
		text = text[:len(text)/2]
	}
	w.WriteHeader(a.status)
	if a.body != nil || fault.Body != "" {
		_, _ = w.Write(text) // a client that has gone away is no concern of ours
	}
	if fault.Truncate {
		_ = http.NewResponseController(w).Flush() // else the half would stay in a buffer
		panic(http.ErrAbortHandler)               // the server's own way to break off; it is not logged
	}
}

// edge is what stands before the API: the rate of the domain, the key, the host.
func (s *Store) edge(r *http.Request) (answer, int) {
	query, err := url.QueryUnescape(r.URL.RawQuery)
	if err != nil {
		query = r.URL.RawQuery
	}
	s.asked = append(s.asked, strings.TrimSuffix(r.Method+" "+strings.TrimPrefix(r.URL.Path, "/api/v2/")+"?"+query, "?"))
	limit := max(s.options.Rate, 0)
	host, _, _ := strings.Cut(r.Host, ":")
	if s.options.Host != "" && host != s.options.Host {
		limit = 0
	}
	now := time.Now()
	s.calls = slices.DeleteFunc(append(s.calls, now), func(at time.Time) bool { return now.Sub(at) >= time.Minute })
	switch key := r.Header.Get("X-CloudCart-ApiKey"); {
	case len(s.calls) > limit-1: // the count includes the present call
		return answer{429, map[string]any{"error": "Too Many Requests", "message": "API rate limit exceeded.", "retry_after": 60}, 60}, limit
	case key != s.options.Key:
		return problem(401, "Unauthenticated", "", ""), limit
	}
	return answer{}, limit
}

// answer gives what the API has to say. s is locked.
func (s *Store) answer(r *http.Request) answer {
	path, ok := strings.CutPrefix(r.URL.Path, "/api/v2/")
	if !ok {
		return problem(404, "Not Found", "", "")
	}
	if accept := r.Header.Get("Accept"); accept != "application/vnd.api+json" {
		return problem(406, "Not Acceptable", "", "")
	}
	collection, id, single := strings.Cut(strings.TrimSuffix(path, "/"), "/")
	if collection == "webhooks" {
		return s.webhooks(r, id)
	}
	shelf := s.shelves[collection]
	switch {
	case shelf == nil:
		return problem(404, "Not Found", "", "")
	case r.Method != http.MethodGet:
		return problem(405, "Method Not Allowed", "", "")
	}
	include := splitList(r.URL.Query().Get("include"))
	for _, path := range include {
		if !slices.Contains(includable(collection), path) {
			return problem(400, "Bad Request", "Include path "+path+" is not allowed.", "")
		}
	}
	if single {
		found := s.get(collection, id)
		if found == nil {
			return problem(404, "Not Found", "", "")
		}
		return answer{status: 200, body: document([]*Resource{found}, include, true)}
	}
	return list(collection, shelf.items, r.URL.Query(), include)
}

func includable(collection string) []string {
	return map[string][]string{
		"orders":      {"products", "payment", "discounts", "modifications", "totals", "taxes", "shipping.provider", "shipping-address", "billing-address"},
		"products":    {"variants", "variant", "images", "image", "category", "categories", "vendor"},
		"customers":   {"group", "orders", "shipping-address", "shipping-addresses", "billing-address", "billing-addresses"},
		"categories":  {"parent", "properties"},
		"subscribers": {"channels", "tags"},
	}[collection]
}

func sortable(collection string) []string {
	return map[string][]string{
		"orders":      {"id", "date_added", "updated_at", "date_archived"},
		"products":    {"id", "name", "date_added", "date_modified", "sort_order", "views"},
		"customers":   {"id", "first_name", "last_name", "email", "date_added", "updated_at", "date_banned"},
		"categories":  {"id", "name", "created_at", "updated_at", "order"},
		"vendors":     {"id", "name", "created_at", "updated_at"},
		"discounts":   {"id", "date_start", "date_end", "created_at", "updated_at"},
		"subscribers": {"id", "first_name", "last_name", "country"},
		"webhooks":    {"id", "url", "event"},
	}[collection]
}

// list answers a collection: sorted, filtered by start_date or an attribute, one page.
func list(collection string, items []*Resource, query url.Values, include []string) answer {
	found := slices.Clone(items)
	for name, values := range query {
		key, ok := strings.CutPrefix(name, "filter[")
		if !ok {
			continue
		}
		key = strings.TrimSuffix(key, "]")
		created, _ := stampNames(collection)
		found = slices.DeleteFunc(found, func(r *Resource) bool {
			if key == "start_date" {
				return fmt.Sprint(r.Attributes[created]) < values[0]
			}
			return fmt.Sprint(r.Attributes[key]) != values[0]
		})
	}
	if by := query.Get("sort"); by != "" {
		key, down := strings.CutPrefix(by, "-")
		if !slices.Contains(sortable(collection), key) {
			return problem(422, "Unprocessable Entity", "Sorting by "+key+" is not allowed.", "")
		}
		slices.SortStableFunc(found, func(a, b *Resource) int {
			order := cmp.Compare(fmt.Sprint(a.Attributes[key]), fmt.Sprint(b.Attributes[key]))
			if key == "id" {
				order = cmp.Compare(number(a.ID), number(b.ID))
			}
			if down {
				return -order
			}
			return order
		})
	}
	size, page := pageOf(query, "page[size]", 20), pageOf(query, "page[number]", 1)
	if size > 100 {
		return problem(422, "Unprocessable Entity", "The page size must not be greater than 100.", "")
	}
	total := len(found)
	from := min((page-1)*size, total)
	body := document(found[from:min(from+size, total)], include, false)
	body["meta"] = map[string]any{"page": map[string]any{"current-page": page, "per-page": size, "from": from + 1, "to": min(from+size, total), "total": total,
		"last-page": max(1, (total+size-1)/size)}}
	return answer{status: 200, body: body}
}

func pageOf(query url.Values, name string, without int) int {
	if n, err := strconv.Atoi(query.Get(name)); err == nil && n > 0 {
		return n
	}
	return without
}

func splitList(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
