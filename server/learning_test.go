package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
	"github.com/fincokpi/finco/plugins/host"
	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/server"
)

// taught is a company whose people corrected real analyzers, and the parts that learn from it.
type taught struct {
	*apptest.World
	t     *testing.T
	parts *server.Parts
	cfg   server.Config
	said  int
}

// newTaught has only these of the built-in analyzers, as executables of its own.
func newTaught(t *testing.T, names ...string) *taught {
	t.Helper()
	w := apptest.New(t)
	w.Apply(apptest.ExampleCompany())
	built := t.TempDir()
	for _, name := range names {
		file, err := os.ReadFile(filepath.Join(filepath.Dir(program), "analyzers", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(built, name), file, 0o755); err != nil {
			t.Fatal(err)
		}
		w.Analyzers.Default(name, apptest.Label(analyzer.Kind(strings.ToUpper(name)), "neutral", "uz-Latn"))
	}
	cfg := server.Config{DatabaseURL: w.Database.DSN, MigrateURL: w.Database.OwnerDSN, Addr: "127.0.0.1:0", DataDir: t.TempDir(),
		Secret: strings.Repeat("s", 32), LogLevel: "error", AnalyzersDir: built, LearnAfter: 50}
	parts, err := server.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := parts.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if err := parts.RegisterBuiltIns(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &taught{World: w, t: t, parts: parts, cfg: cfg}
}

// correct has customers write in many chats, and an admin label what they wrote, by text.
func (w *taught) correct(kind string, chats int, texts map[string]string) {
	w.t.Helper()
	at := apptest.At("2026-09-14 10:00")
	labels := map[string]string{}
	var history []app.MessageInput
	for chat := range chats {
		for text, label := range texts {
			w.said++
			text = fmt.Sprintf("%s, %d", text, w.said)
			labels[text] = label
			history = append(history, w.Message(-int64(1000+chat), 5, at.Add(time.Duration(w.said)*time.Second), text))
		}
	}
	w.Import(history...)
	w.RunJobs()
	ids := map[string]int{}
	rows, err := w.DB.Query(`SELECT c.text, a.id FROM analyses a JOIN message_contents c ON c.id = a.content_id WHERE a.kind = $1`, kind)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		var id int
		if err := rows.Scan(&text, &id); err != nil {
			w.t.Fatal(err)
		}
		ids[text] = id
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	botir := w.As(apptest.Botir)
	for text, label := range labels {
		if _, err := w.App.GiveFeedback(botir, app.GiveFeedbackInput{AnalysisID: ids[text], Label: &label}); err != nil {
			w.t.Fatalf("%q: %v", text, err)
		}
	}
}

func (w *taught) learn(o server.LearnOptions) []server.Learnt {
	w.t.Helper()
	list, err := w.parts.Learn(w.System("scheduler"), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// file is where a version is, by the registry.
func (w *taught) file(name, version string) (path, checksum, state string) {
	w.t.Helper()
	w.One(`SELECT path, checksum, state FROM analyzers WHERE name = $1 AND version = $2`, []any{name, version}, &path, &checksum, &state)
	return path, checksum, state
}

// judge starts an executable and returns its version and its labels of some texts.
func (w *taught) judge(path, checksum string, texts ...string) (string, []string) {
	w.t.Helper()
	plugin, err := process.Start(w.t.Context(), process.Options{Path: path, Checksum: checksum, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		w.t.Fatal(err)
	}
	defer plugin.Stop(context.WithoutCancel(w.t.Context()))
	inputs := make([]analyzer.Input, len(texts))
	for i, text := range texts {
		inputs[i] = analyzer.Input{ID: fmt.Sprint(i), Text: text, Side: analyzer.Customer}
	}
	results, err := plugin.Analyze(w.t.Context(), inputs)
	if err != nil {
		w.t.Fatal(err)
	}
	labels := make([]string, len(texts))
	for i, r := range results {
		labels[i] = r.Outcomes[0].Label
	}
	return plugin.Description().Version, labels
}

// jargon is how this company's customers speak, which no other's do.
var jargon = map[string]string{
	"kassa yana gumburladi": "negative", "terminal gumburlab yotibdi": "negative", "modem gumburladi-ku": "negative",
	"tarif lochin ekan": "positive", "paket lochindek": "positive", "kabinet lochin": "positive",
	"tarif qancha turadi": "neutral", "paketga qanday ulanaman": "neutral",
}

func TestFeedbackBecomesAVersionInShadow(t *testing.T) {
	t.Parallel()
	w := newTaught(t, "sentiment")
	w.correct("SENTIMENT", 40, jargon)
	list := w.learn(server.LearnOptions{AtLeast: 50})
	if len(list) != 1 || len(list[0].Kinds) != 1 {
		t.Fatalf("%+v", list)
	}
	l, k := list[0], list[0].Kinds[0]
	if l.Proposed == "" || l.Proposed == l.Version || !k.Trained || k.After <= k.Before || k.New != 40*len(jargon) || k.Corrections+k.HeldOut != k.New || k.HeldOut < 10 {
		t.Fatalf("%+v", l)
	}
	path, checksum, state := w.file("sentiment", l.Proposed)
	if sum, err := host.Checksum(path); err != nil || sum != checksum || state != "SHADOW" || filepath.Dir(path) != filepath.Join(w.cfg.DataDir, "analyzers") {
		t.Errorf("%s in %s, %v", state, path, err)
	}
	texts := []string{"yana gumburlab qoldi bu terminal", "rosa lochin tarif ekan", "narxi qancha?"}
	version, labels := w.judge(path, checksum, texts...)
	builtIn, was, enabled := w.file("sentiment", l.Version)
	oldVersion, before := w.judge(builtIn, was, texts...)
	if version != l.Proposed || oldVersion != l.Version || enabled != "ENABLED" || fmt.Sprint(labels) != "[negative positive neutral]" || fmt.Sprint(before) == fmt.Sprint(labels) {
		t.Errorf("%s says %v; %s said %v and is %s", version, labels, oldVersion, before, enabled)
	}
	for file, sum := range map[string]string{builtIn: was, path: checksum} { // what it knew it knows
		e, err := server.EvaluateAnalyzer(t.Context(), w.cfg, server.AnalyzerFile{Path: file, Checksum: sum}, "", messages(t))
		if err != nil || e.Accuracy < 0.85 {
			t.Errorf("%s: accuracy %.3f, %v", filepath.Base(file), e.Accuracy, err)
		}
	}
	var raw []byte
	var learned app.Lesson
	w.One(`SELECT learned FROM analyzers WHERE version = $1`, []any{l.Proposed}, &raw)
	if err := json.Unmarshal(raw, &learned); err != nil || learned.Base != l.Version || learned.AgreementAfter != k.After || learned.Corrections != k.Corrections || learned.HeldOut != k.HeldOut {
		t.Errorf("%s, %v", raw, err)
	}
	if again := w.learn(server.LearnOptions{AtLeast: 1}); again[0].Proposed != "" || !strings.Contains(again[0].Verdict, "waits") {
		t.Errorf("beside the candidate: %+v", again)
	}
	if names := w.folder(); len(names) != 1 {
		t.Errorf("in the folder of analyzers are %v", names)
	}
}

func (w *taught) folder() []string {
	w.t.Helper()
	entries, err := os.ReadDir(filepath.Join(w.cfg.DataDir, "analyzers"))
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestALearntVersionIsLearntFurther(t *testing.T) {
	t.Parallel()
	w := newTaught(t, "sentiment")
	w.correct("SENTIMENT", 40, jargon)
	first := w.learn(server.LearnOptions{AtLeast: 50})[0]
	if _, err := w.App.EnableAnalyzer(w.Operator(), app.AnalyzerChoice{Name: "sentiment", Version: first.Proposed}); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(100 * 24 * time.Hour) // past the day on which the first was learnt
	if early := w.learn(server.LearnOptions{AtLeast: 50})[0]; early.Version != first.Proposed || early.Kinds[0].New != 0 || early.Verdict != "nothing to learn" {
		t.Errorf("without new corrections: %+v", early)
	}
	w.correct("SENTIMENT", 40, map[string]string{"kuryer burgutdek": "positive", "burgut ekansizlar": "positive", "sim karta qarsillab ketdi": "negative", "qarsillatib tashlabsizlar": "negative"})
	second := w.learn(server.LearnOptions{AtLeast: 50})[0]
	if second.Proposed == "" || second.Version != first.Proposed || second.Kinds[0].New != 160 {
		t.Fatalf("%+v", second)
	}
	path, checksum, _ := w.file("sentiment", second.Proposed)
	if _, labels := w.judge(path, checksum, "burgutsizlar", "modem gumburladi"); fmt.Sprint(labels) != "[positive negative]" {
		t.Errorf("new and earlier wording: %v", labels)
	}
	firstFile, _, _ := w.file("sentiment", first.Proposed)
	one, two := size(t, firstFile), size(t, path)
	if difference := two - one; difference > 1<<16 || difference < -1<<16 {
		t.Errorf("files of %d and %d bytes: models pile up", one, two)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestATopicOfTheCompanysOwnIsLearnt(t *testing.T) {
	t.Parallel()
	w := newTaught(t, "topic")
	w.correct("TOPIC", 40, map[string]string{
		"muddatli to'lovga olsam bo'ladimi": "instalments", "рассрочка на год есть": "instalments", "bo'lib to'lash shartlari": "instalments",
		"narxi qancha": "price", "dostavka qachon keladi": "delivery", "pulimni qaytaring": "refund",
	})
	l := w.learn(server.LearnOptions{Name: "topic", AtLeast: 50})[0]
	if l.Proposed == "" {
		t.Fatalf("%+v", l)
	}
	path, checksum, _ := w.file("topic", l.Proposed)
	if _, labels := w.judge(path, checksum, "muddatli to'lovga televizor bormi", "parolimni unutdim", "когда привезут заказ"); fmt.Sprint(labels) != "[instalments account delivery]" {
		t.Errorf("%v", labels)
	}
}

// Every kind that a built-in analyzer answers by a label from a model can be learnt, and the plugin takes what was learnt.
func TestWhatCanBeLearnt(t *testing.T) {
	t.Parallel()
	kinds := map[string][]string{"sentiment": {"SENTIMENT"}, "topic": {"TOPIC"}, "question": {"QUESTION", "NEEDS_REPLY"}, "politeness": {"POLITENESS"}, "language": {"LANGUAGE"}, "quality": nil}
	w := newTaught(t, slices.Sorted(maps.Keys(kinds))...)
	found := map[string][]string{}
	for _, l := range w.learn(server.LearnOptions{AtLeast: 1}) {
		for _, k := range l.Kinds {
			found[l.Analyzer] = append(found[l.Analyzer], k.Kind)
			w.takes(l.Analyzer, l.Version, strings.ToLower(k.Kind))
		}
	}
	for name, want := range kinds {
		if !slices.Equal(found[name], want) {
			t.Errorf("%s learns %v, want %v", name, found[name], want)
		}
	}
}

// takes puts a model that a single example changed behind an executable and expects another version of it.
func (w *taught) takes(name, version, kind string) {
	w.t.Helper()
	path, _, _ := w.file(name, version)
	whole, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	models, err := textmodel.ModelsIn(bytes.NewReader(whole))
	if err != nil {
		w.t.Fatal(err)
	}
	base, err := textmodel.Read(bytes.NewReader(models.Builtin[kind]))
	if err != nil {
		w.t.Fatal(err)
	}
	learnt, err := textmodel.Adapt(w.t.Context(), base, []textmodel.Example{{Label: base.Labels()[0], Text: textmodel.Text{Body: "gumburladi"}}}, textmodel.AdaptOptions{Date: "2026-03-01"})
	if err != nil {
		w.t.Fatal(err)
	}
	var model, file bytes.Buffer
	if err := errors.Join(learnt.Write(&model), textmodel.Attach(&file, bytes.NewReader(whole), map[string][]byte{kind: model.Bytes()})); err != nil {
		w.t.Fatal(err)
	}
	other := filepath.Join(w.t.TempDir(), name)
	if err := os.WriteFile(other, file.Bytes(), 0o755); err != nil {
		w.t.Fatal(err)
	}
	sum, err := host.Checksum(other)
	if err != nil {
		w.t.Fatal(err)
	}
	if now, _ := w.judge(other, sum); now == version || !strings.Contains(now, fmt.Sprintf("%08x", learnt.Fingerprint())) {
		w.t.Errorf("%s is %s with a learnt model of %s", name, now, kind)
	}
}

func TestWhatIsNotBetterIsNotProposed(t *testing.T) {
	t.Parallel()
	w := newTaught(t, "sentiment")
	right := map[string]string{"Это безобразие, третий день обманываете, верните деньги!": "negative", "Спасибо огромное, всё отлично, очень довольны!": "positive", "Сколько стоит доставка?": "neutral"}
	w.correct("SENTIMENT", 40, right)
	dry := w.learn(server.LearnOptions{AtLeast: 50, DryRun: true})[0]
	var rows int
	if w.One(`SELECT count(*) FROM audit_events WHERE verb = 'learn'`, nil, &rows); rows != 0 || !dry.Kinds[0].Trained {
		t.Errorf("a dry run left %d rows: %+v", rows, dry)
	}
	l := w.learn(server.LearnOptions{AtLeast: 50})[0]
	if l.Proposed != "" || !l.Kinds[0].Trained || l.Kinds[0].Better || l.Kinds[0].Before != 1 || !strings.HasPrefix(l.Verdict, "not better") {
		t.Errorf("%+v", l)
	}
	var details []byte
	w.One(`SELECT details FROM audit_events WHERE verb = 'learn'`, nil, &details)
	var kept app.Lesson
	if err := json.Unmarshal(details, &kept); err != nil || kept.Base != l.Version || kept.AgreementBefore != 1 || kept.Version != "" {
		t.Errorf("%s, %v", details, err)
	}
	if names := w.folder(); len(names) != 0 {
		t.Errorf("in the folder of analyzers are %v", names)
	}
	if due := w.learn(server.LearnOptions{AtLeast: 50, Before: time.Now().Add(-time.Hour)}); len(due) != 0 {
		t.Errorf("it tries again at once: %+v", due)
	}
	if few := w.learn(server.LearnOptions{AtLeast: 1000})[0]; few.Kinds[0].Trained || !strings.Contains(few.Kinds[0].Verdict, "1000") {
		t.Errorf("%+v", few)
	}
	if err := w.parts.LearnDue(w.System("scheduler")); err != nil {
		t.Error(err)
	}
	if _, err := w.parts.Learn(w.System("scheduler"), server.LearnOptions{Name: "nobody"}); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("an analyzer that is not there: %v", err)
	}
}

func TestLearnOnTheCommandLine(t *testing.T) {
	t.Parallel()
	w := newTaught(t, "sentiment", "topic")
	w.correct("SENTIMENT", 40, jargon)
	m := newMachine(t)
	url := []string{"--database-url", w.Database.DSN, "--migrate-url", w.Database.OwnerDSN}
	out := m.must(append([]string{"analyzer", "learn", "sentiment", "--dry-run", "--at-least", "20"}, url...)...)
	for _, want := range []string{"analyzer", "held out", "sentiment", fmt.Sprint(40 * len(jargon)), "it would be proposed"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if strings.Contains(out, "gumburla") {
		t.Errorf("the table quotes customers:\n%s", out)
	}
	out = m.must(append([]string{"analyzer", "learn"}, url...)...)
	if !strings.Contains(out, "judges in shadow until somebody promotes it") || !strings.Contains(out, "topic: nothing to learn.") {
		t.Errorf("%s", out)
	}
	if r := m.run(append([]string{"analyzer", "learn", "nobody"}, url...)...); r.code != 1 || r.stderr == "" {
		t.Errorf("code %d\n%s", r.code, r.stderr)
	}
}
