package apptest

import (
	"context"
	"io"
	"sync"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// Analyzers answers in place of plugins: by the text of a message, else by default, else with nothing to say. What is set for
// name@version is that version's alone.
type Analyzers struct {
	mu       sync.Mutex
	answers  map[string]map[string]analyzer.Result
	defaults map[string][]analyzer.Outcome
	down     map[string]error
	asked    map[string][]analyzer.Input
	calls    map[string][]int
	during   map[string]func()
}

func newAnalyzers() *Analyzers {
	return &Analyzers{
		answers: map[string]map[string]analyzer.Result{}, defaults: map[string][]analyzer.Outcome{},
		down: map[string]error{}, asked: map[string][]analyzer.Input{}, calls: map[string][]int{}, during: map[string]func(){},
	}
}

// Answer has an analyzer give these outcomes of a text.
func (a *Analyzers) Answer(name, text string, outcomes ...analyzer.Outcome) {
	a.put(name, text, analyzer.Result{Outcomes: outcomes})
}

// Refuse has an analyzer fail on a text, and on that alone.
func (a *Analyzers) Refuse(name, text string, err *analyzer.Error) {
	a.put(name, text, analyzer.Result{Err: err})
}

func (a *Analyzers) put(name, text string, r analyzer.Result) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.answers[name] == nil {
		a.answers[name] = map[string]analyzer.Result{}
	}
	a.answers[name][text] = r
}

// Default has an analyzer give these outcomes of any other text.
func (a *Analyzers) Default(name string, outcomes ...analyzer.Outcome) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.defaults[name] = outcomes
}

// Down has every batch of an analyzer fail until it is nil again.
func (a *Analyzers) Down(name string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.down[name] = err
}

// During has something happen once, while an analyzer judges its next batch.
func (a *Analyzers) During(name string, do func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.during[name] = do
}

// happen does what was to happen meanwhile.
func (a *Analyzers) happen(name string) {
	a.mu.Lock()
	do := a.during[name]
	delete(a.during, name)
	a.mu.Unlock()
	if do != nil {
		do()
	}
}

// Asked are the inputs that an analyzer got, in order.
func (a *Analyzers) Asked(name string) []analyzer.Input {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]analyzer.Input(nil), a.asked[name]...)
}

// Calls are how many inputs each call to an analyzer had.
func (a *Analyzers) Calls(name string) []int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]int(nil), a.calls[name]...)
}

// Analyze is what the App calls.
func (a *Analyzers) Analyze(_ context.Context, name, version string, inputs []analyzer.Input) ([]analyzer.Result, error) {
	a.happen(name)
	a.mu.Lock()
	defer a.mu.Unlock()
	if own := name + "@" + version; a.answers[own] != nil || a.defaults[own] != nil || a.down[own] != nil {
		name = own
	}
	a.asked[name] = append(a.asked[name], inputs...)
	a.calls[name] = append(a.calls[name], len(inputs))
	if err := a.down[name]; err != nil {
		return nil, err
	}
	out := make([]analyzer.Result, len(inputs))
	for i, in := range inputs {
		r, ok := a.answers[name][in.Text]
		if !ok {
			r.Outcomes = a.defaults[name]
		}
		r.ID = in.ID
		out[i] = r
	}
	return out, nil
}

// Listen hears the bytes of a sound as the text that an Answer is for.
func (a *Analyzers) Listen(ctx context.Context, name, version string, in analyzer.Input, audio analyzer.Audio) (analyzer.Result, error) {
	heard, err := io.ReadAll(audio.Reader)
	if err != nil {
		return analyzer.Result{}, err
	}
	in.Text = string(heard)
	results, err := a.Analyze(ctx, name, version, []analyzer.Input{in})
	if err != nil {
		return analyzer.Result{}, err
	}
	return results[0], nil
}

// Label is an outcome of a kind that has labels, in a language, with a confidence of 0.9.
func Label(kind analyzer.Kind, label, language string) analyzer.Outcome {
	return analyzer.Outcome{Kind: kind, Label: label, Language: language, Confidence: 0.9}
}

// Score is an outcome of a kind that has scores, in a language, with a confidence of 0.9.
func Score(kind analyzer.Kind, score float64, language string) analyzer.Outcome {
	return analyzer.Outcome{Kind: kind, Score: &score, Language: language, Confidence: 0.9}
}
