package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/quality/scorecard"
	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/plugins/textmodel/language"
)

// codeVersion changes when the same prompts and the same answers of a model may give other outcomes.
const codeVersion = "1.1.0"

// plugin asks a model; it is safe for concurrent use.
type plugin struct {
	prompts *prompts
	version string
	model   string                 // that this executable is for; "": the settings name one
	engine  atomic.Pointer[engine] // set by Configure
}

// engine is what the settings say.
type engine struct {
	client *client
	seed   int64
	topics []topic
	labels []string          // of topics as the model is shown them, with Other
	keys   map[string]string // of topics by label
}

// newPlugin makes the plugin of an executable that is for one model, or for any ("").
func newPlugin(model string) (*plugin, error) {
	p, err := loadPrompts()
	if err != nil {
		return nil, err
	}
	tongues, err := language.Load()
	if err != nil {
		return nil, err
	}
	return &plugin{prompts: p, version: versionOf(p.hash, tongues, model), model: model}, nil
}

// Describe implements analyzer.Analyzer. One message a call: a model is slow, and a batch would share one deadline.
func (p *plugin) Describe() analyzer.Description {
	both := []analyzer.Side{analyzer.Customer, analyzer.Staff}
	staff := []analyzer.Side{analyzer.Staff}
	model := analyzer.Setting{Key: "model", Type: analyzer.String, Required: true, Doc: "Name of the model on that server."}
	if p.model != "" {
		model.Default, model.Required = p.model, false
	}
	return analyzer.Description{
		Name: "llm", Version: p.version,
		Kinds: []analyzer.Kind{analyzer.Sentiment, analyzer.Quality, analyzer.Topic, analyzer.Relevance},
		Sides: map[analyzer.Kind][]analyzer.Side{
			analyzer.Sentiment: both, analyzer.Topic: both, analyzer.Quality: staff, analyzer.Relevance: staff},
		Labels:    map[analyzer.Kind][]string{analyzer.Sentiment: {analyzer.Negative, analyzer.Neutral, analyzer.Positive}},
		Languages: language.Tags(),
		MaxBatch:  1,
		Settings: []analyzer.Setting{
			{Key: "url", Type: analyzer.String, Required: true,
				Doc: "Address of the model server, such as http://localhost:11434. Messages are sent there."},
			{Key: "api", Type: analyzer.String, Default: "ollama", Doc: "What the server speaks: ollama, or openai (/v1/chat/completions)."},
			model,
			{Key: "token", Type: analyzer.String, Secret: true, Doc: "Sent as a bearer token, if the server wants one."},
			{Key: "timeout", Type: analyzer.Integer, Default: 25,
				Doc: "Seconds for one answer, 1 to 600. The host's deadline for a call, 30 s by default, holds as well."},
			{Key: "seed", Type: analyzer.Integer, Default: 1, Doc: "Seed of the model's sampling, 0 or more: the same message, the same answer."},
			{Key: "topics", Type: analyzer.Object, Default: map[string][]string{},
				Doc: "The company's own topics beside the shipped ones, as for the analyzer topic: each name with a list of example phrases. " +
					"A name that is shipped gets the phrases as well."},
			{Key: "only", Type: analyzer.Bool, Default: false, Doc: "Give only the company's own topics, and other for the rest."},
		},
	}
}

// settings are those that Describe lists.
type settings struct {
	URL     string          `json:"url"`
	API     string          `json:"api"`
	Model   string          `json:"model"`
	Token   string          `json:"token"`
	Timeout float64         `json:"timeout"`
	Seed    float64         `json:"seed"`
	Topics  json.RawMessage `json:"topics"`
	Only    bool            `json:"only"`
}

// Configure implements analyzer.Analyzer. It does not call the server: one that is away is told by the first message and
// must not take the plugin out of service.
func (p *plugin) Configure(raw json.RawMessage) error {
	var given settings
	if err := json.Unmarshal(raw, &given); err != nil {
		return analyzer.Errorf(analyzer.Invalid, "settings are not of the types described")
	}
	base, own, err := p.check(given)
	if err != nil {
		return err
	}
	shipped := p.prompts.topics
	if given.Only {
		shipped = nil
	}
	e := &engine{client: newClient(base, given.API == "ollama", given.Model, given.Token, time.Duration(given.Timeout)*time.Second),
		seed: int64(given.Seed), topics: joinTopics(shipped, own), keys: map[string]string{analyzer.Other: analyzer.Other}}
	for _, t := range e.topics {
		e.labels = append(e.labels, t.Label)
		e.keys[t.Label] = t.Key
	}
	e.labels = append(e.labels, analyzer.Other)
	p.engine.Store(e)
	return nil
}

