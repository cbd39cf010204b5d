package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// openAPI is as much of an OpenAPI document as the tests read.
type openAPI struct {
	Paths map[string]map[string]struct {
		Responses map[string]json.RawMessage `json:"responses"`
	} `json:"paths"`
}

// apiCalls are calls of every operation with every answer that it can give.
func apiCalls() []apiCall {
	return []apiCall{
		{"GET", "/events", "/events?state=planned&limit=2&type=order.created", 200, nil},
		{"GET", "/events", "/events", 200, nil},
		{"GET", "/events", "/events?stat=planned", 400, nil}, {"GET", "/events", "/events?state=plan", 400, nil},
		{"GET", "/events", "/events?limit=501", 400, nil}, {"GET", "/events", "/events?before=x", 400, nil},
		{"GET", "/events", "/events", 500, errors.New("a secret detail")},
		{"GET", "/events/{seq}", "/events/9", 200, nil}, {"GET", "/events/{seq}", "/events/3", 200, nil},
		{"GET", "/events/{seq}", "/events/77", 404, nil}, {"GET", "/events/{seq}", "/events/x", 404, nil},
		{"GET", "/runs", "/runs?event=9&state=done&rule=big-order", 200, nil}, {"GET", "/runs", "/runs?state=gone", 400, nil},
		{"GET", "/runs", "/runs?event=-1", 400, nil},
		{"GET", "/runs/{id}", "/runs/1", 200, nil}, {"GET", "/runs/{id}", "/runs/77", 404, nil},
		{"GET", "/rules", "/rules", 200, nil}, {"GET", "/actions", "/actions", 200, nil}, {"GET", "/stores", "/stores", 200, nil},
		{"GET", "/stats", "/stats", 200, nil}, {"GET", "/stats", "/stats?since=2026-11-01", 200, nil},
		{"GET", "/stats", "/stats?since=yesterday", 400, nil},
		{"GET", "/status", "/status", 200, nil}, {"GET", "/status", "/status", 200, errors.New("a secret detail")},
		{"POST", "/runs/{id}/retry", "/runs/1/retry", 202, nil}, {"POST", "/runs/{id}/retry", "/runs/404/retry", 404, nil},
		{"POST", "/runs/{id}/retry", "/runs/409/retry", 409, nil}, {"POST", "/runs/{id}/retry", "/runs/500/retry", 500, nil},
		{"POST", "/runs/{id}/retry", "/runs/503/retry", 503, nil},
		{"POST", "/events/{seq}/replay", "/events/1/replay", 202, nil}, {"POST", "/events/{seq}/replay", "/events/404/replay", 404, nil},
		{"POST", "/events/{seq}/replay", "/events/409/replay", 409, nil},
		{"POST", "/reload", "/reload", 200, nil}, {"POST", "/reload", "/reload", 422, errors.New("the folder is not there")},
		{"GET", "/sources", "/sources", 200, nil}, {"GET", "/sources", "/sources?store=1003&limit=1", 200, nil}, {"GET", "/sources", "/sources?limit=x", 400, nil},
		{"GET", "/sources/{source}", "/sources/ecwid", 200, nil}, {"GET", "/sources/{source}", "/sources/none", 404, nil},
		{"POST", "/sources/{source}/stores/{store}/revive", "/sources/ecwid/stores/1003/revive", 202, nil},
		{"POST", "/sources/{source}/stores/{store}/revive", "/sources/none/stores/1003/revive", 404, nil},
		{"POST", "/forget", "/forget", 400, nil}, {"POST", "/forget", `/forget {"person":"jane@example.com"}`, 200, nil}, {"POST", "/forget", `/forget {"who":"jane"}`, 400, nil},
		{"POST", "/forget", `/forget {"source":"ecwid"}`, 400, nil},
		{"GET", "/recipients", "/recipients", 200, nil},
		{"POST", "/recipients/suppress", `/recipients/suppress {"address":"jane@example.com","source":"ecwid","store":"1003","why":"asked"}`, 200, nil},
		{"POST", "/recipients/suppress", `/recipients/suppress {"address":"+31 6 12345678"}`, 200, nil},
		{"POST", "/recipients/suppress", `/recipients/suppress {"address":"jane"}`, 400, nil}, {"POST", "/recipients/suppress", `/recipients/suppress {"address":"j@e.com","store":"1"}`, 400, nil},
		{"POST", "/recipients/lift", `/recipients/lift {"address":"jane@example.com"}`, 200, nil}, {"POST", "/recipients/lift", `/recipients/lift {"address":"nobody@example.com"}`, 404, nil},
		{"POST", "/recipients/lift", `/recipients/lift {"adress":"jane@example.com"}`, 400, nil},
		{"GET", "/explain", "/explain?event=9", 200, nil}, {"GET", "/explain", "/explain?event=5", 200, nil}, {"GET", "/explain", "/explain?recipient=jane@example.com&limit=3", 200, nil},
		{"GET", "/explain", "/explain?event=3", 200, nil}, {"GET", "/explain", "/explain?event=none", 404, nil}, {"GET", "/explain", "/explain", 400, nil},
		{"GET", "/explain", "/explain?event=9&rule=nobody", 400, nil}, {"GET", "/explain", "/explain?limit=0", 400, nil}, {"GET", "/explain", "/explain?subject=order/503", 503, nil},
		{"POST", "/explain", `/explain {"source":"ecwid","type":"order.updated","store":"1003","entity":{"paymentStatus":"PAID","total":150}}`, 200, nil},
		{"POST", "/explain", `/explain?rule=big-order {"source":"ecwid","type":"order.updated"}`, 200, nil},
		{"POST", "/explain", `/explain {"source":"ecwid","type":"order.opened"}`, 400, nil}, {"POST", "/explain", `/explain {"kind":1}`, 400, nil},
		{"GET", "/openapi.json", "/openapi.json", 200, nil},
	}
}

