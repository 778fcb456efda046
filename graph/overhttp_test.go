package graph_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fincokpi/finco/app/apptest"
)

// check is one audit of conformance with GraphQL over HTTP, as in the list of graphql-http 1.23 (MIT licence), by its ids.
type check struct {
	id, level   string
	method      string // POST if empty
	accept      string
	contentType string // application/json if empty, none if "-"
	body        any    // marshalled unless it is a string
	query       string // of a GET
	vars        string
	from, to    int    // status
	media       string // the answer's
	clean       bool   // without errors
	noData      bool
}

const (
	older = "application/json"
	newer = "application/graphql-response+json"
)

func queryBody(more ...any) map[string]any {
	out := map[string]any{"query": "{ __typename }"}
	for i := 0; i < len(more); i += 2 {
		out[more[i].(string)] = more[i+1]
	}
	return out
}

func checks() []check {
	named := map[string]any{"query": "query Query { __typename }", "operationName": "Query"}
	typed := map[string]any{"query": "query Type($name: String!) { __type(name: $name) { name } }", "variables": map[string]any{"name": "sometype"}}
	coerced := map[string]any{"query": "query CoerceFailure($id: ID!){ __typename }", "variables": map[string]any{"id": nil}}
	absent := map[string]any{"query": "{ 8f31403dfe404bccbb0e835f2629c6a7 }"}
	unparsed := map[string]any{"query": "{"}
	ok := func(id, level, accept string, body any) check {
		return check{id: id, level: level, accept: accept, body: body, from: 200, to: 200}
	}
	out := []check{
		{id: "22EB", level: "SHOULD", accept: newer, body: queryBody(), from: 200, to: 200, media: newer},
		{id: "4655", level: "MUST", accept: older, body: queryBody(), from: 200, to: 200, media: older},
		{id: "47DE", level: "SHOULD", accept: "*/*", body: queryBody(), from: 200, to: 200, media: older},
		{id: "80D8", level: "SHOULD", body: queryBody(), from: 200, to: 200, media: older},
		ok("82A3", "MUST", "", queryBody()),
		{id: "BF61", level: "MUST", contentType: "application/json; charset=utf-8", body: map[string]any{"query": `{ __type(name: "Run🏃Swim🏊") { name } }`}, from: 200, to: 200},
		ok("78D5", "MUST", "", queryBody()),
		ok("2C94", "MUST", "", queryBody()),
		{id: "5A70", level: "MAY", method: "GET", query: "{ __typename }", from: 200, to: 200},
		{id: "9C48", level: "MAY", method: "GET", accept: newer, query: "mutation { __typename }", from: 400, to: 499},
		{id: "9ABE", level: "SHOULD", contentType: "-", body: queryBody(), from: 400, to: 499},
		ok("03D4", "MUST", "", queryBody()),
		{id: "A5BF", level: "MAY", body: "", from: 400, to: 400},
		{id: "423L", level: "MAY", accept: newer, body: map[string]any{"notquery": "{ __typename }"}, from: 400, to: 400},
		ok("34A2", "SHOULD", newer, queryBody()),
		{id: "13EE", level: "MUST", accept: older, body: queryBody(), from: 200, to: 200, clean: true},
		ok("8161", "SHOULD", newer, named),
		{id: "B8B3", level: "MUST", accept: older, body: named, from: 200, to: 200, clean: true},
		ok("2EA1", "SHOULD", newer, typed),
		{id: "28B9", level: "MUST", accept: older, body: typed, from: 200, to: 200, clean: true},
		{id: "D6D5", level: "MAY", method: "GET", accept: newer, query: typed["query"].(string), vars: `{"name":"sometype"}`, from: 200, to: 200, clean: true},
		{id: "6A70", level: "MAY", method: "GET", accept: older, query: typed["query"].(string), vars: `{"name":"sometype"}`, from: 200, to: 200, clean: true},
		ok("428F", "SHOULD", newer, queryBody("extensions", map[string]any{"some": "value"})),
		{id: "1B7A", level: "MUST", accept: older, body: queryBody("extensions", map[string]any{"some": "value"}), from: 200, to: 200, clean: true},
		{id: "B6DC", level: "MAY", accept: older, body: `{ "not a JSON`, from: 200, to: 599},
		{id: "BCF8", level: "SHOULD", accept: older, body: `{ "not a JSON`, from: 400, to: 400},
		{id: "B7N8", level: "SHOULD", accept: newer, body: `{ "not a JSON`, from: 400, to: 400},
		{id: "8764", level: "MAY", body: map[string]any{"qeury": "{ __typename }"}, from: 400, to: 599},
		{id: "3E3A", level: "MAY", body: map[string]any{"qeury": "{ __typename }"}, from: 400, to: 400},
		ok("572B", "SHOULD", older, unparsed),
		ok("FDE2", "SHOULD", older, absent),
		ok("7B9B", "SHOULD", older, coerced),
		{id: "865D", level: "SHOULD", accept: newer, body: unparsed, from: 400, to: 599},
		{id: "556A", level: "SHOULD", accept: newer, body: unparsed, from: 400, to: 400},
		{id: "D586", level: "SHOULD", accept: newer, body: unparsed, from: 400, to: 400, noData: true},
		{id: "51FE", level: "SHOULD", accept: newer, body: absent, from: 400, to: 599},
		{id: "74FF", level: "SHOULD", accept: newer, body: absent, from: 400, to: 400},
		{id: "5E5B", level: "SHOULD", accept: newer, body: absent, from: 400, to: 400, noData: true},
		{id: "86EE", level: "SHOULD", accept: newer, body: coerced, from: 400, to: 400},
	}
	for i, wrong := range []any{map[string]any{"obj": "ect"}, 0, false, []string{"array"}} {
		out = append(out,
			check{id: fmt.Sprint("LKJ", i), level: "MAY", body: queryBody("query", wrong), from: 400, to: 400},
			check{id: fmt.Sprint("6C0", i), level: "MAY", body: queryBody("operationName", wrong), from: 400, to: 400})
	}
	for i, wrong := range []any{"string", 0, false, []string{"array"}} {
		out = append(out,
			check{id: fmt.Sprint("476", i), level: "MAY", body: queryBody("variables", wrong), from: 400, to: 400},
			check{id: fmt.Sprint("58B", i), level: "MAY", body: queryBody("extensions", wrong), from: 400, to: 400})
	}
	for i, name := range []string{"variables", "operationName", "extensions"} {
		out = append(out,
			check{id: fmt.Sprint("94B", i), level: "SHOULD", accept: newer, body: queryBody(name, nil), from: 200, to: 200, clean: true},
			check{id: fmt.Sprint("022", i), level: "MUST", accept: older, body: queryBody(name, nil), from: 200, to: 200, clean: true})
	}
	return out
}

