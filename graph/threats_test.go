package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fincokpi/finco/app/apptest"
)

// refused asks something hostile and tells that it was refused in a short answer, and that the server still answers.
func (o *office) refused(t *testing.T, query, code string) {
	t.Helper()
	r := o.ask(apptest.Botir, query, nil)
	if r.code() != code || len(r.text) > 1024 {
		t.Errorf("answered %d with %.200q", r.status, r.text)
	}
	if r := o.ask(apptest.Botir, `{ viewer { name } }`, nil); r.code() != "" {
		t.Errorf("afterwards the server answered %s", r.text)
	}
}

func TestDeepTextDoesNotEndTheProcess(t *testing.T) {
	t.Parallel()
	o := open(t)
	for name, query := range map[string]string{
		"braces": strings.Repeat("{a", 600_000), "brackets": `{users(first:` + strings.Repeat("[", 1_000_000),
	} {
		body, err := json.Marshal(map[string]string{"query": query})
		o.check(err)
		if r := o.post(o.key(apptest.Botir), body); r.status != http.StatusRequestEntityTooLarge || len(r.text) > 1024 {
			t.Errorf("%s: %d %.200q", name, r.status, r.text)
		}
		s := o.dial(apptest.Botir)
		s.send(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]any{"query": query}})
		if code := s.closed(); code != 1009 {
			t.Errorf("%s over a socket: closed with %d", name, code)
		}
		o.refused(t, query[:90_000], "INVALID")
	}
}

func TestDeepVariablesAreRefused(t *testing.T) {
	t.Parallel()
	o := open(t)
	body := `{"query":"query($w: UserWhereInput) { users(where: $w) { totalCount } }","variables":{"w":` +
		strings.Repeat(`{"not":`, 9000) + `{}` + strings.Repeat(`}`, 9000) + `}}`
	if r := o.post(o.key(apptest.Botir), []byte(body)); r.code() != "INVALID" || len(r.text) > 1024 {
		t.Errorf("answered %.200q", r.text)
	}
	if r := o.post(o.key(apptest.Botir), []byte(strings.Repeat("[", 90_000))); r.status != http.StatusBadRequest {
		t.Errorf("answered %d %.200q", r.status, r.text)
	}
}

// doubling is a query of fragments that each spread the next one twice.
func doubling(levels int) string {
	var b strings.Builder
	b.WriteString(`{ ...f0 }`)
	for i := range levels {
		fmt.Fprintf(&b, ` fragment f%d on Query { ...f%d ...f%d }`, i, i+1, i+1)
	}
	fmt.Fprintf(&b, ` fragment f%d on Query { viewer { name } }`, levels)
	return b.String()
}

func TestFragmentsThatDoubleAreRefused(t *testing.T) {
	t.Parallel()
	open(t).refused(t, doubling(24), "INVALID")
}

func TestFragmentsThatSpreadThemselvesAreRefused(t *testing.T) {
	t.Parallel()
	open(t).refused(t, `{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }`, "INVALID")
}

func TestMassesAreRefused(t *testing.T) {
	t.Parallel()
	o := open(t)
	var aliases strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&aliases, "a%d:viewer{name} ", i)
	}
	for name, query := range map[string]string{
		"directives":       `{ viewer ` + strings.Repeat("@a ", 30_000) + `{ name } }`,
		"a few directives": `{ viewer { name ` + strings.Repeat("@include(if: true) ", 51) + `} }`,
		"aliases":          `{ ` + aliases.String() + `}`,
		"16 aliases":       `{ ` + strings.Repeat("a:__typename ", 16) + `}`,
		"one field":        `{ viewer { ` + strings.Repeat("name ", 10_000) + `} }`,
		"1001 fields":      `{ viewer { ` + strings.Repeat("name ", 1000) + `} }`,
		"21 times":         `{ viewer { ` + strings.Repeat("name ", 21) + `} }`,
		"depth":            `{ viewer ` + strings.Repeat("{ team { members { edges { node ", 7) + `{ name }` + strings.Repeat("} } } }", 7) + ` }`,
	} {
		t.Log(name)
		o.refused(t, query, "INVALID")
	}
}

