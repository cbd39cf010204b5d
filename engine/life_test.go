package engine_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"shopbell/engine"
	"shopbell/secret"
	"shopbell/sources"
	"shopbell/virtualtime"
)

// logged is what an engine has said.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) keep(o *engine.Options) { o.Log = slog.New(slog.NewTextHandler(l, nil)) }

func (l *logged) count(words string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), words)
}

// Installs implements [sources.Installer].
func (m *market) Installs() bool { return true }

// Agree implements [sources.Installer].
func (m *market) Agree(state string) string { return "https://market.example/agree?state=" + state }

// Exchange implements [sources.Installer].
func (m *market) Exchange(_ context.Context, q url.Values) (sources.Installation, error) {
	if q.Get("code") == "" {
		return sources.Installation{}, errors.New("the market gave no code")
	}
	return sources.Installation{Store: q.Get("store"), Token: secret.Text(q.Get("code")), Scopes: []string{"read"}}, nil
}

// Connect implements [sources.Installer].
func (m *market) Connect(i sources.Installation) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if shop := m.shops[i.Store]; shop != nil {
		shop.token, shop.stops, shop.cred = i.Token, false, sources.Credential{State: sources.CredentialUnused}
		return
	}
	m.shops[i.Store] = newMarketShop(i.Token)
}

// Follows implements [sources.Lively].
func (m *market) Follows(typ string) bool { return strings.HasPrefix(typ, "app.") }

// Follow implements [sources.Lively].
func (m *market) Follow(typ string, r sources.Reading) sources.Life {
	switch {
	case typ == "app.uninstalled" && r.Gone:
		return sources.Uninstalled
	case typ == "app.active":
		return sources.Active
	}
	return sources.Unchanged
}

// Live implements [sources.Lively].
func (m *market) Live(store string, l sources.Life) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if shop := m.shops[store]; shop != nil {
		shop.lives = append(shop.lives, l)
		shop.stops = l == sources.Uninstalled || shop.stops && l == sources.Suspended
	}
}

// Credentials implements [sources.Caller].
func (m *market) Credentials() iter.Seq2[string, sources.Credential] {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string]sources.Credential{}
	for name, s := range m.shops {
		all[name] = s.cred
	}
	return maps.All(all)
}

// Credential implements [sources.Caller].
func (m *market) Credential(store string) (sources.Credential, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if shop := m.shops[store]; shop != nil {
		return shop.cred, true
	}
	return sources.Credential{}, false
}

// Revive implements [sources.Caller].
func (m *market) Revive(store string) {
	m.set(func(m *market) { m.shops[store].cred = sources.Credential{State: sources.CredentialUnused} })
}

// Fingerprint implements [sources.Caller].
func (m *market) Fingerprint(store string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if shop := m.shops[store]; shop != nil {
		return fmt.Sprint("print", len(shop.token), bytes.Count([]byte(shop.token.Reveal()), []byte("e")))
	}
	return ""
}

// Bury implements [sources.Caller].
func (m *market) Bury(store string, since time.Time, why string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if shop := m.shops[store]; shop != nil {
		shop.buried = append(shop.buried, why)
		shop.cred = sources.Credential{State: sources.CredentialDead, Since: since, Note: why}
	}
}

const lifeRules = `
rules:
  - name: touched
    when: item.updated
    then: [{ probe: { text: "touched {{ item.id }} {{ item.v }}" } }]
`

const merchantToken = "secret_merchant_token_0123456789"

