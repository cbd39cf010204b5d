package plugin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"shopbell/document"
	"shopbell/shape"
)

// Parts lists what the protocol has schemas of: what a plugin is sent, what it answers, and its action.yaml.
func Parts() []string { return []string{"request", "answer", "action"} }

// ShapeOf gives what one of [Parts] is made of; nil for anything else.
func ShapeOf(part string) *shape.Shape {
	switch part {
	case "request":
		return shape.Of(new(Request))
	case "answer":
		return shape.Of(new(Answer))
	case "action":
		return manifestShape()
	}
	return nil
}

// Schema gives the JSON Schema of one of [Parts]; nil for anything else. In a request and an answer, other keys than the declared ones
// are let pass, for a later version may have more.
func Schema(part string) json.RawMessage {
	s := ShapeOf(part)
	if s == nil {
		return nil
	}
	body, title := string(s.JSON()), "Shopbell plugin: action.yaml"
	if part != "action" {
		body, title = strings.Replace(body, `"additionalProperties":false,`, "", 1), "Shopbell plugin: "+part
	}
	head := fmt.Sprintf(`{"$schema":"https://json-schema.org/draft/2020-12/schema","title":%q,`, title)
	var out bytes.Buffer
	if json.Indent(&out, []byte(head+strings.TrimPrefix(body, "{")), "", "  ") != nil {
		return nil // what a shape gives is JSON
	}
	return append(out.Bytes(), '\n')
}

// Check tells what is wrong with the text of an action.yaml, which is for a folder of a name. Its program is not looked for.
func Check(path, folder string, text []byte) []document.Problem {
	_, problems := parse(path, folder, text)
	return problems
}
