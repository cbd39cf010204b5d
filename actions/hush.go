package actions

import (
	"context"
	"encoding/json"
	"errors"

	"shopbell/secret"
	"shopbell/shape"
)

// hidingSecrets makes a mask of all that an account's declaration calls secret. A kind hides what it derives from those, such as the
// header that signs in, where answers come in; this one looks at what goes out, when answers have been taken apart.
func hidingSecrets(account *shape.Shape, config json.RawMessage) (m Mask, some bool) {
	var value any
	if json.Unmarshal(config, &value) != nil {
		return Mask{}, false
	}
	found := secretsIn(&shape.Field{Fields: account.Fields()}, value)
	return secret.NewMask(found...), len(found) > 0
}

// secretsIn finds the secrets in a value, as its declaration tells them.
func secretsIn(f *shape.Field, value any) (found []Secret) {
	switch v := value.(type) {
	case string:
		if f.Secret {
			found = append(found, Secret(v))
		}
	case []any:
		for _, item := range v {
			if f.Elem != nil {
				found = append(found, secretsIn(f.Elem, item)...)
			}
		}
	case map[string]any:
		for i := range f.Fields {
			found = append(found, secretsIn(&f.Fields[i], v[f.Fields[i].Name])...)
		}
		if len(f.Fields) == 0 && f.Elem != nil {
			for _, item := range v {
				found = append(found, secretsIn(f.Elem, item)...)
			}
		}
	}
	return found
}

// hush puts secrets out of sight in an error. One that has none stays as it is; of another one only its class is left.
func hush(m Mask, err error) error {
	if err == nil {
		return nil
	}
	said := err.Error()
	masked := m.Text(said)
	if masked == said {
		return err
	}
	a := OutcomeOf(err)
	return &trial{outcome: a.Outcome, blame: a.Blame, wait: a.Wait, pause: a.Pause, part: a.Part, stop: a.Stop, err: errors.New(masked)}
}

// hushed gives a plain value without secrets in its texts and keys.
func hushed(m Mask, value any) any {
	switch v := value.(type) {
	case string:
		return m.Text(v)
	case []string:
		for i := range v {
			v[i] = m.Text(v[i])
		}
	case []any:
		for i := range v {
			v[i] = hushed(m, v[i])
		}
	case map[string]any:
		for key, item := range v {
			if masked := m.Text(key); masked != key {
				delete(v, key)
				key = masked
			}
			v[key] = hushed(m, item)
		}
	}
	return value
}

// hushedTester is a [Tester] whose words hold no secret.
type hushedTester struct {
	Tester
	mask Mask
}

// Test implements [Tester].
func (t hushedTester) Test(ctx context.Context) (string, error) {
	said, err := t.Tester.Test(ctx)
	return t.mask.Text(said), hush(t.mask, err)
}

// hushedReporter is a [Reporter] whose words hold no secret.
type hushedReporter struct {
	Reporter
	mask Mask
}

// Report implements [Reporter].
func (r hushedReporter) Report(n Notice) (Report, error) {
	report, err := r.Reporter.Report(n)
	report.Note, report.Stop = r.mask.Text(report.Note), r.mask.Text(report.Stop)
	return report, hush(r.mask, err)
}
