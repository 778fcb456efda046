package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/message"
	"github.com/fincokpi/finco/jobs/args"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// said is everything that analyzers said, by the words it was said of.
func said(w *apptest.World) string {
	var out string
	w.One(`
SELECT COALESCE(string_agg(concat_ws(' ', c.text, a.kind, a.label, a.score, a.language, d.details::text), E'\n' ORDER BY c.text, a.kind), '')
FROM analyses a JOIN message_contents c ON c.id = a.content_id LEFT JOIN analysis_details d ON d.analysis_id = a.id`, nil, &out)
	return out
}

// speak gives the fake analyzers their words.
func speak(w *apptest.World) {
	w.Analyzers.Default("sentiment", apptest.Label(analyzer.Sentiment, "neutral", "uz-Latn"))
	w.Analyzers.Answer("sentiment", "Yomon!", apptest.Label(analyzer.Sentiment, "negative", "uz-Latn"))
	w.Analyzers.Default("question", apptest.Label(analyzer.Question, "no", "uz-Latn"), apptest.Label(analyzer.NeedsReply, "yes", "uz-Latn"))
	why := apptest.Score(analyzer.Quality, 80, "uz-Latn")
	why.Details = []byte(`{"reason":"polite\u0000"}`)
	w.Analyzers.Default("quality", why)
	w.Analyzers.Default("topic", apptest.Label(analyzer.Topic, "other", "uz-Latn"))
}

func TestLiveAndHistoryAreJudgedTheSame(t *testing.T) {
	t.Parallel()
	talk := func(w *apptest.World) []app.MessageInput {
		return []app.MessageInput{
			w.Message(-1, 5, apptest.At("2026-09-15 10:00"), "Salom"), w.Message(-1, 5, apptest.At("2026-09-15 10:01"), "Yomon!"),
			w.Message(-1, apptest.JasurTelegram, apptest.At("2026-09-15 10:02"), "Kechirasiz"), w.Message(-1, 5, apptest.At("2026-09-15 10:03"), "Rahmat"),
		}
	}
	live, history := apptest.Example(t), apptest.Example(t)
	speak(live)
	speak(history)
	live.Record(talk(live)...)
	live.RunJobs()
	history.Import(talk(history)...)
	history.RunJobs()
	if a, b := said(live), said(history); a != b || strings.Count(a, "\n")+1 != 3*4+2 {
		t.Errorf("live:\n%s\nhistory:\n%s", a, b)
	}
	// A reply is judged in the context of what was asked, and of nothing later.
	asked := live.Analyzers.Asked("quality")
	if len(asked) != 1 || len(asked[0].Context) != 2 || asked[0].Context[1].Text != "Yomon!" || asked[0].Side != analyzer.Staff {
		t.Errorf("quality got %+v", asked)
	}
}

func TestTheSameJobTwiceIsOnce(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Say(-1, 5, apptest.At("2026-09-15 10:00"), "Salom")
	w.RunJobs()
	before := said(w)
	var content int
	w.One(`SELECT id FROM message_contents`, nil, &content)
	for range 2 {
		if err := w.App.AnalyzeMessages(w.System("analyzer"), args.AnalyzeMessages{Analyzer: "sentiment", ContentIDs: []int{content, content, 12345}}); err != nil {
			t.Fatal(err)
		}
	}
	if said(w) != before || len(w.Analyzers.Asked("sentiment")) != 1 {
		t.Errorf("asked %d times, said:\n%s", len(w.Analyzers.Asked("sentiment")), said(w))
	}
}

func TestFailuresAreKeptApart(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Analyzers.Refuse("sentiment", "Yomon!", analyzer.Errorf(analyzer.Invalid, "too odd"))
	w.Import(w.Message(-1, 5, apptest.At("2026-09-15 10:00"), "Salom"), w.Message(-1, 5, apptest.At("2026-09-15 10:01"), "Yomon!"))
	w.RunJobs()
	var reasons string
	look := func() string {
		w.One(`SELECT COALESCE(string_agg(analyzer || ': ' || reason, '; ' ORDER BY content_id), '') FROM analysis_failures`, nil, &reasons)
		return reasons
	}
	if got := look(); !strings.HasPrefix(got, "sentiment: ") || !strings.Contains(got, "too odd") {
		t.Errorf("put aside: %q", got)
	}
	if !strings.Contains(said(w), "Salom SENTIMENT") {
		t.Error("one bad message took another with it")
	}

	w.Analyzers.Down("sentiment", domain.Errorf(domain.KindUnavailable, "the plugin restarts"))
	w.Say(-1, 5, apptest.At("2026-09-15 10:02"), "Bormisiz?")
	if _, err := w.TryJobs(); domain.KindOf(err) != domain.KindUnavailable {
		t.Errorf("a plugin that is down: %v", err)
	}
	w.Analyzers.Down("sentiment", nil)
	w.RunJobs()
	if !strings.Contains(said(w), "Bormisiz? SENTIMENT") {
		t.Error("what failed for a while was not judged later")
	}

	var content int
	w.One(`SELECT id FROM message_contents WHERE text = 'Salom'`, nil, &content)
	if err := w.App.GiveUpAnalysis(w.System("analyzer"), args.AnalyzeMessages{Analyzer: "quality", ContentIDs: []int{content}}, errors.New("pq: secret text")); err != nil {
		t.Fatal(err)
	}
	if got := look(); !strings.Contains(got, "quality: the analyzer failed") || strings.Contains(got, "secret") {
		t.Errorf("given up: %q", got)
	}
}

