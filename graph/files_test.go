package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
)

const filesQuery = `query($n: Int) { messages(first: $n, where: {kind: VOICE}, orderBy: {field: SENT_AT, direction: ASC}) { edges { node { versions { files { id kind mime seconds bytes state url } } } } } }`

// A file is shown to whoever may read the words, whatever became of it.
func TestFilesAreShownToWhoReadsTheWords(t *testing.T) {
	t.Parallel()
	o := open(t).talks()
	for i, source := range []string{"one", "two"} {
		m := o.Message(-1001, 501, apptest.At(fmt.Sprintf("2026-09-15 11:0%d", i)), "")
		m.Kind, m.Files = "VOICE", []app.FileInput{{StoredFile: app.StoredFile{Bytes: int64(7 * i)}, Source: source, Kind: "VOICE", MIME: "audio/ogg", Seconds: 3 * i}}
		o.Record(m)
	}
	o.Downloads.Keep("two", "content")
	var first int
	o.One(`SELECT min(id) FROM attachments`, nil, &first)
	o.check(o.App.FetchFile(o.System("intake"), first+1))
	o.check(o.App.GiveUpFile(o.System("intake"), first))
	want := fmt.Sprintf(`{"versions":[{"files":[{"id":"%d","kind":"VOICE","mime":"audio/ogg","seconds":null,"bytes":null,"state":"MISSING","url":"/files/%d"}]}]}},`+
		`{"node":{"versions":[{"files":[{"id":"%d","kind":"VOICE","mime":"audio/ogg","seconds":3,"bytes":7,"state":"STORED","url":"/files/%d"}]}]}`, first, first, first+1, first+1)
	for who, sees := range map[string]bool{apptest.Botir: true, apptest.Aziza: true, apptest.Jasur: true, apptest.Dilya: false, apptest.Sardor: false, apptest.Nodira: false} {
		got := o.ask(who, filesQuery, map[string]any{"n": 10})
		if got.code() != "" || strings.Contains(got.text, want) != sees || !sees && strings.Contains(got.text, "/files/") {
			t.Errorf("%s: %s", who, got.text)
		}
	}
	if _, err := o.DB.Exec(`UPDATE messages SET deleted_at = now() WHERE kind = 'VOICE'`); err != nil {
		t.Fatal(err)
	}
	if got := o.ask(apptest.Botir, filesQuery, map[string]any{"n": 10}); strings.Contains(got.text, "/files/") {
		t.Errorf("deleted: %s", got.text)
	}
}

// The files of many messages take the queries of one's.
func TestFilesComeTogether(t *testing.T) {
	t.Parallel()
	o := open(t)
	for i := range 20 {
		m := o.Message(-1001, 501, apptest.At(fmt.Sprintf("2026-09-15 11:%02d", i)), "")
		m.Kind, m.Files = "VOICE", []app.FileInput{{Source: fmt.Sprint(i), Kind: "VOICE"}}
		o.Record(m)
	}
	o.Say(-1001, apptest.JasurTelegram, apptest.At("2026-09-15 12:00"), "ha")
	o, n := o.counted()
	count := func(first int) int64 {
		n.Store(0)
		if r := o.ask(apptest.Aziza, filesQuery, map[string]any{"n": first}); r.code() != "" || strings.Count(r.text, "/files/") != first {
			t.Fatal(r.text)
		}
		return n.Load()
	}
	if few, many := count(2), count(20); many > few {
		t.Errorf("%d queries for 2, %d for 20", few, many)
	}
}
