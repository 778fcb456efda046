package app

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// sound is a voice or video note to be listened to.
type sound struct {
	input  analyzer.Input
	audio  analyzer.Audio // without its Reader
	sha256 string
}

// askListeners enqueues the notes for every analyzer that hears and judges their side, and returns how many that are. A note
// that has words already (a transcript that came with it) is not listened to.
func askListeners(t *tx, r *roster, notes []wordedContent) int {
	asked := 0
	for _, a := range r.asked(true) {
		n := t.ask(a, notes, live)
		if !a.inShadow() {
			asked += n
		}
	}
	return asked
}

// listen has an analyzer hear notes, one after the other, and stores each as soon as it is heard: it may take minutes.
func (a *App) listen(ctx context.Context, who analyzerRow, contentIDs []int) error {
	notes, err := a.sounds(ctx, who, contentIDs)
	if err != nil {
		return err
	}
	var later error
	for _, note := range notes {
		result, err := a.hear(ctx, who, note)
		if err != nil {
			return err
		}
		wait, err := a.storeHeard(ctx, who, result)
		if err != nil {
			return err
		}
		if wait != nil {
			later = wait
		}
	}
	return later
}

// soundsSQL loads the first note in the store of each content that neither the analyzer ($2) has judged yet nor others whose word stands ($4),
// on the sides that it judges ($5), with the language that this side mostly writes in the chat, as far as the last messages tell,
// else the company's.
const soundsSQL = `
SELECT DISTINCT ON (c.id) c.id, m.side, m.sent_at, f.sha256, f.mime, f.bytes, f.seconds, COALESCE((
  SELECT a.language FROM (SELECT p.id FROM messages p WHERE p.chat_id = m.chat_id AND p.side = m.side ORDER BY p.sent_at DESC LIMIT 50) last
  JOIN analyses a ON a.message_id = last.id WHERE a.language <> '' AND a.kind <> 'TRANSCRIPT' AND NOT a.shadow GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1),
  (SELECT language FROM companies), '')
FROM attachments f JOIN message_contents c ON c.id = f.content_id JOIN messages m ON m.id = c.message_id
WHERE c.id = ANY($1) AND NOT EXISTS (SELECT 1 FROM analyses x WHERE x.content_id = c.id AND (x.analyzer_id = $2 AND x.shadow = $3 OR x.analyzer_id = ANY($4) AND NOT x.shadow))
  AND m.side = ANY($5) AND f.state = 'STORED'
ORDER BY c.id, f.position`

func (a *App) sounds(ctx context.Context, who analyzerRow, contentIDs []int) ([]sound, error) {
	var notes []sound
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		notes = nil
		return t.each(ctx, soundsSQL, []any{idArray(contentIDs), who.ID, who.inShadow(), idArray(who.rivals), pq.StringArray(who.Sides)}, func(scan scanner) error {
			var id, seconds int
			var side string
			var s sound
			err := scan(&id, &side, &s.input.At, &s.sha256, &s.audio.MIME, &s.audio.Bytes, &seconds, &s.input.Language)
			s.input.ID, s.input.Side = strconv.Itoa(id), analyzer.Side(strings.ToLower(side))
			s.audio.Duration = time.Duration(seconds) * time.Second
			notes = append(notes, s)
			return err
		})
	})
	return notes, err
}

// hear streams one note to the analyzer. A file that the store does not have is that note's failure.
func (a *App) hear(ctx context.Context, who analyzerRow, note sound) (analyzer.Result, error) {
	file, err := a.files.Open(ctx, note.sha256)
	if domain.KindOf(err) == domain.KindNotFound {
		return analyzer.Result{ID: note.input.ID, Err: analyzer.Errorf(analyzer.Invalid, "the sound is no longer in the store")}, nil
	}
	if err != nil {
		return analyzer.Result{}, err
	}
	defer func() { _ = file.Close() }() // it was only read
	note.audio.Reader = file
	return a.analyzers.Listen(ctx, who.Name, who.Version, note.input, note.audio)
}

// storeHeard stores what was heard. The first transcript of a version that counts becomes the message's words, and whoever
// judges words is asked in the same transaction. later is why to try again.
func (a *App) storeHeard(ctx context.Context, who analyzerRow, result analyzer.Result) (later, err error) {
	words := ""
	for i, o := range result.Outcomes {
		if o.Kind == analyzer.Transcript {
			words = cleanText(clip(o.Text, maxTextBytes))
			result.Outcomes[i].Details = withWords(o.Details, words)
		}
	}
	rows, failed, later, err := sortResults([]analyzer.Result{result})
	if err != nil {
		return nil, err
	}
	return later, a.inTx(ctx, func(ctx context.Context, t *tx) error {
		if err := t.storeResults(ctx, who, rows, failed); err != nil {
			return err
		}
		if words == "" || who.State == "SHADOW" {
			return nil
		}
		return t.putWords(ctx, rows[0].Content, words)
	})
}

// withWords puts what was heard among the details, where each version's own transcript stays.
func withWords(details json.RawMessage, words string) json.RawMessage {
	all := map[string]any{}
	if len(details) > 0 && json.Unmarshal(details, &all) != nil {
		all = map[string]any{}
	}
	all["text"] = words
	raw, err := json.Marshal(all)
	if err != nil {
		return details
	}
	return raw
}

// putWords makes a transcript the words of a message that has none, and has them judged.
func (t *tx) putWords(ctx context.Context, content int, words string) error {
	const q = `
UPDATE message_contents c SET transcript = $2 FROM messages m
WHERE c.id = $1 AND c.transcript IS NULL AND m.id = c.message_id RETURNING m.side, c.text = ''`
	var said []wordedContent
	err := t.each(ctx, q, []any{content, words}, func(scan scanner) error {
		c := wordedContent{id: content}
		wordless := false
		err := scan(&c.side, &wordless)
		if wordless { // a note with a caption is judged by its caption, as it was when it came
			said = append(said, c)
		}
		return err
	})
	if err != nil || len(said) == 0 {
		return err
	}
	r, err := t.roster(ctx)
	if err != nil {
		return err
	}
	_, err = askAnalyzers(ctx, t, r, slices.Clip(said), live)
	return err
}

// catchUpListening has an analyzer that hears listen to every note that has no words yet and in which no version heard that
// there are none.
func (t *tx) catchUpListening(ctx context.Context, who analyzerRow) error {
	const q = `
SELECT DISTINCT c.id FROM attachments f JOIN message_contents c ON c.id = f.content_id JOIN messages m ON m.id = c.message_id JOIN analyzers a ON a.id = $1
WHERE a.audio AND to_jsonb(m.side) <@ a.sides AND c.transcript IS NULL AND f.state = 'STORED'
  AND NOT EXISTS (SELECT 1 FROM analyses x JOIN analyzers o ON o.id = x.analyzer_id WHERE x.content_id = c.id AND o.name = a.name AND NOT x.shadow)
ORDER BY c.id`
	ids, err := t.ids(ctx, q, who.ID)
	t.enqueueAnalysis(who, ids, live)
	return err
}
