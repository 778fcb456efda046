package app_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
)

const day = 24 * time.Hour

func tidy(t *testing.T, a *app.App, w *apptest.World) app.Tidied {
	t.Helper()
	done, err := a.TidyFiles(w.System("intake"))
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestContentsAreKeptAsLongAsTheSettingSays(t *testing.T) {
	t.Parallel()
	w := hearing(t)
	w.KeepFiles = 90 * day
	a := w.Another()
	old, twice := note(w, 5, "2026-09-15 10:00", "grr"), note(w, 5, "2026-09-15 10:01", "shared")
	w.Record(old, twice)
	w.RunJobs()
	w.Clock.Advance(60 * day)
	again := note(w, 5, "2026-11-14 10:00", "shared")
	w.Record(again)
	w.RunJobs()
	if done := tidy(t, a, w); done != (app.Tidied{}) {
		t.Errorf("within 90 days: %+v", done)
	}
	w.Clock.Advance(31 * day)
	if done := tidy(t, w.App, w); done != (app.Tidied{}) {
		t.Errorf("without the setting: %+v", done)
	}
	if done := tidy(t, a, w); done.Expired != 1 || done.Removed != 1 || states(w) != "REMOVED STORED STORED" {
		t.Errorf("%+v, %s: what a younger message has, too, stays", done, states(w))
	}
	if w.Files.Has(old.Files[0].SHA256) || !w.Files.Has(twice.Files[0].SHA256) || !strings.Contains(words(w), "Yomon!") {
		t.Errorf("the content stays, or the transcript goes: %q", words(w))
	}
	w.Import(old) // an old export brings no content back
	if states(w) != "REMOVED STORED STORED" || w.Jobs("", "speech") != 0 {
		t.Errorf("%s, %d to hear", states(w), w.Jobs("", "speech"))
	}
	w.Clock.Advance(60 * day)
	if done := tidy(t, a, w); done.Expired != 2 || done.Removed != 1 {
		t.Errorf("%+v", done)
	}
}

func TestLooseFilesGoAfterADay(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	keep := func(content string) *app.StoredFile {
		kept, err := w.App.KeepFile(w.System("telegram"), strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		return &kept
	}
	queued, sent, drafted, asked, loose, again := keep("queued"), keep("sent"), keep("drafted"), keep("asked"), keep("loose"), keep("again")
	for q, arg := range map[string]string{
		`INSERT INTO outgoings (key, chat, priority, method, file, state, attempts, not_before, fault, created_at) VALUES ('1', 1, 0, 'sendPhoto', $1, 'QUEUED', 0, now(), '', now())`: queued.SHA256,
		`INSERT INTO outgoings (key, chat, priority, method, file, state, attempts, not_before, fault, created_at) VALUES ('2', 1, 0, 'sendPhoto', $1, 'SENT', 0, now(), '', now())`:   sent.SHA256,
		`INSERT INTO broadcasts (audience, text, file, state, created_at) VALUES ('{}', 'x', $1, 'DRAFT', now())`:                                                                      drafted.SHA256,
		`INSERT INTO dialogs (telegram_id, name, data, updated_at) VALUES (1, 'x', jsonb_build_object('file', $1::text), now())`:                                                       asked.SHA256,
	} {
		if _, err := w.DB.Exec(q, arg); err != nil {
			t.Fatal(err)
		}
	}
	w.Clock.Advance(day)
	if done := tidy(t, w.App, w); done.Removed != 0 {
		t.Errorf("%+v", done)
	}
	keep("again") // about to be recorded
	w.Clock.Advance(time.Minute)
	if done := tidy(t, w.App, w); done.Removed != 2 {
		t.Errorf("%+v", done)
	}
	for file, want := range map[*app.StoredFile]bool{queued: true, sent: false, drafted: true, asked: true, loose: false, again: true} {
		if w.Files.Has(file.SHA256) != want {
			t.Errorf("%s is there: %v", file.SHA256[:8], !want)
		}
	}
}

func TestWhatLostItsJobIsFetched(t *testing.T) {
	t.Parallel()
	w := hearing(t)
	w.Record(pending(w, 5, "2026-09-15 10:00", "1"))
	if done := tidy(t, w.App, w); done.Queued != 0 {
		t.Errorf("%+v", done)
	}
	lose := func() {
		if _, err := w.DB.Exec(`DELETE FROM river_job`); err != nil {
			t.Fatal(err)
		}
	}
	lose()
	if done := tidy(t, w.App, w); done.Queued != 1 || w.Jobs("fetch_file", "") != 1 {
		t.Errorf("%+v", done)
	}
	lose()
	w.Clock.Advance(8 * day)
	if done := tidy(t, w.App, w); done.Queued != 0 || states(w) != "MISSING" {
		t.Errorf("%+v, %s", done, states(w))
	}
}

// A store full of files of which the database knows none is another's: a wrong address of the database must not empty it.
func TestAStrangersStoreIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	for i := range 101 {
		if _, err := w.App.KeepFile(w.System("intake"), strings.NewReader(strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	w.Clock.Advance(2 * day)
	if done := tidy(t, w.App, w); done.Removed != 0 {
		t.Errorf("%+v", done)
	}
	w.Record(note(w, 5, "2026-09-17 10:00", "7")) // now it knows one
	w.Clock.Advance(2 * day)
	if done := tidy(t, w.App, w); done.Removed != 100 {
		t.Errorf("%+v", done)
	}
}
