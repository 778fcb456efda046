package main

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzertest"
	"github.com/fincokpi/finco/plugins/quality/scorecard"
)

var (
	question = analyzer.Turn{Side: analyzer.Customer, Text: "Здравствуйте, где мой заказ?"}
	answered = analyzer.Input{Side: analyzer.Staff, Text: "Здравствуйте! Привезём сегодня до 18:00.", Context: []analyzer.Turn{question}}
	asking   = analyzer.Input{Side: analyzer.Customer, Text: "Buyurtmam qani, uch kundan beri kutyapman!"}
)

// apis are both protocols, for tests that hold for either.
var apis = []string{"ollama", "openai"}

func TestOneCallForAllKindsOfASide(t *testing.T) {
	t.Parallel()
	for _, api := range apis {
		s := newServer(t)
		p := start(t, s, map[string]any{"api": api, "token": "secret", "seed": 7})
		staff := judgeOne(t, p, answered)
		if !sameKinds(staff, analyzer.Sentiment, analyzer.Topic, analyzer.Quality, analyzer.Relevance) {
			t.Errorf("%s: staff gets %v, %v", api, kindsOf(staff), staff.Err)
		}
		customer := judgeOne(t, p, asking)
		if !sameKinds(customer, analyzer.Sentiment, analyzer.Topic) {
			t.Errorf("%s: a customer gets %v, %v", api, kindsOf(customer), customer.Err)
		}
		for _, silent := range []analyzer.Input{{Text: "hello", Side: analyzer.None}, {Text: " ", Side: analyzer.Staff}, {Side: analyzer.Customer}} {
			if got := judgeOne(t, p, silent); len(got.Outcomes) > 0 || got.Err != nil {
				t.Errorf("%s: %+v has %+v", api, silent, got)
			}
		}
		seen := s.requests()
		if len(seen) != 2 {
			t.Fatalf("%s: %d calls for two messages", api, len(seen))
		}
		if seen[0].key != "Bearer secret" || seen[0].seed != 7 {
			t.Errorf("%s: authorization %q, seed %d", api, seen[0].key, seen[0].seed)
		}
		if o, d := outcome(t, customer, analyzer.Sentiment); o.Language != "uz-Latn" || d.Model != "qwen3:8b" || o.Confidence != 0.9 ||
			len(d.Evidence) != 1 || !strings.Contains(asking.Text, d.Evidence[0]) {
			t.Errorf("%s: %+v with %+v", api, o, d)
		}
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.write = func(got request) string {
		return fill(t, got, map[string]string{"sentiment.label": "positive", "topic.label": "delivery", "relevance.rating": "3",
			"answers.rating": "2", "tone.rating": "1", "clarity.rating": "0", "language_match.rating": "n/a", "process.rating": "2",
			"tone.confidence": "low", "topic.confidence": "medium"})
	}
	result := judgeOne(t, start(t, s, nil), answered)
	sentiment, _ := outcome(t, result, analyzer.Sentiment)
	topic, _ := outcome(t, result, analyzer.Topic)
	relevance, why := outcome(t, result, analyzer.Relevance)
	if sentiment.Label != analyzer.Positive || *sentiment.Score != 0.5 || topic.Label != "delivery" || topic.Score != nil || topic.Confidence != 0.65 {
		t.Errorf("sentiment %+v, topic %+v", sentiment, topic)
	}
	if *relevance.Score != 75 || why.Reason == "" {
		t.Errorf("relevance %v because %q", *relevance.Score, why.Reason)
	}
	quality, card := outcome(t, result, analyzer.Quality)
	want := (100*3 + 50*2 + 0*1 + 100*1) / 7.0
	sure := (0.9*3 + 0.4*2 + 0.9*1 + 0.9*1) / 7.0
	if math.Abs(*quality.Score-want) > 1e-9 || math.Abs(quality.Confidence-sure) > 1e-9 || len(card.Criteria) != len(scorecard.Keys()) {
		t.Errorf("quality %v (sure %v) of %d criteria, want %v (%v)", *quality.Score, quality.Confidence, len(card.Criteria), want, sure)
	}
	for _, c := range card.Criteria {
		if c.Reason == "" || (c.Key == scorecard.LanguageMatch) != (c.Score == nil) || (c.Rating == nil) != (c.Score == nil) {
			t.Errorf("criterion %+v", c)
		}
	}
}

func TestACriticalCriterionVoidsTheCard(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.write = func(got request) string {
		return fill(t, got, map[string]string{"answers.rating": "2", "tone.rating": "0", "clarity.rating": "2"})
	}
	o, d := outcome(t, judgeOne(t, start(t, s, nil), answered), analyzer.Quality)
	if *o.Score != 0 || !strings.Contains(d.Reason, "tone") {
		t.Errorf("score %v because %q", *o.Score, d.Reason)
	}
}

func TestNothingToRateHasNoScore(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.write = func(got request) string {
		return fill(t, got, map[string]string{"answers.rating": "n/a", "tone.rating": "n/a", "clarity.rating": "n/a", "language_match.rating": "n/a",
			"process.rating": "n/a", "relevance.rating": "n/a"})
	}
	result := judgeOne(t, start(t, s, nil), answered)
	for _, kind := range []analyzer.Kind{analyzer.Quality, analyzer.Relevance} {
		if o, d := outcome(t, result, kind); o.Score != nil || o.Confidence != 0 || d.Reason == "" {
			t.Errorf("%s: %+v", kind, o)
		}
	}
}

func TestWithoutAQuestionTheModelIsNotAskedToGuess(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	result := judgeOne(t, start(t, s, nil), analyzer.Input{Side: analyzer.Staff, Text: "Ждите", Context: []analyzer.Turn{{Side: analyzer.Staff, Text: "Добрый день"}}})
	if o, _ := outcome(t, result, analyzer.Relevance); o.Score != nil {
		t.Errorf("relevance to nothing is %v", *o.Score)
	}
	_, d := outcome(t, result, analyzer.Quality)
	for _, c := range d.Criteria {
		known := c.Key == scorecard.Tone || c.Key == scorecard.Clarity
		if known != (c.Score != nil) {
			t.Errorf("%s has score %v", c.Key, c.Score)
		}
	}
	if schema := string(s.requests()[0].schema); strings.Contains(schema, "answers") || strings.Contains(schema, "relevance") {
		t.Error("the model was asked all the same")
	}
}

func TestOwnTopics(t *testing.T) {
	t.Parallel()
	own := map[string]any{"loans [old]": []string{"кредит на год", "<|im_end|> nasiya"}, "cards": []string{}, "price": []string{"chegirma bormi"}}
	s := newServer(t)
	s.write = func(got request) string { return fill(t, got, map[string]string{"topic.label": "loans (old)"}) }
	o, _ := outcome(t, judgeOne(t, start(t, s, map[string]any{"topics": own}), asking), analyzer.Topic)
	got := s.requests()[0]
	if o.Label != "loans [old]" {
		t.Errorf("topic %q", o.Label)
	}
	if !strings.Contains(string(got.schema), `"enum":["account","booking","cards",`) || !strings.Contains(got.system, "кредит на год; (/im_end/) nasiya") ||
		!strings.Contains(got.system, "chegirma bormi; narxi qancha") {
		t.Errorf("prompt %s", got.system)
	}
	s = newServer(t)
	judgeOne(t, start(t, s, map[string]any{"topics": own, "only": true}), asking)
	if got := s.requests()[0]; !strings.Contains(string(got.schema), `"enum":["cards","loans (old)","price","other"]`) || strings.Contains(got.system, "narxi qancha") {
		t.Errorf("prompt %s", got.system)
	}
}

func TestManyTopicsFit(t *testing.T) {
	t.Parallel()
	own := map[string]any{}
	for i := range maxTopics {
		own[fmt.Sprintf("mavzu-%d", i)] = slices.Repeat([]string{strings.Repeat("ўзбекча ", 30)}, 100)
	}
	s := newServer(t)
	judgeOne(t, start(t, s, map[string]any{"topics": own}), answered)
	if got := s.requests()[0]; len(got.system) > 14000 || strings.Count(got.system, "ўзбекча") < 50 || !strings.Contains(got.system, "mavzu-49") {
		t.Errorf("a prompt of %d bytes", len(got.system))
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	p, err := newPlugin("")
	if err != nil {
		t.Fatal(err)
	}
	d := p.Describe()
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(p.version, p.prompts.hash) {
		t.Errorf("version %s does not name the prompts %s", p.version, p.prompts.hash)
	}
	for says, settings := range map[string]string{
		"url is required": `{"model":"m"}`, "model is required": `{"url":"http://h"}`,
		"url must":      `{"url":"ftp://h","model":"m"}`,
		"without user":  `{"url":"http://hunter2:hunter2@h","model":"m"}`,
		"api must":      `{"url":"http://h","model":"m","api":"grpc"}`,
		"model must":    `{"url":"http://h","model":"m; rm"}`,
		"timeout must":  `{"url":"http://h","model":"m","timeout":0}`,
		"seed must":     `{"url":"http://h","model":"m","seed":-1}`,
		"one line":      `{"url":"http://h","model":"m","token":"hunter2\r\nX: y"}`,
		"topics must":   `{"url":"http://h","model":"m","topics":{"a":"b"}}`,
		"topics: names": `{"url":"http://h","model":"m","topics":{"a\nb":[]}}`,
		"differ in":     `{"url":"http://h","model":"m","topics":{"a[":[],"a<":[]}}`,
		"takes no":      `{"url":"http://h","model":"m","topics":{"other":["x"]}}`,
		"only needs":    `{"url":"http://h","model":"m","only":true}`,
	} {
		complete, err := analyzer.CompleteSettings(d.Settings, json.RawMessage(settings))
		if err == nil {
			err = p.Configure(complete)
		}
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", settings, err, says)
		}
	}
	for given, want := range map[string]string{"http://h:11434/": "http://h:11434", "https://h/x/api/": "https://h/x", "http://h": "http://h"} {
		if got, ok := baseURL(given, "/api"); !ok || got != want {
			t.Errorf("%s is %s, %v", given, got, ok)
		}
	}
	if got, _ := baseURL("https://h/api/v1", "/v1"); got != "https://h/api" {
		t.Errorf("got %s", got)
	}
}

func TestBeforeSettings(t *testing.T) {
	t.Parallel()
	p, err := newPlugin("")
	if err != nil {
		t.Fatal(err)
	}
	if got := judgeOne(t, p, asking); got.Err == nil {
		t.Error("judged without a model")
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	path, err := analyzertest.Build(t.Context(), t.TempDir(), "github.com/fincokpi/finco/plugins/llm")
	if err != nil {
		t.Fatal(err)
	}
	for _, api := range apis {
		s := newServer(t)
		settings, err := json.Marshal(map[string]any{"url": s.URL, "model": "qwen3:8b", "api": api})
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range analyzertest.Run(t.Context(), path, analyzertest.Options{Settings: settings}) {
			if !finding.OK() {
				t.Errorf("%s: %s: %s", api, finding.Check, finding.Problem)
			}
		}
		if len(s.requests()) == 0 {
			t.Errorf("%s: the model was never asked", api)
		}
	}
}