func box(t testing.TB, key string) *secret.Box {
	t.Helper()
	b, err := secret.NewBox(secret.Text(key))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sealing(t testing.TB, key string) func(*engine.Options) {
	return func(o *engine.Options) { o.Box = box(t, key) }
}

// forgetful is a market as the next process sees it: it knows only the stores of its config.
func (m *market) forgetful() *market {
	next := newMarket("1")
	next.every = m.every
	for name, s := range m.shops {
		if next.shops[name] != nil {
			next.shops[name].items = s.items
		}
		if s.refuse != "" && next.shops[name] != nil {
			next.shops[name].refuse = s.refuse
		}
	}
	return next
}

// next ends the program and starts another, with a source that knows only its config.
func (m *market) next(t *testing.T, b *bench, change ...func(*engine.Options)) *market {
	t.Helper()
	after := m.forgetful()
	b.options.Sources = map[string]sources.Source{"shop": after}
	for _, c := range change {
		c(&b.options)
	}
	b.restart(t)
	return after
}

func install(b *bench, store, token string) {
	b.Helper()
	got, err := b.Install(context.Background(), "shop", url.Values{"code": {token}, "store": {store}})
	if err != nil || got != store {
		b.Fatalf("store %q was installed as %q: %v", store, got, err)
	}
}

func TestAnInstallationLasts(t *testing.T) { onEachLedger(t, anInstallationLasts) }

func anInstallationLasts(t *testing.T, newBench maker) {
	t.Parallel()
	log := &logged{}
	m := newMarket("1")
	b := m.bench(t, newBench, lifeRules, sealing(t, "the key of the first config"), log.keep)
	if page, err := b.Agree("shop", "xyz"); err != nil || page != "https://market.example/agree?state=xyz" {
		t.Errorf("the page is %q, %v", page, err)
	}
	if _, err := b.Install(t.Context(), "shop", url.Values{}); err == nil || m.Serves("7") {
		t.Errorf("without a code it is installed: %v", err)
	}
	install(b, "7", merchantToken)
	install(b, "1", "a newer token than the config's")
	if got := m.shops["7"]; got.token != merchantToken || !slices.Equal(got.lives, []sources.Life{sources.Installed}) {
		t.Errorf("connected with %d bytes of token, lives %q", len(got.token), got.lives)
	}
	m.change("7", "A", nil)
	b.must(b.deliver(m.change("7", "A", nil)))
	b.untilRuns(engine.RunDone, 1)
	b.hides(merchantToken)
	m = m.next(t, b)
	if got := m.shops["7"]; got == nil || got.token != merchantToken || !slices.Equal(got.lives, []sources.Life{sources.Installed}) {
		t.Errorf("after a restart the store is %+v", got)
	}
	if m.shops["1"].token != "a newer token than the config's" {
		t.Error("after a restart the config's token is used, which the installation made invalid")
	}
	if log.count(merchantToken) > 0 || log.count("cannot be read") > 0 {
		t.Error("the log tells the token, or that it cannot be read")
	}
	m = m.next(t, b, sealing(t, "the key of another config"))
	if m.shops["7"] != nil || log.count("install the app again, or give the earlier key as encryption.previous_key") != 2 {
		t.Errorf("with another key: %+v; the log tells of it %d times, want 2", m.shops["7"], log.count("previous_key"))
	}
	m = m.next(t, b, func(o *engine.Options) { o.Box = nil })
	if m.shops["7"] != nil || log.count("encryption.key") == 0 {
		t.Error("without a key nobody is told")
	}
	if _, err := b.Install(t.Context(), "shop", url.Values{"code": {"x"}, "store": {"8"}}); !errors.Is(err, engine.ErrNoInstall) {
		t.Errorf("without a key it may be installed: %v", err)
	}
	if _, err := b.Agree("nobody", ""); !errors.Is(err, engine.ErrNoSource) {
		t.Errorf("a source that is not there: %v", err)
	}
	m = m.next(t, b, sealing(t, "the key of the first config"))
	if m.shops["7"] == nil || m.shops["7"].token != merchantToken {
		t.Error("the first key is back, and the store is not")
	}
}

// hides looks whether what the ledger holds tells a secret, in plain or as JSON and SQL spell it.
func (b *bench) hides(token string) {
	b.Helper()
	m, err := b.ledger.Memo(context.Background(), "shop", "7", "connection/life")
	b.must(err)
	texts := map[string][]byte{"the memo": m.Value}
	files, _ := filepath.Glob(b.where + "*")
	for _, f := range files {
		raw, err := os.ReadFile(f)
		b.must(err)
		texts[f] = raw
	}
	if len(files) == 0 && strings.HasSuffix(b.where, ".db") {
		b.Errorf("there is no file %s", b.where)
	}
	for name, raw := range texts {
		for _, form := range []string{token, base64.StdEncoding.EncodeToString([]byte(token))[:24], hex.EncodeToString([]byte(token))} {
			if bytes.Contains(raw, []byte(form)) {
				b.Errorf("%s (%d bytes) tells the token", name, len(raw))
			}
		}
	}
}

func TestAnAppThatIsUninstalled(t *testing.T) { onEachLedger(t, anAppThatIsUninstalled) }

func anAppThatIsUninstalled(t *testing.T, newBench maker) {
	t.Parallel()
	m := newMarket("1")
	b := m.bench(t, newBench, lifeRules, sealing(t, "the key of the first config"))
	install(b, "7", merchantToken)
	tell := func(typ, store string, at time.Time) {
		t.Helper()
		b.must(b.deliver(notice{fmt.Sprint(typ, store, at.UnixNano()), typ, store, "app/" + store, at}))
		m.worked(b, store)
	}
	tell("app.uninstalled", "7", time.Now()) // no rule listens; the platform says that it is not true
	tell("app.active", "7", time.Now())
	m.set(func(m *market) { m.shops["7"].gone, m.shops["1"].gone = true, true })
	tell("app.uninstalled", "7", time.Now())
	tell("app.uninstalled", "1", time.Now())
	if got := m.shops["7"].lives; !slices.Equal(got, []sources.Life{sources.Installed, sources.Active, sources.Uninstalled}) {
		t.Errorf("the lives are %q", got)
	}
	b.hides(merchantToken)
	m = m.next(t, b)
	if m.shops["7"] != nil || !m.shops["1"].stops {
		t.Errorf("after a restart: %v %v", m.shops["7"], m.shops["1"].lives)
	}
	long := time.Now().Add(-time.Hour)
	install(b, "7", "another token of the merchant")
	m.set(func(m *market) { m.shops["7"].gone = true })
	tell("app.uninstalled", "7", long) // late: it was installed again since
	if m.shops["7"].stops {
		t.Error("a late webhook has uninstalled a store that was installed since")
	}
	tell("app.active", "7", time.Now())
	m = m.next(t, b)
	if got := m.shops["7"]; got == nil || got.stops || got.token != "another token of the merchant" {
		t.Errorf("after a restart the store that was installed again is %+v", got)
	}
}

// TestALifeThatCannotBeReadIsNotForgotten has the ledger fail where what is known of a store is read.
func TestALifeThatCannotBeReadIsNotForgotten(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		m := newMarket()
		var fails atomic.Bool
		b := m.bench(t, newBench, lifeRules, sealing(t, "the key of the first config"), func(o *engine.Options) { o.Ledger = forgetting{o.Ledger, &fails} })
		install(b, "7", merchantToken)
		fails.Store(true)
		b.must(b.deliver(notice{"a", "app.active", "7", "app/7", time.Now()}))
		synctest.Wait()
		fails.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		m = m.next(t, b)
		if got := m.shops["7"]; got == nil || got.token != merchantToken || !slices.Equal(got.lives, []sources.Life{sources.Active}) {
			t.Errorf("after a restart the store is %+v", got)
		}
		b.stop()
	})
}

