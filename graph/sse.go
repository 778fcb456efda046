package graph

import (
	"fmt"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// events answers a POST that accepts text/event-stream with server-sent events: next for each answer, then complete
// (the distinct connections mode of graphql-sse).
type events struct {
	resolver  *Resolver
	keepAlive time.Duration
}

// Supports takes what asks for events.
func (events) Supports(r *http.Request) bool { return wantsEvents(r) && !wantsSocket(r) }

// Do answers until the subscription ends, the reader goes, or their session ends.
func (e events) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	params, status, fault := readParams(r)
	if fault != nil {
		answerFault(w, typeJSON, status, fault)
		return
	}
	ctx, stop := e.resolver.whileSigned(r.Context())
	defer stop()
	op, faults := exec.CreateOperationContext(ctx, params)
	if faults == nil {
		if status, fault = mayStream(r.Method, op); fault != nil {
			answerFault(w, typeJSON, status, fault)
			return
		}
	}
	out := newEventWriter(w)
	if faults != nil {
		out.next(exec.DispatchError(graphql.WithOperationContext(ctx, op), fewer(faults)))
		out.complete()
		return
	}
	answers := make(chan *graphql.Response)
	respond, opCtx := exec.DispatchOperation(ctx, op)
	go func() {
		defer close(answers)
		for {
			resp := respond(opCtx)
			if resp == nil {
				return
			}
			select {
			case answers <- resp:
			case <-ctx.Done():
				return
			}
		}
	}()
	beat := time.NewTicker(e.keepAlive)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			out.complete()
			return
		case <-beat.C:
			out.write(":\n\n")
		case resp, ok := <-answers:
			if !ok || ctx.Err() != nil {
				out.complete()
				return
			}
			out.next(resp)
		}
	}
}

func mayStream(method string, op *graphql.OperationContext) (int, *gqlerror.Error) {
	if op.Operation.Operation == "subscription" {
		return 0, nil // it changes nothing, so GET may too
	}
	return mayRun(method, op.Operation.Operation)
}

// eventWriter gives every write a time to finish, so that a reader who stopped reading does not hold the connection.
type eventWriter struct {
	w http.ResponseWriter
	c *http.ResponseController
}

const writeTimeout = 10 * time.Second

func newEventWriter(w http.ResponseWriter) *eventWriter {
	h := w.Header()
	h.Set("Content-Type", typeEvents+"; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	out := &eventWriter{w: w, c: http.NewResponseController(w)}
	out.write(":\n\n")
	return out
}

func (e *eventWriter) write(text string) {
	_ = e.c.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, _ = fmt.Fprint(e.w, text)
	_ = e.c.Flush()
}

func (e *eventWriter) next(resp *graphql.Response) {
	e.write("event: next\ndata: " + string(encode(resp)) + "\n\n")
}

func (e *eventWriter) complete() { e.write("event: complete\ndata:\n\n") }