func TestTheFaultsOfARequestAreFew(t *testing.T) {
	t.Parallel()
	o := open(t)
	var query strings.Builder
	for i := range 900 {
		fmt.Fprintf(&query, "nothing%d ", i)
	}
	if r := o.ask(apptest.Botir, `{ `+query.String()+`}`, nil); len(r.Errors) != 10 {
		t.Errorf("%d errors in %d bytes", len(r.Errors), len(r.text))
	}
}

func TestLongListsOfLongListsAreRefused(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.refused(t, `{ chats(first: 100) { edges { node { messages(first: 100) { edges { node { analyses(first: 100) { edges { node { label } } } } } } } } } }`, "INVALID")
	o.refused(t, `{ users(first: 101) { totalCount } }`, "INVALID")
	o.refused(t, `{ users(last: 101) { totalCount } }`, "INVALID")
	r := o.ask(apptest.Botir, `query($n: Int) { users(first: $n) { edges { node { name } } } }`, map[string]any{"n": 1000})
	if r.code() != "INVALID" {
		t.Errorf("a variable got around the limit: %.200q", r.text)
	}
}

func TestAnEdgeUnderTwoNamesIsRefusedRatherThanWrong(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.refused(t, `{ viewer { a: team { id } ...f } } fragment f on User { b: team { name } }`, "INVALID")
	r := o.ask(apptest.Jasur, `{ viewer { team { id } ...f } a: viewer { id } } fragment f on User { team { name } }`, nil)
	if r.code() != "" || !strings.Contains(r.text, "Support") {
		t.Error(r.text)
	}
}

func TestAPageHasADefaultSize(t *testing.T) {
	t.Parallel()
	o := open(t)
	for i := range 60 {
		o.Say(-5000-int64(i), 900+int64(i), apptest.At("2026-09-15 10:00"), "hi")
	}
	for _, query := range []string{
		`{ chats { edges { node { id } } } }`, `{ chats(first: null) { edges { node { id } } } }`,
		`query($n: Int) { chats(first: $n) { edges { node { id } } } }`,
	} {
		var got struct{ Chats struct{ Edges []any } }
		for range 2 { // the second time from the cache
			o.ask(apptest.Botir, query, nil).into(t, &got)
			if len(got.Chats.Edges) != 50 {
				t.Errorf("%s found %d", query, len(got.Chats.Edges))
			}
		}
	}
}

// endless yields bytes for long. It is read by the client's own goroutine, which may go on after the answer.
type endless struct{ left atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	left := int(e.left.Load())
	if left <= 0 {
		return 0, io.EOF
	}
	n := min(len(p), left)
	e.left.Add(-int64(n))
	for i := range p[:n] {
		p[i] = ' '
	}
	return n, nil
}

func TestAHugeBodyIsCut(t *testing.T) {
	t.Parallel()
	o := open(t)
	token := o.key(apptest.Botir)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	source := &endless{}
	source.left.Store(200 << 20)
	req, err := http.NewRequest(http.MethodPost, o.url, io.NopCloser(source))
	o.check(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("answered %d", resp.StatusCode)
		}
	}
	runtime.ReadMemStats(&after)
	if left := source.left.Load(); left < 100<<20 {
		t.Errorf("the server took %d bytes", 200<<20-left)
	}
	t.Logf("heap grew by %d bytes", int64(after.HeapAlloc)-int64(before.HeapAlloc))
}

func TestOtherOriginsAreRefused(t *testing.T) {
	t.Parallel()
	o := open(t)
	const mutation = `{"query":"mutation { signOut(input: {}) { signedOut } }"}`
	for _, kind := range []string{"application/json", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"} {
		for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			req, err := http.NewRequest(http.MethodPost, o.url, strings.NewReader(mutation))
			o.check(err)
			req.Header.Set("Content-Type", kind)
			req.Header.Set(header, value)
			if r := o.do(req, o.key(apptest.Botir)); r.status != http.StatusForbidden {
				t.Errorf("%s with %s: %d", kind, header, r.status)
			}
		}
	}
	for _, kind := range []string{"text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", ""} {
		req, err := http.NewRequest(http.MethodPost, o.url, strings.NewReader(mutation))
		o.check(err)
		req.Header.Set("Content-Type", kind)
		if r := o.do(req, o.key(apptest.Botir)); r.status != http.StatusUnsupportedMediaType {
			t.Errorf("%q: %d", kind, r.status)
		}
	}
	if r := o.ask(apptest.Botir, `{ viewer { name } }`, nil); r.code() != "" {
		t.Errorf("one of them signed out: %s", r.text)
	}
}

