package email

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"path"
	"strings"

	"github.com/invopop/jsonschema"
	gomail "github.com/wneessen/go-mail"

	"shopbell/actions"
)

// maxAttached bounds the files of one message.
const maxAttached = 50

// An Attachment is a file that a message carries: one beside the rules, written as its name or as an object, text that the rule
// makes, or a receipt.
type Attachment struct {
	File    string        `json:"file,omitempty" lands:"file" jsonschema_description:"A file beside the rules, such as terms.pdf."`
	Content *actions.Text `json:"content,omitempty" lands:"" jsonschema_description:"Text in place of a file; name is needed, too."`
	Name    string        `json:"name,omitempty" lands:"header" jsonschema_description:"Its name in the message, in place of the file's own."`
	Receipt *Receipt      `json:"-"`

	raw json.RawMessage // as it was read
}

// described is an Attachment without its methods, for its schema.
type described Attachment

// UnmarshalJSON reads a name or an object.
func (a *Attachment) UnmarshalJSON(raw []byte) error {
	*a = Attachment{raw: bytes.Clone(raw)}
	if json.Unmarshal(raw, &a.File) == nil {
		return nil
	}
	if err := json.Unmarshal(raw, (*described)(a)); err != nil {
		return errors.New("an attachment is the name of a file, or an object")
	}
	a.raw = bytes.Clone(raw)
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil || keys["receipt"] == nil {
		return err
	}
	a.Receipt = new(Receipt)
	return json.Unmarshal(raw, a.Receipt)
}

// MarshalJSON gives it as it was read.
func (a Attachment) MarshalJSON() ([]byte, error) {
	if a.raw != nil {
		return a.raw, nil
	}
	return json.Marshal(described(a))
}

// JSONSchema declares both forms: what an object may hold is what the struct has, and what a receipt takes.
func (Attachment) JSONSchema() *jsonschema.Schema {
	r := jsonschema.Reflector{DoNotReference: true, Anonymous: true}
	s := r.Reflect(described{})
	for p := r.Reflect(Receipt{}).Properties.Oldest(); p != nil; p = p.Next() {
		if _, ours := s.Properties.Get(p.Key); !ours {
			s.Properties.Set(p.Key, p.Value)
		}
	}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "object"}}, Properties: s.Properties,
		AdditionalProperties: jsonschema.FalseSchema}
}

// check looks for what the schema cannot say.
func (a *Attachment) check() error {
	sources := 0
	for _, there := range []bool{a.File != "", a.Content != nil, a.Receipt != nil} {
		if there {
			sources++
		}
	}
	switch {
	case sources != 1:
		return errors.New("attach: want one of file, content and receipt")
	case a.Content != nil && a.Name == "":
		return errors.New("attach: content needs a name, such as orders.csv")
	case a.File != "" && actions.Known(a.File):
		if _, err := actions.FilePlaces("", a.File); err != nil {
			return fmt.Errorf("attach: %w", err)
		}
	}
	return nil
}

// attach puts the files into the message.
func (s *sender) attach(ctx context.Context, m *gomail.Msg, call *actions.Call[Params]) error {
	if len(call.Params.Attach) > maxAttached {
		return actions.Permanent(actions.BlameRequest, fmt.Errorf("a message carries at most %d files", maxAttached))
	}
	left := s.most
	for _, a := range call.Params.Attach {
		name, content, err := s.contentOf(ctx, call, a, left)
		if err != nil {
			return err
		}
		if left -= int64(len(content)); left < 0 {
			return s.tooLarge()
		}
		if err := m.AttachReader(fileName(name), bytes.NewReader(content), gomail.WithFileContentType(typeOf(name))); err != nil {
			return actions.Permanent(actions.BlameRequest, fmt.Errorf("attach: %w", err))
		}
	}
	return nil
}

// contentOf gives what one attachment holds, and its name.
func (s *sender) contentOf(ctx context.Context, call *actions.Call[Params], a Attachment, most int64) (name string, content []byte, err error) {
	switch {
	case a.Receipt != nil:
		if name, content, err = s.receipt(ctx, *call, *a.Receipt); err != nil {
			return "", nil, err
		}
	case a.Content != nil:
		content = []byte(*a.Content)
	default:
		name = path.Base(a.File)
		if content, err = s.env.ReadFile(call.Store, a.File, most); err != nil {
			return "", nil, actions.Permanent(actions.BlameRequest, fmt.Errorf("attach: %w", err))
		}
	}
	if a.Name != "" {
		name = a.Name
	}
	return name, content, nil
}

// fileName leaves nothing in a name that would be a folder, or break out of its header.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '"' {
			return '\''
		}
		return r
	}, actions.Escape(actions.File, name))
}

// typeOf tells what a file is by how its name ends, whatever this machine knows of that.
func typeOf(name string) gomail.ContentType {
	switch strings.ToLower(path.Ext(name)) {
	case ".pdf":
		return "application/pdf"
	case ".csv":
		return "text/csv; charset=UTF-8"
	case ".txt", ".md":
		return "text/plain; charset=UTF-8"
	case ".html", ".htm":
		return "text/html; charset=UTF-8"
	case ".ics":
		return "text/calendar; charset=UTF-8"
	case ".vcf":
		return "text/vcard; charset=UTF-8"
	case ".json":
		return "application/json"
	case ".xml":
		return "application/xml"
	case ".zip":
		return "application/zip"
	case ".docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case ".xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case ".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg":
		return gomail.ContentType(mime.TypeByExtension(strings.ToLower(path.Ext(name))))
	}
	return "application/octet-stream"
}