// TestGraphQLOverHTTP runs the audit: every MUST, and of the SHOULDs at least 18.
func TestGraphQLOverHTTP(t *testing.T) {
	t.Parallel()
	o := open(t)
	passed, all := map[string]int{}, map[string]int{}
	for _, c := range checks() {
		all[c.level]++
		if fault := o.audit(c); fault != "" {
			t.Logf("%s %s: %s", c.level, c.id, fault)
			continue
		}
		passed[c.level]++
	}
	t.Logf("passed %v of %v", passed, all)
	if passed["MUST"] < all["MUST"] || passed["SHOULD"] < 18 {
		t.Errorf("passed %v of %v", passed, all)
	}
}

func (o *office) audit(c check) string {
	o.t.Helper()
	req := o.auditRequest(c)
	req.Header.Set("Authorization", "Bearer "+o.key(apptest.Botir))
	resp, err := http.DefaultClient.Do(req)
	o.check(err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	o.check(err)
	var got map[string]any
	_ = json.Unmarshal(text, &got)
	_, data := got["data"]
	switch {
	case resp.StatusCode < c.from || resp.StatusCode > c.to:
		return fmt.Sprint("status ", resp.StatusCode)
	case !strings.Contains(resp.Header.Get("Content-Type"), c.media):
		return "type " + resp.Header.Get("Content-Type")
	case !utf8.Valid(text), c.clean && (got == nil || got["errors"] != nil), c.noData && data:
		return string(text)
	}
	return ""
}

func (o *office) auditRequest(c check) *http.Request {
	o.t.Helper()
	if c.method == http.MethodGet {
		q := url.Values{"query": {c.query}}
		if c.vars != "" {
			q.Set("variables", c.vars)
		}
		req, err := http.NewRequest(http.MethodGet, o.url+"?"+q.Encode(), nil)
		o.check(err)
		req.Header.Set("Accept", c.accept)
		return req
	}
	body, isText := c.body.(string)
	if !isText {
		raw, err := json.Marshal(c.body)
		o.check(err)
		body = string(raw)
	}
	req, err := http.NewRequest(http.MethodPost, o.url, strings.NewReader(body))
	o.check(err)
	switch c.contentType {
	case "":
		req.Header.Set("Content-Type", older)
	case "-":
	default:
		req.Header.Set("Content-Type", c.contentType)
	}
	if c.accept != "" {
		req.Header.Set("Accept", c.accept)
	}
	return req
}