func TestMalformedJSONIsNotRepeated(t *testing.T) {
	t.Parallel()
	o := open(t)
	for _, body := range []string{
		`{"query": "mutation { signIn(input: {email: \"a\", password: \"hunter2secret\"}) `, `{"query": ["hunter2secret"]}`,
		`hunter2secret`, `{"query":"{ viewer { name } }"} hunter2secret`, `{"variables": "hunter2secret", "query": "{__typename}"}`,
	} {
		r := o.post("", []byte(body))
		if r.status != http.StatusBadRequest || r.code() != "INVALID" {
			t.Errorf("%s: %d %s", body, r.status, r.text)
		}
		if strings.Contains(r.text+o.log.String(), "hunter2secret") {
			t.Errorf("%s was repeated: %s", body, r.text)
		}
	}
}

func TestStrangersOnlySignIn(t *testing.T) {
	t.Parallel()
	o := open(t)
	for _, query := range []string{
		`{ viewer { name } }`, `{ __schema { types { name } } }`, `mutation { signOut(input: {}) { signedOut } }`,
		`mutation { signIn(input: {email: "a", password: "b"}) { accessToken } signOut(input: {}) { signedOut } }`,
		`mutation { a: signIn(input: {email: "a", password: "b"}) { accessToken } b: signIn(input: {email: "a", password: "b"}) { accessToken } }`,
		`mutation { ...f } fragment f on Mutation { signOut(input: {}) { signedOut } }`,
	} {
		if code := o.ask("", query, nil).code(); code != "UNAUTHENTICATED" {
			t.Errorf("%s: %q", query, code)
		}
	}
	if r := o.ask("", `{ viewr { name } }`, nil); strings.Contains(r.text, "Did you mean") {
		t.Errorf("a stranger is told %s", r.text)
	}
	if r := o.ask(apptest.Jasur, `{ viewr { name } }`, nil); !strings.Contains(r.text, "Did you mean") {
		t.Errorf("Jasur is told %s", r.text)
	}
	if r := o.ask(apptest.Jasur, `{ __schema { queryType { name } } }`, nil); r.code() != "" {
		t.Errorf("Jasur may not ask the schema: %s", r.text)
	}
	if r := o.post("nonsense", []byte(`{"query":"{ viewer { name } }"}`)); r.status != http.StatusUnauthorized || r.code() != "UNAUTHENTICATED" {
		t.Errorf("a bad token: %d %s", r.status, r.text)
	}
}

func TestSigningInAndOut(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.key(apptest.Jasur) // sets the password
	const signIn = `mutation($p: String!) { signIn(input: {email: "jasur@demo.example", password: $p}) { accessToken refreshToken expiresAt user { name email salary { amount { amount } } } } }`
	var got struct {
		SignIn struct {
			AccessToken, RefreshToken string
			User                      struct {
				Name   string
				Email  *string
				Salary *struct{}
			}
		}
		RefreshSession struct{ AccessToken string }
	}
	o.ask("", signIn, map[string]any{"p": password}).into(t, &got)
	if got.SignIn.User.Email == nil || got.SignIn.User.Salary == nil {
		t.Errorf("who signs in does not see themselves: %+v", got.SignIn.User)
	}
	wrong := o.ask("", signIn, map[string]any{"p": "hunter2secret"})
	if wrong.code() != "UNAUTHENTICATED" || strings.Contains(wrong.text+o.log.String(), "hunter2secret") {
		t.Errorf("a wrong password: %s %s", wrong.text, o.log.String())
	}
	o.ask("", `mutation($t: String!) { refreshSession(input: {refreshToken: $t}) { accessToken } }`, map[string]any{"t": got.SignIn.RefreshToken}).into(t, &got)
	body := []byte(`{"query":"mutation { signOut(input: {}) { signedOut } }"}`)
	if r := o.post(got.RefreshSession.AccessToken, body); r.code() != "" {
		t.Fatal(r.text)
	}
	if r := o.post(got.SignIn.AccessToken, body); r.status != http.StatusUnauthorized {
		t.Errorf("the session goes on: %s", r.text)
	}
}