// forgetting is a ledger whose memos cannot be read for a while.
type forgetting struct {
	engine.Ledger
	fails *atomic.Bool
}

func (l forgetting) Memo(ctx context.Context, source, store, name string) (engine.Memo, error) {
	if l.fails.Load() {
		return engine.Memo{}, engine.ErrAway
	}
	return l.Ledger.Memo(ctx, source, store, name)
}

func TestADeadCredentialStaysDead(t *testing.T) { onEachLedger(t, aDeadCredentialStaysDead) }

func aDeadCredentialStaysDead(t *testing.T, newBench maker) {
	t.Parallel()
	m := newMarket("1")
	b := m.bench(t, newBench, lifeRules, sealing(t, "the key of the first config"))
	install(b, "7", merchantToken)
	for _, store := range []string{"1", "7"} {
		m.change(store, "A", nil)
		m.set(func(m *market) { m.shops[store].refuse = m.shops[store].token.Reveal() })
		b.must(b.deliver(m.change(store, "A", nil)))
	}
	remembered := func(store string) bool {
		_, err := b.ledger.Memo(t.Context(), "shop", store, "connection/dead")
		return err == nil
	}
	b.until("both are remembered", func() bool { return remembered("1") && remembered("7") })
	m = m.next(t, b)
	for _, store := range []string{"1", "7"} {
		if got := m.shops[store]; len(got.buried) != 1 || got.buried[0] != "install the app again" {
			t.Errorf("after a restart %s was buried with %q", store, got.buried)
		}
	}
	m.set(func(m *market) { m.shops["1"].refuse = "" })
	b.must(b.Revive(t.Context(), "shop", "1"))
	if got := m.shops["1"].cred.State; got == sources.CredentialDead {
		t.Error("revived, and still dead")
	}
	install(b, "7", "another token of the merchant's")
	m = m.next(t, b)
	for _, store := range []string{"1", "7"} {
		if got := m.shops[store]; len(got.buried) != 0 {
			t.Errorf("after it was revived or replaced, %s was buried again with %q", store, got.buried)
		}
	}
	if err := b.Revive(t.Context(), "shop", "99"); !errors.Is(err, engine.ErrNone) {
		t.Errorf("a store that is not there: %v", err)
	}
	if err := b.Revive(t.Context(), "nobody", "1"); !errors.Is(err, engine.ErrNoSource) {
		t.Errorf("a source that is not there: %v", err)
	}
}

