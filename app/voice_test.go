package app_test

import (
	"context"
	"strings"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/jobs/args"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// transcript is what an analyzer heard.
func transcript(words string) analyzer.Outcome {
	return analyzer.Outcome{Kind: analyzer.Transcript, Text: words, Language: "uz-Latn", Confidence: 0.8, Details: []byte(`{"segments":[{"start":0,"end":1,"text":"Yomon!"}]}`)}
}

// note is a voice note whose bytes the fake analyzers hear as these words.
func note(w *apptest.World, sender int64, at, heard string) app.MessageInput {
	file, err := w.App.KeepFile(w.System("intake"), strings.NewReader(heard))
	if err != nil {
		panic(err)
	}
	m := w.Message(-1, sender, apptest.At(at), "")
	m.Kind, m.Files = "VOICE", []app.FileInput{{StoredFile: file, Kind: "VOICE", MIME: "audio/ogg", Seconds: 3}}
	return m
}

func hearing(t *testing.T) *apptest.World {
	w := apptest.Example(t)
	speak(w)
	w.RegisterAudio("stt", "1")
	w.Analyzers.Answer("stt", "grr", transcript("Yomon!"))
	return w
}

func words(w *apptest.World) string {
	var out string
	w.One(`SELECT COALESCE(string_agg(transcript, '|' ORDER BY id), '') FROM message_contents`, nil, &out)
	return out
}

func TestAVoiceNoteIsHeardAndThenJudged(t *testing.T) {
	t.Parallel()
	for name, record := range map[string]func(*apptest.World, ...app.MessageInput){
		"live":    func(w *apptest.World, in ...app.MessageInput) { w.Record(in...) },
		"history": func(w *apptest.World, in ...app.MessageInput) { w.Import(in...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := hearing(t)
			m := note(w, 5, "2026-09-15 10:00", "grr")
			record(w, m)
			if got := w.Jobs("analyze_messages", "speech"); got != 1 || w.Jobs("analyze_messages", "") != 1 {
				t.Fatalf("%d of %d jobs listen; a note without words is for nobody else", got, w.Jobs("analyze_messages", ""))
			}
			record(w, m) // it arrives twice
			w.RunJobs()
			asked := w.Analyzers.Asked("stt")
			if words(w) != "Yomon!" || len(asked) != 1 || asked[0].Language != "uz" {
				t.Errorf("words %q, heard %+v", words(w), asked)
			}
			all := said(w)
			for _, want := range []string{"SENTIMENT negative uz-Latn", "TOPIC other", "NEEDS_REPLY yes", `TRANSCRIPT  uz-Latn {"text": "Yomon!", "segments": [{`} {
				if !strings.Contains(all, want) {
					t.Errorf("%s is missing in:\n%s", want, all)
				}
			}
		})
	}
}

func TestALaterImportBringsTheFile(t *testing.T) {
	t.Parallel()
	w := hearing(t)
	m := note(w, 5, "2026-09-15 10:00", "grr")
	bare := m
	bare.Files = nil
	if w.Import(bare); w.Jobs("", "speech") != 0 {
		t.Fatal("there is nothing to listen to yet")
	}
	if done := w.Import(m); done.New != 0 || done.Files != 1 || done.Analyses != 1 {
		t.Errorf("%+v", done)
	}
	w.RunJobs()
	if words(w) != "Yomon!" {
		t.Errorf("words %q", words(w))
	}
}

func TestAListenerKnowsWhatTheCustomerWrites(t *testing.T) {
	t.Parallel()
	w := hearing(t)
	w.Analyzers.Default("sentiment", apptest.Label(analyzer.Sentiment, "neutral", "ru"))
	w.Analyzers.Default("question")
	w.Analyzers.Default("topic")
	w.Analyzers.Default("sentiment@2", apptest.Label(analyzer.Sentiment, "neutral", "en"), apptest.Label(analyzer.Politeness, "polite", "en"))
	candidate(t, w, "sentiment", "2", []string{"SENTIMENT", "POLITENESS"}, entanalyzer.StateShadow, 0) // it does not tell
	w.Say(-1, 5, apptest.At("2026-09-15 09:00"), "Здравствуйте")
	w.RunJobs()
	w.Record(note(w, 5, "2026-09-15 10:00", "grr"))
	w.RunJobs()
	if asked := w.Analyzers.Asked("stt"); len(asked) != 1 || asked[0].Language != "ru" {
		t.Errorf("heard %+v", asked)
	}
}

func TestAReplyIsJudgedByWhatItReplies(t *testing.T) {
	t.Parallel()
	w := hearing(t)
	w.Analyzers.Down("stt", domain.Errorf(domain.KindUnavailable, "away"))
	w.Record(note(w, 5, "2026-09-15 10:00", "grr"))
	reply := w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 10:02"), "Kechirasiz")
	var content int
	w.One(`SELECT c.id FROM message_contents c JOIN messages m ON m.id = c.message_id WHERE m.telegram_id = $1`, []any{reply}, &content)
	quality := func() error {
		return w.App.AnalyzeMessages(w.System("analyzer"), args.AnalyzeMessages{Analyzer: "quality", ContentIDs: []int{content}})
	}
	if err := quality(); domain.KindOf(err) != domain.KindUnavailable || len(w.Analyzers.Asked("quality")) != 0 {
		t.Errorf("judged before the note was heard: %v", err)
	}
	w.Analyzers.Down("stt", nil)
	w.RunJobs()
	if err := quality(); err != nil {
		t.Error(err)
	}
	asked := w.Analyzers.Asked("quality")
	if len(asked) != 1 || len(asked[0].Context) != 1 || asked[0].Context[0].Text != "Yomon!" {
		t.Errorf("quality got %+v", asked)
	}
}

// What a listener in shadow hears never becomes the note's words, so nobody waits for it.
func TestAReplyWaitsForNoShadow(t *testing.T) {
	t.Parallel()
	w := hearing(t)
	in := plugin("stt", "2", "b")
	in.Kinds, in.Audio, in.State = []string{"TRANSCRIPT"}, true, entanalyzer.StateShadow
	if _, err := w.App.RegisterAnalyzer(w.Operator(), in); err != nil {
		t.Fatal(err)
	}
	w.Record(note(w, 5, "2026-09-15 10:00", "grr"))
	reply := w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 10:02"), "Kechirasiz")
	var content, counting, shadow int
	w.One(`SELECT c.id FROM message_contents c JOIN messages m ON m.id = c.message_id WHERE m.telegram_id = $1`, []any{reply}, &content)
	w.One(`WITH gone AS (DELETE FROM river_job WHERE queue = 'speech' AND args -> 'version' IS NULL RETURNING id) SELECT count(*) FROM gone`, nil, &counting)
	w.One(`SELECT count(*) FROM river_job WHERE queue = 'speech'`, nil, &shadow)
	if counting != 1 || shadow != 1 {
		t.Fatalf("%d jobs to hear what counts, %d in shadow", counting, shadow)
	}
	if err := w.App.AnalyzeMessages(w.System("analyzer"), args.AnalyzeMessages{Analyzer: "quality", ContentIDs: []int{content}}); err != nil {
		t.Error(err)
	}
	if asked := w.Analyzers.Asked("quality"); len(asked) != 1 {
		t.Errorf("quality got %+v", asked)
	}
}

func TestWhatCannotBeHeardIsPutAside(t *testing.T) {
	t.Parallel()
	w := hearing(t)
	lost, broken := note(w, 5, "2026-09-15 10:00", "lost"), note(w, 5, "2026-09-15 10:01", "broken")
	w.Analyzers.Refuse("stt", "broken", analyzer.Errorf(analyzer.Invalid, "no sound in it"))
	w.Record(lost, broken, note(w, 5, "2026-09-15 10:02", "grr"), note(w, 5, "2026-09-15 10:03", "silence"))
	w.Files.Forget(lost.Files[0].SHA256)
	w.RunJobs()
	var reasons string
	w.One(`SELECT string_agg(reason, '|' ORDER BY content_id) FROM analysis_failures`, nil, &reasons)
	if !strings.Contains(reasons, "no longer in the store") || !strings.Contains(reasons, "no sound in it") || words(w) != "Yomon!" {
		t.Errorf("reasons %q, words %q", reasons, words(w))
	}
	// When the listener is back, what was put aside is heard again, note by note.
	w.Analyzers.Answer("stt", "broken", transcript("Salom"))
	if n, err := w.App.RetryAnalyses(w.System("analyzer"), "stt"); err != nil || n != 2 || w.Jobs("", "speech") != 2 {
		t.Errorf("%d tried again, %d queued: %v", n, w.Jobs("", "speech"), err)
	}
	w.RunJobs()
	if words(w) != "Salom|Yomon!" {
		t.Errorf("words %q", words(w))
	}
}

func TestAListenerThatComesLaterHearsWhatIsThere(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Analyzers.Answer("stt", "grr", transcript("Yomon!"))
	w.Record(note(w, 5, "2026-09-15 10:00", "grr"), w.Message(-1, 5, apptest.At("2026-09-15 10:05"), "Salom"))
	w.RunJobs()
	w.RegisterAudio("stt", "1")
	if w.Jobs("", "speech") != 1 {
		t.Fatalf("%d notes to hear", w.Jobs("", "speech"))
	}
	w.RunJobs()
	if words(w) != "Yomon!" {
		t.Errorf("words %q", words(w))
	}
}

// A note without words stays judged when another version takes over, like any message; somebody may ask for it again.
func TestSilenceIsHeardOnce(t *testing.T) {
	t.Parallel()
	w := hearing(t)
	w.Analyzers.Answer("stt", "grr", transcript(""))
	w.Record(note(w, 5, "2026-09-15 10:00", "grr"))
	w.RunJobs()
	w.Analyzers.Answer("stt@2", "grr", transcript("Yomon!"))
	in := plugin("stt", "2", "b")
	in.Kinds, in.Audio = []string{"TRANSCRIPT"}, true
	if _, err := w.App.RegisterAnalyzer(w.Operator(), in); err != nil {
		t.Fatal(err)
	}
	if n := w.Jobs("", "speech"); n != 0 {
		t.Errorf("%d notes to hear again", n)
	}
	content := 0
	w.One(`SELECT id FROM message_contents`, nil, &content)
	if err := w.App.AnalyzeMessages(w.System("analyzer"), job("stt", content)); err != nil {
		t.Fatal(err)
	}
	if got := spoken(w, "TRANSCRIPT"); got != "1: 1" || words(w) != "" {
		t.Errorf("spoken %s, words %q", got, words(w))
	}
	id := all(t, w, apptest.Botir)[0].ID
	if n, err := w.App.Reanalyze(w.As(apptest.Botir), app.ReanalyzeInput{Analyzer: "stt", Messages: []int{id}}); n != 1 || err != nil {
		t.Fatalf("%d are judged again, %v", n, err)
	}
	w.RunJobs()
	if got := spoken(w, "TRANSCRIPT"); got != "1: 1, 2: 1" || words(w) != "Yomon!" {
		t.Errorf("spoken %s, words %q", got, words(w))
	}
}

func TestFilesAreChecked(t *testing.T) {
	t.Parallel()
	w := hearing(t)
	m := note(w, 5, "2026-09-15 10:00", "grr")
	for i, spoil := range []func(*app.FileInput){
		func(f *app.FileInput) { f.SHA256 = "../../etc/passwd" },
		func(f *app.FileInput) { f.Kind = "EXE" },
		func(f *app.FileInput) { f.Bytes = -1 },
	} {
		bad := m
		bad.Files = append([]app.FileInput(nil), m.Files...)
		spoil(&bad.Files[0])
		if _, err := w.App.RecordMessage(w.System("intake"), bad); err == nil {
			t.Errorf("case %d is taken", i)
		}
	}
	if _, err := w.App.KeepFile(context.Background(), strings.NewReader("x")); err == nil {
		t.Error("nobody stores a file")
	}
}
