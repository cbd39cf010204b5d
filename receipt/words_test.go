package receipt

import (
	"reflect"
	"strings"
	"testing"
)

// TestWords holds that every language has all words, with as many places to fill as English has, and letters that our font has.
func TestWords(t *testing.T) {
	english := reflect.ValueOf(*wordsOf("en"))
	for _, language := range Languages() {
		w := wordsOf(language)
		if w == nil {
			t.Errorf("%s has no words", language)
			continue
		}
		var check func(name string, v, like reflect.Value)
		check = func(name string, v, like reflect.Value) {
			if v.Kind() == reflect.Array {
				for i := range v.Len() {
					check(name, v.Index(i), like.Index(i))
				}
				return
			}
			text := v.String()
			if (text == "") != (like.String() == "") || strings.Count(text, "%s") != strings.Count(like.String(), "%s") || strings.TrimSpace(text) != text {
				t.Errorf("%s: %s is %q", language, name, text)
			}
			if !Standard().has(text, true) || !Standard().has(text, false) {
				t.Errorf("%s: %q has letters that the font lacks", language, text)
			}
		}
		of := reflect.ValueOf(*w)
		for i := range of.NumField() {
			check(of.Type().Field(i).Name, of.Field(i), english.Field(i))
		}
	}
	if wordsOf("xx") != nil {
		t.Error("there are words of no language")
	}
}