func TestHiddenAndAbsentAreTheSame(t *testing.T) {
	t.Parallel()
	o := open(t).talks()
	var hidden int
	o.One(`SELECT s.id FROM salaries s WHERE s.user_id = $1`, []any{o.ID(apptest.Malika)}, &hidden)
	const one, many = `query($id: ID!) { node(id: $id) { id } }`, `query($id: ID!) { nodes(ids: [$id]) { id } }`
	absent := o.ask(apptest.Jasur, one, map[string]any{"id": hidden + 1000})
	for _, query := range []string{one, many} {
		r := o.ask(apptest.Jasur, query, map[string]any{"id": hidden})
		if r.code() != "NOT_FOUND" || r.Errors[0].Message != absent.Errors[0].Message {
			t.Errorf("hidden: %s; absent: %s", r.text, absent.text)
		}
	}
	if r := o.ask(apptest.Malika, one, map[string]any{"id": hidden}); r.code() != "" {
		t.Errorf("Malika does not see her salary: %s", r.text)
	}
	var mine int
	o.One(`SELECT id FROM users WHERE id = $1`, []any{o.ID(apptest.Jasur)}, &mine)
	r := o.ask(apptest.Jasur, `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": []int{hidden, mine}})
	if !strings.Contains(string(r.Data), `null,{"id":`) || r.code() != "NOT_FOUND" {
		t.Errorf("nodes: %s", r.text)
	}
}

func TestFaultsOfOursStayInside(t *testing.T) {
	t.Parallel()
	o := open(t)
	token := o.key(apptest.Botir)
	_, err := o.Database.OwnerPool(t).ExecContext(context.Background(), `DROP TABLE kpis CASCADE`)
	o.check(err)
	r := o.post(token, []byte(`{"query":"{ kpis { totalCount } }"}`))
	if r.code() != "INTERNAL" || strings.Contains(r.text, "kpis\\\"") || strings.Contains(r.text, "pq") {
		t.Errorf("answered %s", r.text)
	}
	if !strings.Contains(o.log.String(), "a field failed") {
		t.Error("nothing was logged")
	}
}

func TestGETIsForQueries(t *testing.T) {
	t.Parallel()
	o := open(t)
	get := func(query string) reply {
		req, err := http.NewRequest(http.MethodGet, o.url, nil)
		o.check(err)
		q := req.URL.Query()
		q.Set("query", query)
		req.URL.RawQuery = q.Encode()
		return o.do(req, o.key(apptest.Jasur))
	}
	if r := get(`{ viewer { name } }`); r.code() != "" {
		t.Error(r.text)
	}
	if r := get(`mutation { signOut(input: {}) { signedOut } }`); r.status != http.StatusMethodNotAllowed {
		t.Errorf("%d %s", r.status, r.text)
	}
}

func TestBadArgumentsAreTheAskersFault(t *testing.T) {
	t.Parallel()
	o := open(t)
	for _, query := range []string{
		`{ users(first: -1) { totalCount } }`, `{ users(first: 1, last: 1) { totalCount } }`, `{ users(after: "junk") { totalCount } }`,
		`{ latestKpiResults(period: "yesterday") { id } }`, `{ messages(where: {sentAtGT: "yesterday"}) { totalCount } }`,
		`{ users(where: {name: 5}) { totalCount } }`, `{ users(where: {idIn: ["x"]}) { totalCount } }`, `{ nothing }`, `{`,
		`{ users(first: 99999999999999999999) { totalCount } }`, `{ node(id: "99999999999999999999") { id } }`,
		`{ messages(where: {telegramID: "x"}) { totalCount } }`, `{ agreement(days: 0) { labels } }`,
		`mutation { computeKpis(input: {period: "2026-99"}) { results { id } } }`,
	} {
		if r := o.ask(apptest.Botir, query, nil); r.code() != "INVALID" {
			t.Errorf("%s: %s", query, r.text)
		}
	}
	if !bytes.Equal(nil, []byte(o.log.String())) {
		t.Errorf("logged %s", o.log.String())
	}
}
