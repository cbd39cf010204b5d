// Package sheet declares the sheet action, which adds a row to a spreadsheet in Google Sheets:
//
//	sheet:
//	  spreadsheet: 1AbCdEfGhIjKlMnOpQrStUvWxYz
//	  sheet: Orders
//	  row: [ "{{ order.id }}", "{{ order.total }}", "{{ order.email }}" ]
//
// It signs in as a service account. The first cell of each row keeps the step's key, by which a step that is tried again finds its
// row. It changes no cell that is there, and makes no spreadsheets.
package sheet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"unicode/utf16"

	"shopbell/actions"
	"shopbell/actions/web"
)

// Action adds a row.
var Action = actions.Define(actions.Spec[Account, Params]{
	Name:    "sheet",
	Summary: "Add a row to a spreadsheet in Google Sheets",
	Doc:     doc,
	Example: `sheet: { spreadsheet: 1AbCdEfGhIjKlMnOpQrStUvWxYz, sheet: Orders, row: [ "{{ order.id }}", "{{ order.total }}", "{{ order.email }}" ] }`,
	Result:  Result{},
	// Google knows no key of ours. But before a step is tried again, its key is looked for in the column that keeps them.
	Idempotent: true,
	// Google takes 60 reads and as many writes a minute of one service account.
	Limit: func(Account) actions.Limit { return actions.Limit{Rate: 50.0 / 60} },
	Open:  open,
})

const doc = `The account is a service account of Google Cloud, for which the Google Sheets API is enabled: make a key for it, of type JSON, and share each
spreadsheet with its address, as with a person who may edit.

The first column, A, keeps the step's key; the cells of ` + "`row`" + ` follow from B on. Leave the keys there: a step whose answer was lost looks for its own
before it is tried again. The row goes below the last row of the table that begins in A1, in a row that is put in for it.

Values are taken as they are (RAW): numbers, true and false stay what they are, and text is text, so that nothing that a customer writes is ever worked
out as a formula. Lists and objects become the text of their JSON.

What ` + "`shopbell forget`" + ` erases of a person, it erases here and not in your spreadsheets.

` + "```yaml" + `
accounts:
  sheet: { kind: sheet, key: "${file:secrets/google.json}", rate: 50/m }
` + "```" + `

Google lets one service account write 60 times a minute, and a project 300 times. What is too much is tried again later; with a rate, it waits here.`

// Where Google is.
const (
	defaultAPI   = "https://sheets.googleapis.com"
	defaultToken = "https://oauth2.googleapis.com/token"
)

// An Account is a service account.
type Account struct {
	Key      actions.Secret `json:"key" jsonschema_description:"Key of the service account: the JSON file that Google gives, whole."`
	API      string         `json:"api,omitempty" jsonschema:"default=https://sheets.googleapis.com" jsonschema_description:"Where the API is."`
	TokenURL string         `json:"token_url,omitempty" jsonschema_description:"Where tokens are given, if not where the key says."`
}

// Params are what one step says.
type Params struct {
	Spreadsheet string          `json:"spreadsheet" jsonschema:"minLength=1" jsonschema_description:"Id of the spreadsheet, or its address in a browser."`
	Sheet       string          `json:"sheet,omitempty" jsonschema:"minLength=1,maxLength=100" jsonschema_description:"Name of the sheet in it; without it, the first."`
	Row         []actions.Value `json:"row" jsonschema:"minItems=1,maxItems=1000" jsonschema_description:"The cells, from column B on."`
}

// Result is what later steps see.
type Result struct {
	Range string `json:"range" jsonschema_description:"Where the row is, as Orders!A7:D7."`
	Added bool   `json:"added" jsonschema_description:"Whether the row was added now; false when an earlier try of the step had added it."`
}

var (
	idForm    = regexp.MustCompile(`^[A-Za-z0-9_-]{10,}$`)
	idAddress = regexp.MustCompile(`/spreadsheets/d/([A-Za-z0-9_-]{10,})`)
)

