package licensekey_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	licensekey "shopbell/actions/license_key"
)

func TestExam(t *testing.T) {
	actionstest.Run(t, licensekey.Action, actionstest.Bench{
		Params: func(string) string { return `{"pool":"games"}` },
		Exempt: map[string]string{
			"statuses": "it asks no provider; what its ledger answers is in TestLedger",
			"same key": "it asks no provider; the ledger is asked with the key, see TestSameKey",
			"refused":  "it asks no provider; a ledger that fails is in TestLedger",
			"context":  "it asks no provider; it ends with its context, see TestLedger",
			"bounds":   "it hears nobody; the bounds of a pool are in TestForms",
			"secrets":  "its account has none; that no log tells a key is in TestAtOnce",
		},
	})
}

func TestCheck(t *testing.T) {
	for params, want := range map[string]string{
		`{"pool":"games"}`:                                "",
		`{"pool":1003}`:                                   "",
		`{"pool":"Größe L (2)"}`:                          "",
		`{"pool":"{{ item.sku }}"}`:                       "",
		`{"pool":"games/{{ item.sku }}"}`:                 "",
		`{"generate":"key"}`:                              "",
		`{"generate":"SW-####"}`:                          "",
		`{"generate":"SW-####","pool":"vouchers"}`:        "",
		`{"generate":"???*"}`:                             "",
		`{"generate":"{{ item.sku }}-"}`:                  "",
		`{}`:                                              "give pool or generate",
		`{"pool":""}`:                                     "give pool or generate",
		`{"pool":"../secrets"}`:                           "cannot be the name",
		`{"pool":"a/b"}`:                                  "cannot be the name",
		`{"pool":"a\\b"}`:                                 "cannot be the name",
		`{"pool":".hidden"}`:                              "cannot be the name",
		`{"pool":" games"}`:                               "cannot be the name",
		`{"pool":"a\nb"}`:                                 "cannot be the name",
		`{"pool":"` + strings.Repeat("x", 201) + `"}`:     "too long",
		`{"generate":"pins"}`:                             "is no pattern",
		`{"generate":"pin"}`:                              "",
		`{"generate":true}`:                               "",
		`{"generate":false}`:                              "is no pattern",
		`{"generate":"###"}`:                              "only 1000 different keys",
		`{"generate":"##*####"}`:                          "check symbol",
		`{"generate":"####**"}`:                           "check symbol",
		`{"generate":"####\n"}`:                           "one line",
		`{"generate":"` + strings.Repeat("#", 101) + `"}`: "100 characters",
	} {
		err := licensekey.Action.Check([]byte(params))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", params, err, want)
		}
	}
}

func TestNames(t *testing.T) {
	for params, want := range map[string]string{
		`{"pool":"games"}`:                    "games",
		`{"pool":7}`:                          "7",
		`{"pool":"games","low":"{{ n }}"}`:    "",
		`{"pool":"{{ item.sku }}"}`:           "",
		`{"pool":"a/b"}`:                      "",
		`{"pool":"games","generate":"####"}`:  "",
		`{"generate":"####"}`:                 "",
		`{"pool":"games-{{ item.sku }}.old"}`: "",
	} {
		got := ""
		for _, n := range licensekey.Action.Names([]byte(params)) {
			got += n.Name
		}
		if got != want {
			t.Errorf("%s names %q, want %q", params, got, want)
		}
	}
}

func TestSameKey(t *testing.T) {
	s := newShop(t)
	s.put("games", lines(1, 4))
	s.want("first", "games", "k1", "KEY-0000001, 2 left")
	s.want("another", "games", "k2", "KEY-0000002, 1 left")
	s.want("the same key", "games", "k1", "KEY-0000001, 1 left")
	s.restart()
	s.want("the same key, another process", "games", "k1", "KEY-0000001, 1 left")
	s.put("movies", "KEY-0000001\n")
	s.want("another pool", "movies", "k1", "KEY-0000001, 0 left")
	s.want("the last", "games", "k3", "KEY-0000003, 0 left")
	s.want("the same key of an empty pool", "games", "k2", "KEY-0000002, 0 left")
}

func TestLedger(t *testing.T) {
	s := newShop(t)
	s.put("games", lines(1, 4))
	for name, test := range map[string]struct {
		err  error
		want actions.Outcome
	}{
		"full":      {errors.New("the disk is full"), actions.OutcomeRetry},
		"cut off":   {context.DeadlineExceeded, actions.OutcomeUnknown},
		"permanent": {actions.Permanent(actions.BlameAccount, errors.New("sealed")), actions.OutcomePermanent},
	} {
		s.fail = test.err
		for _, p := range []licensekey.Params{{Pool: "games"}, {Pool: "nothing"}, {Generate: "####"}} {
			if _, err := s.send("k1", p); actions.OutcomeOf(err).Outcome != test.want {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	s.fail = nil
	s.want("all is well again", "games", "k1", "KEY-0000001, 2 left")
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.sender.Send(done, actions.Call[licensekey.Params]{Key: "k2", Params: licensekey.Params{Pool: "games"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
	out, err := licensekey.Action.Open(actions.Env{Log: slog.New(slog.DiscardHandler), Pools: s.folder}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: []byte(`{"pool":"games"}`)}); actions.OutcomeOf(err).Blame != actions.BlameAccount {
		t.Errorf("without a ledger: %v", err)
	}
}

// TestAtOnce has many steps take keys at once, of files and made, and wants no two to share one, none left over, and none told by
// the log.
func TestAtOnce(t *testing.T) {
	s := newShop(t)
	const steps, workers = 600, 16
	s.put("games", lines(0, steps))
	var group sync.WaitGroup
	var mu sync.Mutex
	owners := map[string]string{}
	for w := range workers {
		group.Go(func() {
			for i := w; i < steps; i += workers {
				for _, p := range []licensekey.Params{{Pool: "games"}, {Generate: "PIN-######"}, {Pool: "games"}} {
					key := fmt.Sprint("k", i)
					r, err := s.send(key, p)
					mu.Lock()
					if value, _ := r["value"].(string); err != nil || owners[value] != "" && owners[value] != key {
						t.Errorf("%s gets %v, which is %s's: %v", key, value, owners[value], err)
					} else {
						owners[value] = key
					}
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	if len(owners) != 2*steps {
		t.Errorf("%d keys for %d steps", len(owners), 2*steps)
	}
	for value := range owners {
		if strings.Contains(s.log.String(), value) {
			t.Fatalf("the log tells the key %s", value)
		}
	}
	if n := s.logged("running low"); n != 1 {
		t.Errorf("it is told %d times that the pool runs low", n)
	}
	if s.stock["games"] < 0 || s.stock["games"] > workers {
		t.Errorf("the stock is told to be %d", s.stock["games"])
	}
}
