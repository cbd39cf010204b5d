package signed

import (
	"encoding/json"
	"testing"
)

func TestPathsAreThoseOfTheConfigsFolder(t *testing.T) {
	join := func(path string) string { return "/etc/bell/" + path }
	for in, want := range map[string]string{
		`{"events":{"a":{"schema":"a.json","sample":{"schema":"x"},"noun":"a"}}}`: `{"events":{"a":{"noun":"a","sample":{"schema":"x"},"schema":"/etc/bell/a.json"}}}`,
		`{"secret":"s"}`: `{"secret":"s"}`,
		`{"events":[1]}`: `{"events":[1]}`,
	} {
		if got := files(json.RawMessage(in), join); string(got) != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}
