package ecwid_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/ecwid"
)

func TestExam(t *testing.T) {
	why := "it asks nobody itself: a source does, whose own tests play the platform"
	actionstest.Run(t, ecwid.Action, actionstest.Bench{
		Account: func(string) string { return `{}` },
		Params:  func(string) string { return `{"store":"1003","order":"K8XTQ","note":"x"}` },
		Exempt: map[string]string{"statuses": why, "same key": "the same values change nothing", "refused": why, "context": why, "bounds": why,
			"secrets": "its account has none"},
	})
}

func TestSend(t *testing.T) {
	type made struct {
		Source, Store, Subject string
		Set                    map[string]json.RawMessage
	}
	for name, test := range map[string]struct {
		account, params, want string
		fails                 actions.Outcome
	}{
		"all": {`{}`, `{"store":"1003","order":"K8XTQ","payment_status":"PAID","fulfillment_status":"SHIPPED","note":"a \"b\"","tracking":"T1"}`,
			`{"Source":"ecwid","Store":"1003","Subject":"order/K8XTQ","Set":{"fulfillmentStatus":"SHIPPED","paymentStatus":"PAID","privateAdminNotes":"a \"b\"","trackingNumber":"T1"}}`, ""},
		"another source": {`{"source":"second"}`, `{"store":"7","order":"A","tracking":"T"}`,
			`{"Source":"second","Store":"7","Subject":"order/A","Set":{"trackingNumber":"T"}}`, ""},
		"a path":   {`{}`, `{"store":"7","order":"A/invoices","tracking":"T"}`, "", actions.OutcomePermanent},
		"no order": {`{}`, `{"store":"7","order":"","tracking":"T"}`, "", actions.OutcomePermanent},
	} {
		var got string
		env := actions.Env{Log: slog.New(slog.DiscardHandler), Change: func(_ context.Context, source, store, subject string, set map[string]json.RawMessage) error {
			text, err := json.Marshal(made{source, store, subject, set})
			got = string(text)
			return err
		}}
		out, err := ecwid.Action.Open(env, json.RawMessage(test.account))
		if err != nil {
			t.Fatal(err)
		}
		_, err = out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "key", Try: 1, Params: json.RawMessage(test.params)})
		if got != test.want || test.fails != "" && actions.OutcomeOf(err).Outcome != test.fails || test.fails == "" && err != nil {
			t.Errorf("%s: got %s, %v; want %s", name, got, err, test.want)
		}
	}
}

func TestNothingIsSet(t *testing.T) {
	if err := (ecwid.Params{Store: "1", Order: "A"}).Check(); err == nil {
		t.Error("a step that sets nothing is taken")
	}
	if _, err := ecwid.Action.Open(actions.Env{Log: slog.New(slog.DiscardHandler)}, nil); err == nil || errors.Is(err, context.Canceled) {
		t.Error("it opens where no store can be changed")
	}
}