// id gives the spreadsheet's id; "" when there is none.
func (p *Params) id() string {
	if idForm.MatchString(p.Spreadsheet) {
		return p.Spreadsheet
	}
	if m := idAddress.FindStringSubmatch(p.Spreadsheet); m != nil {
		return m[1]
	}
	return ""
}

// maxCell is how much Google takes in one cell, in characters as it counts them.
const maxCell = 50_000

// Check implements [actions.Checker].
func (p Params) Check() error {
	if actions.Known(p.Spreadsheet) && p.id() == "" {
		return errors.New("spreadsheet is neither an id nor the address of a spreadsheet: the id stands in the address, between /d/ and /edit")
	}
	for i, v := range p.Row {
		cell, err := cellOf(v)
		if err != nil {
			return err
		}
		if text, ok := cell.(string); ok && len(text) > maxCell && len(utf16.Encode([]rune(text))) > maxCell {
			return fmt.Errorf("cell %d of row is longer than %d characters", i+1, maxCell)
		}
	}
	return nil
}

// cellOf gives what the API takes: it knows neither lists nor objects.
func cellOf(v actions.Value) (any, error) {
	if v.IsNull() {
		return "", nil // null would be "leave what is there"
	}
	switch v[0] {
	case '"':
		var text string
		err := json.Unmarshal(v, &text)
		return text, err
	case '{', '[':
		return string(v), nil
	}
	return json.RawMessage(v), nil
}

// reach gives a range of the sheet in A1 notation.
func (p *Params) reach(cells string) string {
	if p.Sheet == "" {
		return cells
	}
	return "'" + strings.ReplaceAll(p.Sheet, "'", "''") + "'!" + cells
}

// sender adds rows through one account. It is safe for use by many goroutines at once.
type sender struct {
	client *web.Client
	api    string
	tokens *tokens
	email  string

	mu     sync.Mutex
	doubts map[string]bool // keys of steps of which it is not known whether the row was added
}

// maxDoubts bounds what is remembered of steps that went wrong. More than that is a day on which nothing works.
const maxDoubts = 10_000

func open(env actions.Env, a Account) (actions.Sender[Params], error) {
	k, err := readKey(a.Key)
	if err != nil {
		return nil, err
	}
	s := &sender{client: web.New(web.Options{Env: env, Secrets: k.secrets(a.Key)}), api: strings.TrimSuffix(a.API, "/"), email: k.Email, doubts: map[string]bool{}}
	if s.api == "" {
		s.api = defaultAPI
	}
	at := a.TokenURL
	if at == "" {
		at = k.TokenURI
	}
	for name, address := range map[string]string{"api": s.api, "token_url": at} {
		if u, err := url.Parse(address); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
			return nil, fmt.Errorf("%s is not an http or https URL", name)
		}
	}
	s.tokens = &tokens{client: s.client, key: k, url: at, turn: make(chan struct{}, 1)}
	return s, nil
}

// Send adds the row, unless an earlier try has.
func (s *sender) Send(ctx context.Context, call actions.Call[Params]) (actions.Result, error) {
	p := &call.Params
	if call.Try > 1 || s.doubted(call.Key) {
		at, err := s.find(ctx, p, call.Key)
		if err != nil {
			return nil, err
		}
		if at != "" {
			return actions.Result{"range": at, "added": false}, nil
		}
	}
	at, err := s.add(ctx, p, call.Key)
	if err != nil {
		s.doubt(call.Key, actions.OutcomeOf(err).Outcome == actions.OutcomeUnknown)
		return nil, err
	}
	return actions.Result{"range": at, "added": true}, nil
}

func (s *sender) doubted(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doubts[key]
}

// doubt remembers a step that may have added its row. A doubt stays: that a later try was refused says nothing of an earlier one.
func (s *sender) doubt(key string, may bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !may || len(s.doubts) >= maxDoubts {
		return
	}
	s.doubts[key] = true
}

// Test implements [actions.Tester]: it signs in. What is shared with the account is not asked.
func (s *sender) Test(ctx context.Context) (string, error) {
	if _, err := s.tokens.fetch(ctx); err != nil {
		return "", err
	}
	return "signs in as " + s.email + ", with whom spreadsheets must be shared", nil
}
