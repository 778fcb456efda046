package app_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/jobs/args"
)

// pending is a voice note that Telegram still has.
func pending(w *apptest.World, sender int64, at, source string) app.MessageInput {
	m := w.Message(-1, sender, apptest.At(at), "")
	m.Kind, m.Files = "VOICE", []app.FileInput{{StoredFile: app.StoredFile{Bytes: 3}, Source: source, Kind: "VOICE", MIME: "audio/ogg", Seconds: 3}}
	return m
}

// states are those of all attachments, in their order.
func states(w *apptest.World) string {
	var out string
	w.One(`SELECT COALESCE(string_agg(state, ' ' ORDER BY id), '') FROM attachments`, nil, &out)
	return out
}

func theAttachment(w *apptest.World) int {
	var id int
	w.One(`SELECT min(id) FROM attachments`, nil, &id)
	return id
}

func TestAPendingNoteIsFetchedAndThenHeard(t *testing.T) {
	t.Parallel()
	w := hearing(t)
	w.Downloads.Keep("voice-1", "grr")
	m := pending(w, 5, "2026-09-15 10:00", "voice-1")
	w.Record(m)
	w.Record(m) // it arrives twice
	if w.Jobs("fetch_file", "files") != 1 || w.Jobs("", "speech") != 0 || states(w) != "PENDING" {
		t.Fatalf("%d to fetch, %d to hear, %s", w.Jobs("fetch_file", "files"), w.Jobs("", "speech"), states(w))
	}
	w.RunJobs()
	if words(w) != "Yomon!" || states(w) != "STORED" {
		t.Errorf("words %q, %s", words(w), states(w))
	}
	for range 2 { // the job comes again, after a kill
		if err := w.App.FetchFile(w.System("intake"), theAttachment(w)); err != nil {
			t.Error(err)
		}
	}
	if n := len(w.Downloads.Asked()); n != 1 || w.Jobs("", "") != 0 {
		t.Errorf("%d downloads, %d jobs left", n, w.Jobs("", ""))
	}
}