// check returns the server's address and the company's own topics, or an error that names every fault.
func (p *plugin) check(given settings) (base string, own []topic, err error) {
	var faults []string
	fault := func(bad bool, what string) {
		if bad {
			faults = append(faults, what)
		}
	}
	end := "/v1"
	if given.API == "ollama" {
		end = "/api"
	}
	base, ok := baseURL(given.URL, end)
	fault(!ok, "url must be http:// or https:// with a host, without user, ? or #")
	fault(given.API != "ollama" && given.API != "openai", "api must be ollama or openai")
	switch {
	case !modelName(given.Model):
		fault(true, "model must be a name of at most 200 bytes without blanks")
	case p.model != "" && given.Model != p.model:
		fault(true, "model: this version is for "+p.model+"; FINCO_LLM_MODEL makes one for another")
	}
	fault(strings.ContainsAny(given.Token, "\r\n\x00"), "token must be one line")
	fault(!(given.Timeout >= 1 && given.Timeout <= 600), "timeout must be 1 to 600 seconds")
	fault(!(given.Seed >= 0 && given.Seed <= 1<<31-2), "seed must be 0 to 2147483646") // one more is the retry's, and servers take 31 bits
	if own, err = readTopics(given.Topics); err != nil {
		fault(true, analyzer.AsError(err).Message)
	}
	fault(given.Only && err == nil && len(own) == 0, "only needs topics")
	if len(faults) > 0 {
		return "", nil, analyzer.Errorf(analyzer.Invalid, "settings: %s", strings.Join(faults, "; "))
	}
	return base, own, nil
}

// Analyze implements analyzer.Analyzer. A message of neither side, or without words, has no outcome.
func (p *plugin) Analyze(ctx context.Context, inputs []analyzer.Input) ([]analyzer.Result, error) {
	return analyzer.Each(ctx, inputs, p.judge)
}

func (p *plugin) judge(ctx context.Context, input analyzer.Input) ([]analyzer.Outcome, error) {
	e := p.engine.Load()
	if e == nil {
		return nil, analyzer.Errorf(analyzer.Internal, "asked before it had its settings")
	}
	if input.Side != analyzer.Customer && input.Side != analyzer.Staff || textmodel.Blank(input.Text) {
		return nil, nil
	}
	before, asked := history(input.Context, input.At)
	a := e.asks(input.Side, asked)
	text := strings.ToValidUTF8(input.Text, "?")
	shown := shield(clip(text, maxMessage))
	talk, err := p.prompts.write(a, e.topics, input.Side, shown, before)
	if err != nil {
		return nil, analyzer.Errorf(analyzer.Internal, "write the prompt: %v", err)
	}
	said, err := e.consult(ctx, a, talk)
	if err != nil {
		return nil, err
	}
	r := reading{prompts: p.prompts, ask: a, answer: said, topics: e.keys, model: e.client.model, digest: e.client.digest(), shown: shown, text: text}
	r.language, _ = language.Detect(input.Text)
	return r.outcomes(input.Side), nil
}

// asks is what applies to a message of this side. What bears on the customer's words is not asked when there are none: a
// model would guess.
func (e *engine) asks(side analyzer.Side, asked bool) ask {
	a := ask{sentiment: true, topics: e.labels}
	if side != analyzer.Staff {
		return a
	}
	a.criteria = []string{scorecard.Tone, scorecard.Clarity}
	if asked {
		a.relevance, a.criteria = true, scorecard.Keys()
	}
	return a
}

// consult asks the model, and once more with another seed if the answer is nonsense.
func (e *engine) consult(ctx context.Context, a ask, talk conversation) (answer, error) {
	schema := a.schema()
	for attempt := range int64(2) {
		content, err := e.client.chat(ctx, talk, schema, e.seed+attempt)
		if err != nil {
			return answer{}, err
		}
		said, err := a.parse(content)
		if err == nil {
			return said, nil
		}
		if !errors.Is(err, errNonsense) {
			return answer{}, err
		}
	}
	return answer{}, analyzer.Downstreamf(analyzer.Invalid, "model %s answered twice with what does not fit the schema", e.client.model)
}
