package rules

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// plainText gives a value as people read it: whole numbers whole, others without an exponent and no longer than they
// must be. What has no such form is an error that says what to write instead; so is nil, for a message must not have a
// silent blank in it.
func plainText(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", errNothing
	case string:
		return v, nil
	case safe:
		return v.text, nil
	case int:
		return strconv.Itoa(v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "", errors.New("it is not a number: something is divided by zero")
		}
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case time.Time:
		return v.Format(time.RFC3339), nil
	case time.Duration:
		return v.String(), nil
	case map[string]any:
		return "", errors.New("it is an object: name one of its fields")
	}
	if _, ok := items(v); ok {
		return "", errors.New(`it is a list: write join(…, ", ") around it`)
	}
	return "", fmt.Errorf("it cannot be put into text")
}