// TestTheLaterOfRefusalAndRevivalHolds has memos as several nodes write them, in the order in which they come to the ledger.
func TestTheLaterOfRefusalAndRevivalHolds(t *testing.T) {
	t.Parallel()
	at := time.Now().Add(-time.Hour)
	refused := func(after time.Duration) [2]string {
		return [2]string{"connection/dead", fmt.Sprintf(`{"fingerprint": "PRINT", "since": %q, "why": "told"}`, at.Add(after).Format(time.RFC3339Nano))}
	}
	revived := func(after time.Duration) [2]string {
		return [2]string{"connection/revived", fmt.Sprintf(`{"fingerprint": "", "since": %q}`, at.Add(after).Format(time.RFC3339Nano))}
	}
	earlier := func(r [2]string) [2]string { r[0] = "connection/dead"; return r } // as a revival was kept at first
	for name, c := range map[string]struct {
		memos [][2]string
		dead  bool
	}{
		"refused":                         {[][2]string{refused(1)}, true},
		"refused and revived":             {[][2]string{refused(1), revived(2)}, false},
		"revived, and told late of":       {[][2]string{revived(2), refused(1)}, false},
		"revived, and refused once more":  {[][2]string{refused(1), revived(2), refused(3)}, true},
		"revived as it was kept at first": {[][2]string{refused(1), earlier(revived(2))}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMarket("1")
			b := m.bench(t, newBench, lifeRules)
			for _, memo := range c.memos {
				value := strings.ReplaceAll(memo[1], "PRINT", m.Fingerprint("1"))
				b.must(b.ledger.Commit(t.Context(), []engine.Change{&engine.Put{Memo: engine.Memo{Source: "shop", Store: "1", Name: memo[0], Value: []byte(value)}}}))
			}
			m = m.next(t, b)
			if got := m.shops["1"].cred.State == sources.CredentialDead; got != c.dead {
				t.Errorf("dead: %v, want %v", got, c.dead)
			}
		})
	}
}

// TestPollingFindsADeadCredential has no webhook at all: what a poll learns of a token is remembered too, and revived.
func TestPollingFindsADeadCredential(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		m := polled()
		m.every = time.Minute
		b := m.bench(t, newBench, lifeRules)
		time.Sleep(90 * time.Second)
		m.set(func(m *market) { m.shops["1"].refuse = m.shops["1"].token.Reveal() })
		time.Sleep(2 * time.Minute)
		n := len(m.polls("1"))
		m = m.next(t, b)
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := m.shops["1"]; len(got.buried) != 1 || len(got.polls) != 0 || n != 3 {
			t.Errorf("%d polls before and %d after the restart, buried with %q", n, len(got.polls), got.buried)
		}
		m.set(func(m *market) { m.shops["1"].refuse = "" })
		m.change("1", "old", nil)
		b.must(b.Revive(t.Context(), "shop", "1"))
		time.Sleep(3 * time.Second)
		synctest.Wait()
		b.sent("touched item/old 2")
		b.stop()
	})
}

// TestSharedNodesLearnOfLives has two nodes with a source each: what one learns the other knows soon.
func TestSharedNodesLearnOfLives(t *testing.T) {
	t.Parallel()
	key := sealing(t, "the key of the first config")
	near, far := newMarket("1"), newMarket("1")
	b := near.bench(t, newNode, lifeRules, key)
	other := b.another(threeRules, far.serve(t, lifeRules), key)
	knows := func(what string, is func(*marketShop) bool) {
		t.Helper()
		began := time.Now()
		other.until(what, func() bool {
			far.mu.Lock()
			defer far.mu.Unlock()
			return far.shops["7"] != nil && is(far.shops["7"])
		})
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("the other node learned that it is %s after %v", what, took)
		}
	}
	install(b, "7", merchantToken)
	knows("installed", func(s *marketShop) bool { return s.token == merchantToken })
	for _, m := range []*market{near, far} {
		m.set(func(m *market) { m.shops["7"].refuse = merchantToken })
		m.change("7", "A", nil)
	}
	b.must(b.deliver(near.change("7", "A", nil)))
	knows("dead", func(s *marketShop) bool { return s.cred.State == sources.CredentialDead })
	for _, m := range []*market{near, far} {
		m.set(func(m *market) { m.shops["7"].refuse = "" })
	}
	b.must(b.Revive(t.Context(), "shop", "7"))
	knows("revived", func(s *marketShop) bool { return s.cred.State != sources.CredentialDead })
	for _, m := range []*market{near, far} {
		m.set(func(m *market) { m.shops["7"].gone = true })
	}
	b.must(b.deliver(notice{"u", "app.uninstalled", "7", "app/7", time.Now()}))
	knows("uninstalled", func(s *marketShop) bool { return s.stops })
}