func TestANewVersionJudgesAgainWhenAsked(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Say(-1, 5, apptest.At("2026-09-15 10:00"), "Salom")
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 10:01"), "Salom!")
	w.Say(-2, 5, apptest.At("2026-09-15 10:00"), "Begona")
	w.Say(-2, apptest.DilyaTelegram, apptest.At("2026-09-15 10:01"), "Salom!!")
	w.RunJobs()
	var ids []int
	for _, m := range all(t, w, apptest.Botir) {
		ids = append(ids, m.ID)
	}
	again := func(email string, in app.ReanalyzeInput) (int, error) { return w.App.Reanalyze(w.As(email), in) }
	if n, err := again(apptest.Aziza, app.ReanalyzeInput{Analyzer: "sentiment", Messages: ids}); n != 0 || err != nil {
		t.Errorf("the version that has spoken: %d, %v", n, err)
	}
	w.RegisterVersion("sentiment", "2", []string{"SENTIMENT"}, []string{"customer"}, nil)
	if n, err := again(apptest.Aziza, app.ReanalyzeInput{Analyzer: "sentiment", Messages: ids}); n != 1 || err != nil {
		t.Errorf("a supervisor, of her team's: %d, %v", n, err)
	}
	w.RunJobs()
	if n, err := again(apptest.Botir, app.ReanalyzeInput{Analyzer: "sentiment", Messages: ids}); n != 1 || err != nil {
		t.Errorf("an admin, of the rest: %d, %v", n, err)
	}
	for name, c := range map[string]struct {
		who  string
		in   app.ReanalyzeInput
		kind domain.Kind
	}{
		"an employee":      {apptest.Jasur, app.ReanalyzeInput{Analyzer: "sentiment", Messages: ids}, domain.KindDenied},
		"too many":         {apptest.Botir, app.ReanalyzeInput{Analyzer: "sentiment", Messages: make([]int, 101)}, domain.KindInvalid},
		"none":             {apptest.Botir, app.ReanalyzeInput{Analyzer: "sentiment"}, domain.KindInvalid},
		"no such analyzer": {apptest.Botir, app.ReanalyzeInput{Analyzer: "x", Messages: ids}, domain.KindInvalid},
		"hidden messages":  {apptest.Sardor, app.ReanalyzeInput{Analyzer: "sentiment", Messages: ids[:1]}, domain.KindNotFound},
	} {
		if _, err := again(c.who, c.in); domain.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	var versions int
	w.One(`SELECT count(DISTINCT analyzer_id) FROM analyses WHERE kind = 'SENTIMENT'`, nil, &versions)
	if versions != 2 {
		t.Errorf("%d versions have spoken", versions)
	}
}

// all are the messages that a person sees.
func all(t *testing.T, w *apptest.World, email string) []*gen.Message {
	t.Helper()
	list, err := w.App.Client().Message.Query().Order(gen.Asc(message.FieldID)).WithContents().WithAnalyses().All(w.As(email))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRowsOfOthersAreHidden(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Say(-1, 5, apptest.At("2026-09-15 10:00"), "Salom")
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 10:01"), "Salom!")
	w.Say(-2, 6, apptest.At("2026-09-15 10:00"), "Begona")
	w.Say(-2, apptest.DilyaTelegram, apptest.At("2026-09-15 10:01"), "Salom!!")
	w.RunJobs()
	for email, want := range map[string]string{
		apptest.Jasur:  "2 messages, 2 with words, 1 customers, 1 waits, 1 employments",
		apptest.Malika: "0 messages, 0 with words, 0 customers, 0 waits, 1 employments",
		apptest.Aziza:  "2 messages, 2 with words, 1 customers, 1 waits, 3 employments",
		apptest.Sardor: "2 messages, 2 with words, 1 customers, 1 waits, 2 employments",
		apptest.Nodira: "4 messages, 0 with words, 2 customers, 2 waits, 7 employments",
		apptest.Botir:  "4 messages, 4 with words, 2 customers, 2 waits, 7 employments",
	} {
		messages, words := all(t, w, email), 0
		for _, m := range messages {
			if len(m.Edges.Analyses) == 0 {
				t.Errorf("%s sees no analyses of a message they see", email)
			}
			words += len(m.Edges.Contents)
		}
		ctx, client := w.As(email), w.App.Client()
		customers, err1 := client.Customer.Query().Count(ctx)
		waits, err2 := client.Wait.Query().Count(ctx)
		employments, err3 := client.Employment.Query().Count(ctx)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%d messages, %d with words, %d customers, %d waits, %d employments", len(messages), words, customers, waits, employments)
		if got != want {
			t.Errorf("%s sees %s, wanted %s", email, got, want)
		}
	}
	if _, err := w.App.Client().Message.Query().Count(t.Context()); err == nil {
		t.Error("nobody sees messages")
	}
}

// An import may come before the first start of the server, which is what knows the analyzers.
func TestAnAnalyzerThatNeverSpokeJudgesWhatIsThere(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	speak(w)
	w.Apply(apptest.ExampleCompany())
	w.Import(w.Message(-1, 5, apptest.At("2026-09-15 10:00"), "Salom"), w.Message(-1, apptest.JasurTelegram, apptest.At("2026-09-15 10:01"), "Salom!"))
	w.Register("sentiment", []string{"SENTIMENT"}, []string{"customer"}, nil)
	w.RunJobs()
	if got := said(w); !strings.HasPrefix(got, "Salom SENTIMENT") || strings.Contains(got, "\n") {
		t.Errorf("said %q", got)
	}
	w.RegisterVersion("sentiment", "2", []string{"SENTIMENT"}, []string{"customer"}, nil)
	if n := w.Jobs("analyze_messages", ""); n != 0 {
		t.Errorf("a later version: %d jobs", n)
	}
}

func TestWhatWasPutAsideIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Analyzers.Refuse("sentiment", "Yomon!", analyzer.Errorf(analyzer.Internal, "crashed"))
	w.Say(-1, 5, apptest.At("2026-09-15 10:00"), "Yomon!")
	w.RunJobs()
	w.Analyzers.Answer("sentiment", "Yomon!", apptest.Label(analyzer.Sentiment, "negative", "uz-Latn"))
	if n, err := w.App.RetryAnalyses(w.System("analyzer"), "sentiment"); n != 1 || err != nil {
		t.Errorf("%d are tried again, %v", n, err)
	}
	w.RunJobs()
	var left int
	if w.One(`SELECT count(*) FROM analysis_failures`, nil, &left); left != 0 || !strings.Contains(said(w), "Yomon! SENTIMENT negative") {
		t.Errorf("%d failures are left of\n%s", left, said(w))
	}
}

// One odd answer must not take its batch along.
func TestDetailsThatPostgresRefusesAreCleaned(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	for i, details := range []string{`{"reason":"\ud83d"}`, "{\"reason\":\"\xff\"}", `{"n":1e200000}`, `{`} {
		odd := apptest.Score(analyzer.Quality, float64(i), "ru")
		odd.Details = []byte(details)
		w.Analyzers.Answer("quality", fmt.Sprint("odd ", i), odd)
		w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 10:01"), fmt.Sprint("odd ", i))
	}
	w.RunJobs()
	if got := said(w); strings.Count(got, "QUALITY") != 4 || strings.Count(got, "\uFFFD") != 2 {
		t.Errorf("said\n%s", got)
	}
}

// Of a batch of which one message has to wait, the others are not judged again.
func TestWhatWasJudgedOfABatchIsKept(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Analyzers.Refuse("sentiment", "Yomon!", analyzer.Errorf(analyzer.Unavailable, "the model is busy"))
	w.Import(w.Message(-1, 5, apptest.At("2026-09-15 10:00"), "Salom"), w.Message(-1, 5, apptest.At("2026-09-15 10:01"), "Yomon!"))
	for range 2 {
		if _, err := w.TryJobs(); domain.KindOf(err) != domain.KindUnavailable {
			t.Errorf("got %v", err)
		}
	}
	if asked := w.Analyzers.Asked("sentiment"); len(asked) != 3 || asked[2].Text != "Yomon!" || !strings.HasPrefix(said(w), "Salom ") {
		t.Errorf("asked %+v, said\n%s", asked, said(w))
	}
}
