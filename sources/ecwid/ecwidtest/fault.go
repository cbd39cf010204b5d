package ecwidtest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A FaultKind says how the API misbehaves.
type FaultKind int

// The faults that can be switched on.
const (
	None        FaultKind = iota
	Slow                  // answers rightly after Delay
	Hang                  // takes the request and never answers
	NotFound              // 404, as of something deleted
	RateLimited           // 429 with Retry-After of Delay; without the header when Delay is 0
	Unpaid                // 402 STORE_IS_SUSPENDED
	DeadToken             // 403 INVALID_API_TOKEN
	NoScope               // 403 INSUFFICIENT_APP_SCOPE
	Timeout               // 408 TIMEOUT
	ServerError           // 500 INTERNAL_ERROR
	Truncated             // 200, and the JSON breaks off in the middle
	NotJSON               // 200 with a page of HTML
	Redirect              // 301 to another host
)

// A Fault makes calls of the API go wrong.
type Fault struct {
	Kind   FaultKind
	Prefix string        // only of paths below the store that begin with it, such as "orders"; "" means all
	Times  int           // how many calls; 0 means until cleared
	Delay  time.Duration // of Slow and RateLimited
}

type fault struct {
	Fault
	left int // calls; below 0 means for ever
}

// Inject switches a fault on. Of several that fit a call, the first injected counts.
func (s *Store) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := f.Times
	if left <= 0 {
		left = -1
	}
	s.faults = append(s.faults, &fault{Fault: f, left: left})
}

// Clear switches all faults off. Calls that hang already go on hanging.
func (s *Store) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// fault gives the fault for a call, and counts it.
func (s *Store) fault(r *http.Request) Fault {
	path := strings.TrimPrefix(r.URL.Path, "/api/v3/"+s.options.StoreID+"/")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.left != 0 && strings.HasPrefix(path, f.Prefix) {
			f.left--
			return f.Fault
		}
	}
	return Fault{}
}

// delays carries out the faults that need no store; true means that the call is over.
func (f Fault) delays(w http.ResponseWriter, r *http.Request) bool {
	switch f.Kind {
	case Slow:
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return true
		}
	case Hang:
		<-r.Context().Done()
		return true
	case NotJSON:
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body>We are back soon</body></html>"))
		return true
	case Redirect:
		w.Header().Set("Location", "https://elsewhere.example.com/")
		w.WriteHeader(http.StatusMovedPermanently)
		return true
	}
	return false
}

// refusal gives the answer of the faults that have one.
func (f Fault) refusal() *apiError {
	switch f.Kind {
	case NotFound:
		return &apiError{status: 404, code: "ORDER_NOT_FOUND", message: "Order not found"}
	case RateLimited:
		return &apiError{status: 429, code: "RATE_LIMITED", message: "Too many requests", retryAfter: int(f.Delay / time.Second)}
	case Unpaid:
		return &apiError{status: 402, code: "STORE_IS_SUSPENDED", message: "Store is suspended"}
	case DeadToken:
		return &apiError{status: 403, code: "INVALID_API_TOKEN", message: "Invalid API token"}
	case NoScope:
		return &apiError{status: 403, code: "INSUFFICIENT_APP_SCOPE", message: "Insufficient scope"}
	case Timeout:
		return &apiError{status: 408, code: "TIMEOUT", message: "Timeout"}
	case ServerError:
		return &apiError{status: 500, code: "INTERNAL_ERROR", message: "Internal error"}
	}
	return nil
}

// truncate sends half of a body under the length of the whole, and breaks the connection off.
func truncate(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush() // else the half would stay in a buffer; a writer that cannot flush has none
	panic(http.ErrAbortHandler)               // the server's own way to break off; it is not logged
}
