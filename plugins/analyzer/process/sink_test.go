package process

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/fincokpi/finco/plugins/analyzer"
)

func newTestSink(texts ...string) (*sink, *bytes.Buffer) {
	log := &bytes.Buffer{}
	known := &recent{}
	for _, text := range texts {
		known.add([]analyzer.Input{{Text: text}})
	}
	return newSink(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), known), log
}

func TestLinesKeepTheirLevel(t *testing.T) {
	t.Parallel()
	s, log := newTestSink()
	s.lines(strings.NewReader(`{"@level":"warn","@message":"slow model","@timestamp":"x","took":12}` + "\nplain words\n" +
		`{"no":"message"}` + "\n" + strings.Repeat("x", 100_000) + "\n\n" + `{"@message":"bye","@level":"ERROR"}`))
	for _, want := range []string{
		`level=WARN msg="plugin: slow model" plugin_fields.took=12`, `level=INFO msg="plugin: plain words"`, `level=ERROR msg="plugin: bye"`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s is missing in\n%s", want, log)
		}
	}
	if log.Len() > 2*maxLine {
		t.Errorf("a long line makes %d bytes", log.Len())
	}
}

func TestLinesThatRepeatTextAreWithheld(t *testing.T) {
	t.Parallel()
	const text = "Здравствуйте, мой телефон 998901234567, верните деньги"
	s, log := newTestSink(text, "juda yomon")
	for _, line := range []string{
		"cannot parse: " + text, "token 'телефон 998901234567' is odd", `{"@message":"odd","text":"` + text + `"}`,
		`{"@message":"odd","text":["` + text[:40] + `"]}`, "short: juda yomon!",
	} {
		s.line(line)
	}
	for _, leak := range []string{"998901234567", "Здравствуйте", "yomon"} {
		if strings.Contains(log.String(), leak) {
			t.Errorf("%q leaked:\n%s", leak, log)
		}
	}
	s.line("loaded the model in 12 ms")
	if !strings.Contains(log.String(), "loaded the model") {
		t.Error("an innocent line was withheld")
	}
}

func TestFloodOfLinesIsCut(t *testing.T) {
	t.Parallel()
	s, log := newTestSink()
	s.lines(strings.NewReader(strings.Repeat("line\n", 100_000)))
	if lines := strings.Count(log.String(), "\n"); lines < linesBurst || lines > linesBurst*10 {
		t.Errorf("%d lines were logged", lines)
	}
}

func TestRecentForgets(t *testing.T) {
	t.Parallel()
	r := &recent{}
	r.add([]analyzer.Input{{Text: "the first text of all"}})
	for range 100 {
		r.add([]analyzer.Input{{Text: strings.Repeat("другое ", 20_000)}})
	}
	if r.bytes > recentBytes || r.withhold("the first text of all") == Withheld {
		t.Errorf("%d bytes in %d texts are kept", r.bytes, len(r.texts))
	}
}

func TestLineWriterCutsLines(t *testing.T) {
	t.Parallel()
	s, log := newTestSink()
	w := &lineWriter{sink: s}
	for _, part := range []string{"one li", "ne\ntwo\nthr", strings.Repeat("e", 100_000), "\nfour\n"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	for _, want := range []string{`"plugin: one line"`, `"plugin: two"`, `"plugin: four"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s is missing", want)
		}
	}
}