type apiCall struct {
	method, operation, path string
	status                  int
	err                     error // of the ledger and of a reload
}

// TestAPIKeepsItsContract makes every call, and holds each answer against the schema that the contract has for it.
func TestAPIKeepsItsContract(t *testing.T) {
	text, err := contract.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	whole, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiler.AddResource("openapi.json", whole); err != nil {
		t.Fatal(err)
	}
	var doc openAPI
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for _, call := range apiCalls() {
		b := newBench(t)
		b.ledger.err, b.reload = call.err, call.err
		path, sent, _ := strings.Cut(call.path, " ")
		answer, body := b.call(t, call.method, "/api/v1"+path, sent, "Authorization", "Bearer "+testToken)
		if answer.StatusCode != call.status || strings.Contains(body, "a secret detail") {
			t.Errorf("%s %s answers %d %s, want %d", call.method, call.path, answer.StatusCode, body, call.status)
			continue
		}
		response := doc.Paths[call.operation][strings.ToLower(call.method)].Responses[fmt.Sprint(call.status)]
		if response == nil {
			t.Errorf("%s %s: the contract does not know the answer %d", call.method, call.operation, call.status)
			continue
		}
		where := "openapi.json#/paths/" + strings.ReplaceAll(call.operation, "/", "~1") + "/" + strings.ToLower(call.method) + "/responses/" + fmt.Sprint(call.status)
		var ref struct {
			Ref string `json:"$ref"`
		}
		if json.Unmarshal(response, &ref) == nil && ref.Ref != "" {
			where = "openapi.json" + ref.Ref
		}
		schema, err := compiler.Compile(where + "/content/application~1json/schema")
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %v in %s", call.path, err, body)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s %s: the answer does not fit the contract: %v", call.method, call.path, err)
		}
	}
}

// TestContractIsWhole holds that the contract has every route and nothing else, and that each has been called.
func TestContractIsWhole(t *testing.T) {
	b := newBench(t)
	var doc openAPI
	_, text := b.call(t, "GET", "/api/v1/openapi.json", "") // open to everybody
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	var written, real, called []string
	for path, operations := range doc.Paths {
		for method := range operations {
			written = append(written, strings.ToUpper(method)+" "+path)
		}
	}
	for _, route := range b.handler.(*gin.Engine).Routes() {
		if path, ok := strings.CutPrefix(route.Path, "/api/v1"); ok {
			path = strings.NewReplacer(":seq", "{seq}", ":id", "{id}", ":source", "{source}", ":store", "{store}").Replace(path)
			real = append(real, route.Method+" "+path)
		}
	}
	for _, call := range apiCalls() {
		called = append(called, call.method+" "+call.operation)
	}
	slices.Sort(called)
	called = slices.Compact(called)
	slices.Sort(written)
	slices.Sort(real)
	if !slices.Equal(written, real) {
		t.Errorf("the contract has\n%v, the server\n%v", written, real)
	}
	if !slices.Equal(called, real) {
		t.Errorf("called are\n%v, the server has\n%v", called, real)
	}
}

func TestAPINeedsTheToken(t *testing.T) {
	b := newBench(t)
	for _, header := range [][]string{
		nil, {"Authorization", ""}, {"Authorization", "Bearer"}, {"Authorization", "Bearer wrong"}, {"Authorization", "Basic " + testToken},
		{"Authorization", testToken}, b.signedIn()[:2],
	} {
		for _, call := range apiCalls() {
			if call.operation == "/openapi.json" {
				continue
			}
			path, _, _ := strings.Cut(call.path, " ")
			answer, body := b.call(t, call.method, "/api/v1"+path, "", header...)
			if answer.StatusCode != 401 || answer.Header.Get("WWW-Authenticate") == "" || !strings.Contains(body, `"error":{`) {
				t.Errorf("%s %s with %v answers %d", call.method, call.path, header, answer.StatusCode)
			}
		}
	}
	if len(b.engine.asked) > 0 {
		t.Errorf("the engine was asked to %v", b.engine.asked)
	}
	for path, status := range map[string]int{"/api/v1/nothing": 404, "/api/v2": 404} {
		if answer, body := b.call(t, "GET", path, ""); answer.StatusCode != status || !strings.Contains(body, `"error":{`) {
			t.Errorf("%s answers %d %s", path, answer.StatusCode, body)
		}
	}
	if answer, body := b.call(t, "DELETE", "/api/v1/events", ""); answer.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(body, `"error":{`) {
		t.Errorf("DELETE answers %d %s", answer.StatusCode, body)
	}
}

// TestAPIPages holds that following `next` gives every event once, newest first.
func TestAPIPages(t *testing.T) {
	b := newBench(t)
	var seen []int64
	for before := int64(0); ; {
		_, body := b.call(t, "GET", fmt.Sprintf("/api/v1/events?limit=2&before=%d", before), "", "Authorization", "Bearer "+testToken)
		var page struct {
			Items []struct {
				Seq      int64     `json:"seq"`
				Received time.Time `json:"received"`
			} `json:"items"`
			Next int64 `json:"next"`
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatal(err, body)
		}
		for _, e := range page.Items {
			seen = append(seen, e.Seq)
			if e.Received.Location() != time.UTC {
				t.Errorf("received is %v", e.Received)
			}
		}
		if before = page.Next; before == 0 {
			break
		}
	}
	if fmt.Sprint(seen) != "[9 8 7 6 5 4 3 2 1]" {
		t.Errorf("the pages give %v", seen)
	}
}
