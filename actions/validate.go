package actions

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"shopbell/shape"
)

// validate refuses a kind that people could not use.
func (k *Kind) validate() error {
	switch {
	case !regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`).MatchString(k.Name):
		return errors.New("the name is not lower case letters, digits and _")
	case k.Summary == "" || strings.ContainsAny(k.Summary, "\n") || strings.HasSuffix(k.Summary, "."):
		return errors.New("the summary is not one line without a full stop")
	case k.Idempotent && k.ByStep:
		return errors.New("it is declared Idempotent, which says of all steps what Repeats says of each")
	}
	for _, c := range k.Causes {
		if !strings.Contains(c, ".") {
			return fmt.Errorf("%q is not an event type", c)
		}
	}
	for cause, param := range k.CausedBy {
		if !slices.Contains(k.Causes, cause) || !slices.ContainsFunc(k.Params.Fields(), func(f shape.Field) bool { return f.Name == param }) {
			return fmt.Errorf("%q is not caused by %q", cause, param)
		}
	}
	return errors.Join(lands(k.Params.Fields()), k.tryExample())
}

// lands refuses parameters that land nowhere known.
func lands(fields []shape.Field) error {
	for _, f := range fields {
		if _, known := escapes(Landing(f.Lands)); !known {
			return fmt.Errorf("%s: there is no landing %q", f.Name, f.Lands)
		}
		if err := lands(f.Fields); err != nil {
			return err
		}
		if f.Elem != nil {
			if err := lands(append([]shape.Field{*f.Elem}, f.Elem.Fields...)); err != nil {
				return err
			}
		}
	}
	return nil
}

// tryExample reads the example as a rule's step: one key, the kind's name, over its parameters.
func (k *Kind) tryExample() error {
	var step map[string]any
	if err := yaml.Unmarshal([]byte(k.Example), &step); err != nil {
		return fmt.Errorf("the example is not YAML: %w", err)
	}
	params, ok := step[k.Name]
	if !ok || len(step) != 1 {
		return errors.New("the example is not one step of this kind")
	}
	faults := k.Params.CheckWithHoles(params, func(s string) shape.Hole {
		if !strings.Contains(s, "{{") {
			return shape.NoHole
		}
		return shape.SomeHole
	})
	if len(faults) > 0 {
		return fmt.Errorf("the example: %s: %s", strings.Join(faults[0].Path, "."), faults[0].Message)
	}
	text, err := json.Marshal(params)
	if err != nil {
		return fmt.Errorf("the example: %w", err)
	}
	if strings.Contains(string(text), "{{") {
		return nil // its values are not known, so only its shape can be checked
	}
	if err := k.Check(text); err != nil {
		return fmt.Errorf("the example: %w", err)
	}
	return nil
}
