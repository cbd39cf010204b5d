package cloudcarttest

import (
	"net/http"
	"strings"
)

// A Fault makes calls of the API go wrong.
type Fault struct {
	Prefix   string            // only of paths below /api/v2/ that begin with it, such as "orders"; "" means all
	Times    int               // how many calls; 0 means until cleared
	Status   int               // of the answer; 0 means the true one
	Retry    int               // seconds for Retry-After; 0 for no header
	Header   map[string]string // added to the answer, such as X-RateLimit-Limit
	Body     string            // a page of HTML instead of the answer's body
	Hang     bool              // takes the call and never answers
	Truncate bool              // breaks off in the middle of the body
}

// Inject switches a fault on. Of several that fit a call, the first injected counts.
func (s *Store) Inject(f Fault) {
	if f.Times <= 0 {
		f.Times = -1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Clear switches all faults off.
func (s *Store) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// fault gives the fault for a call, and counts it.
func (s *Store) fault(r *http.Request) Fault {
	path := strings.TrimPrefix(r.URL.Path, "/api/v2/")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Times != 0 && strings.HasPrefix(path, f.Prefix) {
			f.Times--
			return *f
		}
	}
	return Fault{}
}

// answer gives the answer of a fault that has a status; else none.
func (f Fault) answer() answer {
	if f.Status == 0 {
		return answer{}
	}
	a := problem(f.Status, http.StatusText(f.Status), "", "")
	a.retry = f.Retry
	return a
}
