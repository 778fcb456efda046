package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fincokpi/finco/domain"
)

const (
	typeJSON     = "application/json"
	typeResponse = "application/graphql-response+json"
	typeEvents   = "text/event-stream"
)

// plain answers POST with any operation but a subscription, and GET with queries, as GraphQL over HTTP says
// (graphql.github.io/graphql-over-http, draft of 2025).
type plain struct{ timeout time.Duration }

// Supports takes what is no socket and asks for no events.
func (plain) Supports(r *http.Request) bool { return !wantsEvents(r) && !wantsSocket(r) }

func wantsSocket(r *http.Request) bool { return r.Header.Get("Upgrade") != "" }

func wantsEvents(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), typeEvents)
}

// Do answers one request.
func (p plain) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	accepted, ok := accepts(r)
	if !ok {
		answerFault(w, typeJSON, http.StatusNotAcceptable, refuse(codeInvalid, "accept %s or %s", typeResponse, typeJSON))
		return
	}
	params, status, fault := readParams(r)
	if fault != nil {
		answerFault(w, accepted, status, fault)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), p.timeout)
	defer cancel()
	op, faults := exec.CreateOperationContext(ctx, params)
	if faults == nil {
		status, fault = mayRun(r.Method, op.Operation.Operation)
		if fault != nil {
			answerFault(w, accepted, status, fault)
			return
		}
	}
	if faults != nil {
		answer(w, accepted, requestFault(accepted), exec.DispatchError(graphql.WithOperationContext(ctx, op), fewer(faults)))
		return
	}
	respond, ctx := exec.DispatchOperation(ctx, op)
	resp := respond(ctx)
	if resp == nil {
		resp = exec.DispatchError(graphql.WithOperationContext(ctx, op), gqlerror.List{refuse(codeUnavailable, "the answer took too long or was no longer wanted")})
	}
	answer(w, accepted, http.StatusOK, resp)
}

func mayRun(method string, kind ast.Operation) (int, *gqlerror.Error) {
	switch {
	case kind == ast.Subscription:
		return http.StatusBadRequest, refuse(codeInvalid, "subscribe with a websocket or accept %s", typeEvents)
	case method == http.MethodGet && kind != ast.Query:
		return http.StatusMethodNotAllowed, refuse(codeInvalid, "GET is for queries only")
	}
	return 0, nil
}

// requestFault is the status of a document that cannot be run: the older media type always says 200.
func requestFault(accepted string) int {
	if accepted == typeResponse {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// accepts chooses the media type of the answer; whoever takes any gets the older one.
func accepts(r *http.Request) (string, bool) {
	header := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(header) == "" {
		return typeJSON, true
	}
	for part := range strings.SplitSeq(header, ",") {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil || params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
			continue
		}
		switch media {
		case typeResponse:
			return typeResponse, true
		case typeJSON, "application/*", "*/*":
			return typeJSON, true
		}
	}
	return "", false
}

// readParams reads what is asked. A fault never repeats the request, which may hold a password.
func readParams(r *http.Request) (*graphql.RawParams, int, *gqlerror.Error) {
	var params *graphql.RawParams
	var status int
	var fault *gqlerror.Error
	switch r.Method {
	case http.MethodGet:
		params, status, fault = paramsOfURL(r.URL.RawQuery)
	case http.MethodPost:
		params, status, fault = paramsOfBody(r)
	default:
		return nil, http.StatusMethodNotAllowed, refuse(codeInvalid, "use POST, or GET for queries")
	}
	if fault != nil {
		return nil, status, fault
	}
	if params.Query == "" {
		return nil, http.StatusBadRequest, refuse(codeInvalid, "the request has no query")
	}
	params.Headers = r.Header
	return params, 0, nil
}

func paramsOfURL(raw string) (*graphql.RawParams, int, *gqlerror.Error) {
	malformed := refuse(codeInvalid, "the address has malformed parameters")
	values, err := url.ParseQuery(raw)
	if err != nil || len(raw) > maxBody {
		return nil, http.StatusBadRequest, malformed
	}
	params := &graphql.RawParams{Query: values.Get("query"), OperationName: values.Get("operationName")}
	for name, into := range map[string]*map[string]any{"variables": &params.Variables, "extensions": &params.Extensions} {
		if text := values.Get(name); text != "" && decode([]byte(text), into) != nil {
			return nil, http.StatusBadRequest, malformed
		}
	}
	return params, 0, nil
}

func paramsOfBody(r *http.Request) (*graphql.RawParams, int, *gqlerror.Error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != typeJSON || params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
		return nil, http.StatusUnsupportedMediaType, refuse(codeInvalid, "send %s in utf-8", typeJSON)
	}
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, http.StatusRequestEntityTooLarge, refuse(codeInvalid, "the request is larger than %d KiB", maxBody>>10)
	}
	if err != nil {
		return nil, http.StatusBadRequest, refuse(codeInvalid, "the request was cut off")
	}
	out := &graphql.RawParams{}
	if decode(body, out) != nil {
		return nil, http.StatusBadRequest, refuse(codeInvalid, "the body is no JSON object with query, operationName, variables and extensions")
	}
	return out, 0, nil
}

// decode reads one JSON value and nothing after it, numbers as they are written.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return domain.Errorf(domain.KindInvalid, "there is something after the value")
	}
	return nil
}

func answerFault(w http.ResponseWriter, media string, status int, fault *gqlerror.Error) {
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", "GET, POST")
	}
	answer(w, media, status, &graphql.Response{Errors: gqlerror.List{fault}})
}

func answer(w http.ResponseWriter, media string, status int, resp *graphql.Response) {
	text := encode(resp)
	h := w.Header()
	h.Set("Content-Type", media+"; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// encode writes an answer without copying the data through the encoder once more.
func encode(resp *graphql.Response) []byte {
	out := make([]byte, 0, len(resp.Data)+512)
	out = append(out, '{')
	if len(resp.Errors) > 0 {
		errs, err := json.Marshal(resp.Errors)
		if err != nil {
			errs = []byte(`[{"message":"` + internalMessage + `","extensions":{"code":"` + codeInternal + `"}}]`)
		}
		out = append(append(out, `"errors":`...), errs...)
	}
	if len(resp.Data) > 0 {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(out, `"data":`...), resp.Data...)
	}
	return append(out, '}')
}
