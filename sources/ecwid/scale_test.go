package ecwid

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/secret"
	"shopbell/sources"
)

const manyStores = 50_000

func manyConfig() json.RawMessage {
	var b strings.Builder
	b.WriteString(`{"client_secret":"s","api":"http://127.0.0.1:9","stores":{`)
	for i := range manyStores {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"%d":{"token":"secret_%032d"}`, 100_000+i, i)
	}
	b.WriteString("}}")
	return json.RawMessage(b.String())
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestFiftyThousandStores holds that so many stores are open at once, need little memory, and are each asked with their own token.
func TestFiftyThousandStores(t *testing.T) {
	config := manyConfig()
	start := time.Now()
	if err := json.Unmarshal(config, new(Config)); err != nil {
		t.Fatal(err)
	}
	reading := time.Since(start)
	before := heap()
	start = time.Now()
	s, err := open("ecwid", config)
	took := time.Since(start)
	if err != nil {
		t.Fatal(err)
	}
	if mb := float64(heap()-before) / (1 << 20); mb > 60 {
		t.Errorf("%d stores take %.0f MB", manyStores, mb)
	} else {
		t.Logf("%d stores take %.1f MB and %v", manyStores, mb, took)
	}
	// Seconds would say more of the machine than of the program.
	if took > 8*reading+time.Second {
		t.Errorf("opening took %v, and reading the JSON alone %v", took, reading)
	}
	for i := range manyStores {
		s.Connect(sources.Installation{Store: fmt.Sprint(200_000 + i), Token: secret.Text(fmt.Sprintf("secret_i%031d", i))})
	}
	if n := len(s.Stores()); n != 2*manyStores {
		t.Errorf("%d stores", n)
	}
	s.api.client.Transport = &wire{answer: func(_ int64, r *http.Request) (int, string) {
		store := strings.Split(r.URL.Path, "/")[1]
		var n int
		_, _ = fmt.Sscan(store, &n)
		want := fmt.Sprintf("Bearer secret_%032d", n-100_000)
		if n >= 200_000 {
			want = fmt.Sprintf("Bearer secret_i%031d", n-200_000)
		}
		if r.Header.Get("Authorization") != want {
			return 403, `{"errorCode":"INVALID_API_TOKEN"}`
		}
		return 200, `{"id":7}`
	}}
	for _, store := range []int{100_000, 123_456, 149_999, 200_000, 249_999} {
		e := event.Event{Store: fmt.Sprint(store), Type: "product.updated", Subject: "product/7"}
		if _, err := s.Attest(t.Context(), &e); err != nil {
			t.Errorf("store %d: %v", store, err)
		}
	}
	count := map[sources.CredentialState]int{}
	for _, c := range s.Credentials() {
		count[c.State]++
	}
	if count[sources.CredentialUnused] != 2*manyStores-5 || count[sources.CredentialOK] != 5 {
		t.Errorf("the credentials are %v", count)
	}
	runtime.KeepAlive(config)
}

// TestStoresComeAndGo connects, asks and reads at once; the race detector judges.
func TestStoresComeAndGo(t *testing.T) {
	w := &wire{answer: func(int64, *http.Request) (int, string) { return 200, `{"id":7,"generalInfo":{}}` }}
	s := wired(t, w).(*source)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			store := fmt.Sprint(2000 + i%4)
			for n := range 50 {
				s.Connect(sources.Installation{Store: store, Token: secret.Text(fmt.Sprint("secret_", i, n))})
				e := event.Event{Store: store, Type: "product.updated", Subject: "product/7", Received: time.Now()}
				if _, err := s.Attest(t.Context(), &e); err != nil && !sources.IsDenied(err) {
					t.Error(err)
				}
				if _, err := s.Profile(t.Context(), store); err != nil && !sources.IsDenied(err) {
					t.Error(err)
				}
				s.Live(store, []sources.Life{sources.Uninstalled, sources.Installed, sources.Active}[n%3])
				s.Bury(store, time.Now(), "dead")
				s.Revive(store)
				_, _ = s.Credential(store)
				_, _ = s.Stores(), s.Serves(store)
				_ = s.Fingerprint(store)
			}
		})
	}
	all.Wait()
	if n := len(s.all()); n != 5 {
		t.Errorf("%d stores", n)
	}
}

func BenchmarkOpenFiftyThousandStores(b *testing.B) {
	config := manyConfig()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := open("ecwid", config); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCredentials(b *testing.B) {
	s, err := open("ecwid", manyConfig())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for range s.Credentials() {
		}
	}
}