func TestTwoWorkersFetchOneFile(t *testing.T) {
	t.Parallel()
	w := hearing(t)
	w.Downloads.Keep("voice-1", "grr")
	w.Record(pending(w, 5, "2026-09-15 10:00", "voice-1"))
	id := theAttachment(w)
	var both sync.WaitGroup
	for range 4 {
		both.Go(func() {
			if err := w.App.FetchFile(w.System("intake"), id); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if n := w.Jobs("analyze_messages", "speech"); n != 1 || states(w) != "STORED" {
		t.Errorf("%d to hear, %s", n, states(w))
	}
}

func TestWhatCannotBeFetchedIsVisibleAndTriedAgain(t *testing.T) {
	t.Parallel()
	w := hearing(t)
	w.Record(pending(w, 5, "2026-09-15 10:00", "gone"), pending(w, 5, "2026-09-15 10:01", "large"), pending(w, 5, "2026-09-15 10:02", "away"))
	away := domain.Errorf(domain.KindUnavailable, "502")
	w.Downloads.Fail("large", app.ErrFileTooBig)
	w.Downloads.Fail("away", away)
	first := theAttachment(w)
	got := map[int]error{}
	for i := range 3 {
		got[i] = w.App.FetchFile(w.System("intake"), first+i)
	}
	if domain.KindOf(got[0]) != domain.KindNotFound || got[1] != nil || !errors.Is(got[2], away) || states(w) != "PENDING TOO_BIG PENDING" {
		t.Fatalf("%v, %s", got, states(w))
	}
	if err := w.App.GiveUpFile(w.System("intake"), first); err != nil || states(w) != "MISSING TOO_BIG PENDING" {
		t.Fatalf("%v, %s", err, states(w))
	}
	counts, err := w.App.FileCounts(w.Operator())
	if err != nil || counts["MISSING"] != 1 || counts["TOO_BIG"] != 1 || counts["PENDING"] != 1 {
		t.Errorf("%v, %v", counts, err)
	}
	if _, err := w.App.RetryFiles(w.As(apptest.Botir), true); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("a person: %v", err)
	}
	for _, c := range []struct {
		all  bool
		n    int
		want string
	}{{false, 1, "PENDING TOO_BIG PENDING"}, {true, 1, "PENDING PENDING PENDING"}, {true, 0, "PENDING PENDING PENDING"}} {
		if n, err := w.App.RetryFiles(w.Operator(), c.all); n != c.n || err != nil || states(w) != c.want {
			t.Errorf("%+v: %d, %v, %s", c, n, err, states(w))
		}
	}
	for _, source := range []string{"gone", "large", "away"} {
		w.Downloads.Keep(source, "grr")
	}
	if w.RunJobs(); words(w) != "Yomon!|Yomon!|Yomon!" {
		t.Errorf("words %q, %s", words(w), states(w))
	}
}

// What an import brings needs no fetching; what comes after it was found missing is heard all the same.
func TestAnImportFillsWhatIsPending(t *testing.T) {
	t.Parallel()
	w := hearing(t)
	m := pending(w, 5, "2026-09-15 10:00", "gone")
	w.Record(m)
	full := m
	full.Files = note(w, 5, "2026-09-15 10:00", "grr").Files
	if done := w.Import(full); done.Files != 1 || done.New != 0 || states(w) != "STORED" {
		t.Fatalf("%+v, %s", done, states(w))
	}
	w.RunJobs()
	if words(w) != "Yomon!" || len(w.Downloads.Asked()) != 0 {
		t.Errorf("words %q, asked %v", words(w), w.Downloads.Asked())
	}
	if done := w.Import(full); done.Files != 0 || w.Jobs("", "") != 0 {
		t.Errorf("again: %+v", done)
	}
}

// An edit of the caption brings the same note again, which is there already.
func TestAnEditedCaptionFetchesNothingAgain(t *testing.T) {
	t.Parallel()
	w := hearing(t)
	w.Downloads.Keep("voice-1", "grr")
	m := pending(w, 5, "2026-09-15 10:00", "voice-1")
	w.Record(m)
	w.RunJobs()
	at := m.SentAt.Add(time.Minute)
	m.Text, m.EditedAt = "Yangi", &at
	w.Record(m)
	w.RunJobs()
	if n := len(w.Downloads.Asked()); n != 1 || states(w) != "STORED STORED" {
		t.Errorf("%d downloads, %s", n, states(w))
	}
}

func TestAReplyWaitsForANoteOnItsWay(t *testing.T) {
	t.Parallel()
	w := hearing(t)
	w.Record(pending(w, 5, "2026-09-15 10:00", "voice-1"))
	reply := w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 10:02"), "Kechirasiz")
	var content int
	w.One(`SELECT c.id FROM message_contents c JOIN messages m ON m.id = c.message_id WHERE m.telegram_id = $1`, []any{reply}, &content)
	quality := func() error {
		return w.App.AnalyzeMessages(w.System("analyzer"), args.AnalyzeMessages{Analyzer: "quality", ContentIDs: []int{content}})
	}
	if err := quality(); domain.KindOf(err) != domain.KindUnavailable {
		t.Errorf("judged before the note was there: %v", err)
	}
	if err := w.App.GiveUpFile(w.System("intake"), theAttachment(w)); err != nil {
		t.Fatal(err)
	}
	if err := quality(); err != nil || len(w.Analyzers.Asked("quality")) != 1 {
		t.Errorf("a note that never comes is waited for: %v", err)
	}
}

// Where nobody listens, nobody waits.
func TestAReplyWaitsForNoNoteThatNobodyHears(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Record(pending(w, 5, "2026-09-15 10:00", "voice-1"))
	reply := w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 10:02"), "Kechirasiz")
	var content int
	w.One(`SELECT c.id FROM message_contents c JOIN messages m ON m.id = c.message_id WHERE m.telegram_id = $1`, []any{reply}, &content)
	if err := w.App.AnalyzeMessages(w.System("analyzer"), args.AnalyzeMessages{Analyzer: "quality", ContentIDs: []int{content}}); err != nil {
		t.Error(err)
	}
}

// A listener that comes later leaves alone what is not there, and hears the rest.
func TestOnlyWhatIsThereIsHeard(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Analyzers.Answer("stt", "grr", transcript("Yomon!"))
	w.Record(pending(w, 5, "2026-09-15 10:00", "gone"), note(w, 5, "2026-09-15 10:01", "grr"))
	w.RegisterAudio("stt", "1")
	if n := w.Jobs("", "speech"); n != 1 {
		t.Errorf("%d to hear", n)
	}
	id := all(t, w, apptest.Botir)[0].ID
	if n, err := w.App.Reanalyze(w.As(apptest.Botir), app.ReanalyzeInput{Analyzer: "stt", Messages: []int{id}}); n > 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

var fileReaders = map[string]bool{apptest.Botir: true, apptest.Aziza: true, apptest.Jasur: true, apptest.Malika: false, apptest.Sardor: false, apptest.Dilya: false, apptest.Nodira: false}

func TestAFileIsSeenByWhoMayReadTheWords(t *testing.T) {
	t.Parallel()
	w := hearing(t)
	w.Record(note(w, 5, "2026-09-15 10:00", "grr"))
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 10:02"), "Kechirasiz") // it is his chat
	id := theAttachment(w)
	read := func(ctx context.Context) (string, domain.Kind) {
		f, err := w.App.OpenFile(ctx, id)
		if err != nil {
			return "", domain.KindOf(err)
		}
		if f.Content == nil {
			return string(f.State), ""
		}
		defer func() { _ = f.Content.Close() }()
		content, err := io.ReadAll(f.Content)
		return string(content), domain.KindOf(err)
	}
	for who, want := range fileReaders {
		content, kind := read(w.As(who))
		if want && content != "grr" || !want && kind != domain.KindNotFound {
			t.Errorf("%s: %q %s", who, content, kind)
		}
	}
	if _, kind := read(context.Background()); kind != domain.KindUnauthenticated {
		t.Errorf("nobody: %s", kind)
	}
	for _, state := range []string{"REMOVED", "MISSING", "TOO_BIG", "PENDING"} {
		if _, err := w.DB.Exec(`UPDATE attachments SET state = $1`, state); err != nil {
			t.Fatal(err)
		}
		if content, kind := read(w.As(apptest.Botir)); content != state || kind != "" {
			t.Errorf("%s: %q %s", state, content, kind)
		}
	}
	if _, err := w.DB.Exec(`UPDATE messages SET deleted_at = now()`); err != nil {
		t.Fatal(err)
	}
	if _, kind := read(w.As(apptest.Botir)); kind != domain.KindNotFound {
		t.Errorf("deleted: %s", kind)
	}
}

func TestTheBotKeepsItsPictures(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	if _, err := w.App.KeepFile(w.System("telegram"), strings.NewReader("png")); err != nil {
		t.Error(err)
	}
	if _, err := w.App.KeepFile(w.As(apptest.Botir), strings.NewReader("png")); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("a person: %v", err)
	}
}
