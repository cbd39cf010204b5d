package sheet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"shopbell/actions"
	"shopbell/actions/web"
)

// add appends the row, and gives where it is.
func (s *sender) add(ctx context.Context, p *Params, key string) (string, error) {
	row := []any{key}
	for _, v := range p.Row {
		cell, err := cellOf(v)
		if err != nil {
			return "", actions.Permanent(actions.BlameRequest, err)
		}
		row = append(row, cell)
	}
	body, err := marshal(map[string]any{"values": [][]any{row}})
	if err != nil {
		return "", actions.Permanent(actions.BlameRequest, err)
	}
	path := "/v4/spreadsheets/" + p.id() + "/values/" + url.PathEscape(p.reach("A1")) + ":append?valueInputOption=RAW&insertDataOption=INSERT_ROWS"
	// An error of the server's may come after it has written.
	answer, err := s.call(ctx, http.MethodPost, path, body, web.Row{From: 500, To: 599, Outcome: actions.OutcomeUnknown})
	if err != nil {
		return "", err
	}
	var said struct {
		Updates struct {
			Range string `json:"updatedRange"`
		} `json:"updates"`
	}
	if answer.Partial != nil || json.Unmarshal(answer.Body, &said) != nil || said.Updates.Range == "" {
		return "", actions.Unknown(errors.New("the answer is not one of Google's, so that the row may have been added"))
	}
	return said.Updates.Range, nil
}

// marshal writes JSON with < > & as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// page is how many keys are asked for at once. Keys have at most 64 characters, so that they fit into one answer.
const page = 5_000

// find looks for the row of a key, the latest rows first, and gives where it is; "" for nowhere.
func (s *sender) find(ctx context.Context, p *Params, key string) (string, error) {
	rows, err := s.count(ctx, p)
	if err != nil {
		return "", err
	}
	for last := rows; last > 0; last -= page {
		from := max(last-page+1, 1)
		path := fmt.Sprintf("/v4/spreadsheets/%s/values/%s?majorDimension=COLUMNS&prettyPrint=false", p.id(), url.PathEscape(p.reach(fmt.Sprintf("A%d:A%d", from, last))))
		var said struct {
			Values [][]any `json:"values"`
		}
		if err := s.ask(ctx, path, &said); err != nil {
			return "", err
		}
		for _, column := range said.Values {
			for i, cell := range column {
				if cell == key {
					return p.reach("A" + strconv.Itoa(from+i)), nil
				}
			}
		}
	}
	return "", nil
}

// count gives how many rows the sheet has.
func (s *sender) count(ctx context.Context, p *Params) (int, error) {
	var said struct {
		Sheets []struct {
			Properties struct {
				Title string `json:"title"`
				Grid  struct {
					Rows int `json:"rowCount"`
				} `json:"gridProperties"`
			} `json:"properties"`
		} `json:"sheets"`
	}
	path := "/v4/spreadsheets/" + p.id() + "?fields=" + url.QueryEscape("sheets.properties(title,gridProperties.rowCount)")
	if err := s.ask(ctx, path, &said); err != nil {
		return 0, err
	}
	for _, sheet := range said.Sheets {
		if p.Sheet == "" || strings.EqualFold(p.Sheet, sheet.Properties.Title) {
			return min(sheet.Properties.Grid.Rows, 10_000_000), nil // as many as there are cells
		}
	}
	return 0, actions.Permanent(actions.BlameRequest, fmt.Errorf("the spreadsheet has no sheet %q", p.Sheet))
}

// ask reads. What it cannot read is asked again later.
func (s *sender) ask(ctx context.Context, path string, into any) error {
	answer, err := s.call(ctx, http.MethodGet, path, nil)
	if err != nil {
		return harmless(err)
	}
	if answer.Partial != nil || json.Unmarshal(answer.Body, into) != nil {
		return actions.RetryAfter(0, errors.New("the answer is not one of Google's, so that it is not known whether the row is there"))
	}
	return nil
}

// call makes one request. Its errors are sorted, with the rows that are given before those that hold for all.
func (s *sender) call(ctx context.Context, method, path string, body []byte, rows ...web.Row) (*web.Answer, error) {
	token, used, err := s.tokens.get(ctx)
	if err != nil {
		return nil, err
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, s.api+path, reader)
	if err != nil {
		return nil, actions.Permanent(actions.BlameAccount, errors.New("api is not a URL"))
	}
	r.Header.Set("Authorization", "Bearer "+token.Reveal())
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	answer.Body = actions.NewMask(token).Bytes(answer.Body)
	if answer.Status == http.StatusUnauthorized {
		if s.tokens.forget(token); used {
			return nil, actions.RetryAfter(0, errors.New("the token is not taken by Google any more, so another is asked for"))
		}
	}
	return answer, s.sorted(answer, rows)
}
