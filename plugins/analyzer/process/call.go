//go:build unix

package process

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/fincokpi/finco/plugins/analyzer"
	analyzerv1 "github.com/fincokpi/finco/plugins/proto/v1"
)

// lastWords is how long a broken connection waits for the process to be reaped, to tell the reason.
const lastWords = time.Second

// Analyze sends one batch and returns one result per input, in the order of the inputs. ctx must carry a deadline.
//
// A result that breaks the contract (a score out of range, an undeclared kind) becomes that input's internal error. An
// input too large for the wire becomes its invalid error when it comes alone. The error of the whole batch is either
// the plugin's own *analyzer.Error or a *Failure: wrong, doubled or missing ids and oversized answers are Broken.
func (p *Process) Analyze(ctx context.Context, inputs []analyzer.Input) ([]analyzer.Result, error) {
	if len(inputs) == 0 {
		return nil, nil
	}
	if p.description.Audio {
		return nil, analyzer.Errorf(analyzer.Invalid, "it listens to voice notes and judges no texts")
	}
	place := make(map[string]int, len(inputs))
	for i, input := range inputs {
		if _, twice := place[input.ID]; twice {
			return nil, analyzer.Errorf(analyzer.Invalid, "the batch has an id twice")
		}
		if !utf8.ValidString(input.ID) { // the wire would change it, and the plugin would answer for another
			return nil, analyzer.Errorf(analyzer.Invalid, "an id is not UTF-8")
		}
		place[input.ID] = i
	}
	request := analyzer.InputsToWire(inputs)
	if size := proto.Size(request); size > p.options.MaxMessage {
		tooLarge := analyzer.Errorf(analyzer.Invalid, "%d bytes are more than the %d a plugin is handed", size, p.options.MaxMessage)
		if len(inputs) > 1 {
			return nil, tooLarge
		}
		return []analyzer.Result{{ID: inputs[0].ID, Err: tooLarge}}, nil
	}
	p.recent.add(inputs)
	var response *analyzerv1.AnalyzeResponse
	err := p.call(ctx, "analyze", func() (err error) {
		response, err = p.service.Analyze(ctx, request)
		return err
	})
	if err != nil {
		return nil, err
	}
	if wrong := analyzer.ErrorFromWire(response.GetError()); wrong != nil {
		return nil, p.told(wrong)
	}
	return p.match(place, analyzer.ResultsFromWire(response.GetResults()))
}

// match brings results into the order of the inputs, of which place knows the index by id, and checks each.
func (p *Process) match(place map[string]int, results []analyzer.Result) ([]analyzer.Result, error) {
	ordered := make([]analyzer.Result, len(place))
	answered := make([]bool, len(place))
	for _, result := range results {
		i, known := place[result.ID]
		if !known {
			return nil, fail(Broken, "it answered for an id that it was not asked about")
		}
		if answered[i] {
			return nil, fail(Broken, "it answered twice for one id")
		}
		if wrong := analyzer.CheckResult(p.description, result); wrong != nil {
			result.Outcomes, result.Err = nil, wrong
		}
		result.Err = p.told(result.Err)
		ordered[i], answered[i] = result, true
	}
	if len(results) != len(place) {
		return nil, fail(Broken, "it gave %d results for %d inputs", len(results), len(place))
	}
	return ordered, nil
}

// told makes an error of the plugin fit to be stored and logged.
func (p *Process) told(err *analyzer.Error) *analyzer.Error {
	if err == nil {
		return nil
	}
	return &analyzer.Error{Fault: err.Fault, Kind: err.Kind, Message: p.tellable(err.Message)}
}

// call runs one RPC and turns what gRPC says into a *Failure.
func (p *Process) call(ctx context.Context, what string, rpc func() error) error {
	if p.Exited() {
		return p.gone("before " + what)
	}
	err := rpc()
	var own *Failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own
	case ctx.Err() != nil:
		return failContext(ctx, "it did not answer "+what)
	}
	switch code := status.Code(err); code {
	case codes.Unavailable, codes.Canceled:
		return p.lost(ctx, what)
	case codes.DeadlineExceeded:
		return fail(TimedOut, "it did not answer %s in time", what)
	case codes.ResourceExhausted:
		return fail(Broken, "its answer to %s is larger than %d MiB", what, p.options.MaxMessage>>20)
	default:
		return fail(Broken, "%s: %s: %s", what, code, p.tellable(status.Convert(err).Message()))
	}
}

// lost says why the connection broke, after giving a dying process a moment to be dead.
func (p *Process) lost(ctx context.Context, what string) error {
	timer := time.NewTimer(lastWords)
	defer timer.Stop()
	select {
	case <-p.runner.done:
		return p.gone("during " + what)
	case <-timer.C:
	case <-ctx.Done():
	}
	return fail(Crashed, "it can't be reached for %s", what)
}

func (p *Process) gone(when string) *Failure {
	if p.runner.fromOutside() {
		return fail(Killed, "the process %s %s", p.Reason(), when)
	}
	return fail(Crashed, "the process %s %s", p.Reason(), when)
}
