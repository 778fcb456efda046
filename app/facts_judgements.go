package app

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// judgement is what counts of a message in one kind: the newest analysis of its newest version, those of analyzers that work
// before all others, and the newest word of a person on it.
type judgement struct {
	message, content, analysis int
	created                    int64 // Unix microseconds
	value                      int64 // nano-units: points of quality, −1 to 1 of sentiment; noNumber for none
	open, reviewed, idle       bool
}

// judgementList is in order of messages, one a message.
type judgementList []judgement

func (l judgementList) find(message int) (judgement, bool) {
	i, ok := slices.BinarySearchFunc(l, message, func(j judgement, id int) int { return cmp.Compare(j.message, id) })
	if !ok || l[i].value == noNumber {
		return judgement{}, false
	}
	return l[i], true
}

// judgements are those of a span of time.
type judgements struct {
	quality, sentiment judgementList
	// needless are the customers' messages that want no reply.
	needless map[int]bool
}

// opinion is what somebody or something says.
type opinion struct {
	label string
	score int64 // nano-units, or noNumber
}

// correction is the newest word of a person on what an analyzer, in whichever version, said of a kind.
type correction struct {
	kind     analyzer.Kind
	analyzer string
	opinion
}

const nano = 1_000_000_000

// judgedColumns group by what few values have, so that arrays of numbers are all that is many.
const judgedColumns = `
SELECT a.kind, a.analyzer_id, COALESCE(a.language, ''), COALESCE(a.label, ''), array_agg(a.message_id), array_agg(a.content_id), array_agg(a.id),
  array_agg((date_part('epoch', a.created_at) * 1000000)::bigint), array_agg((a.score * 1000000000)::bigint)`

// judgedSQL finds the analyses of the span's messages ($1, $2) as known at $3, of some kinds ($4) and chats ($5; null: all).
const judgedSQL = judgedColumns + `
FROM messages m JOIN analyses a ON a.message_id = m.id
WHERE m.sent_at >= $1 AND m.sent_at < $2 AND m.side <> 'NONE' AND m.received_at <= $3 AND a.created_at <= $3 AND a.kind = ANY($4) AND NOT a.shadow
  AND ($5::bigint[] IS NULL OR m.chat_id = ANY($5))
GROUP BY 1, 2, 3, 4`

// judgedOutsideSQL finds the needs-reply analyses of what the windows ($5 to $8) have outside the span.
const judgedOutsideSQL = judgedColumns + `
FROM unnest($5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[]) AS w(chat, thread, lo, hi)
JOIN messages m ON m.chat_id = w.chat AND m.thread = w.thread AND m.sent_at >= to_timestamp(w.lo) AND m.sent_at < to_timestamp(w.hi + 1)
JOIN analyses a ON a.message_id = m.id
WHERE (m.sent_at < $1 OR m.sent_at >= $2) AND m.side = 'CUSTOMER' AND m.received_at <= $3 AND a.created_at <= $3 AND a.kind = $4 AND NOT a.shadow
GROUP BY 1, 2, 3, 4`

// A person's word holds for the version of the message and the kind, whichever version of the analyzer it was said to, one in
// shadow included: a new version does not lose it.
const (
	opinionColumns = `
SELECT DISTINCT ON (a.content_id, a.kind, n.name) a.content_id, a.kind, n.name, COALESCE(f.label, ''), (f.score * 1000000000)::bigint`
	opinionOrder = `
ORDER BY a.content_id, a.kind, n.name, f.created_at DESC, f.id DESC`
)

// opinionsSQL finds the newest feedback as of $3 on what was said of the span's messages ($1, $2), of some chats ($4; null: all).
const opinionsSQL = opinionColumns + `
FROM feedbacks f JOIN analyses a ON a.id = f.analysis_id JOIN analyzers n ON n.id = a.analyzer_id JOIN messages m ON m.id = a.message_id
WHERE m.sent_at >= $1 AND m.sent_at < $2 AND f.created_at <= $3 AND ($4::bigint[] IS NULL OR m.chat_id = ANY($4))` + opinionOrder

// opinionsOutsideSQL finds that on the needs-reply analyses of what the windows ($5 to $8) have outside the span.
const opinionsOutsideSQL = opinionColumns + `
FROM unnest($5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[]) AS w(chat, thread, lo, hi)
JOIN messages m ON m.chat_id = w.chat AND m.thread = w.thread AND m.sent_at >= to_timestamp(w.lo) AND m.sent_at < to_timestamp(w.hi + 1)
JOIN analyses a ON a.message_id = m.id JOIN feedbacks f ON f.analysis_id = a.id JOIN analyzers n ON n.id = a.analyzer_id
WHERE (m.sent_at < $1 OR m.sent_at >= $2) AND m.side = 'CUSTOMER' AND f.created_at <= $3 AND a.kind = $4` + opinionOrder

func (t *tx) readJudgements(ctx context.Context, r *roster, q factQuery, chats []int, windows []talkWindow) (*judgements, error) {
	gates, err := t.readGates(ctx, q.at, "")
	if err != nil {
		return nil, err
	}
	idle, err := t.idleNames(ctx, q.at)
	if err != nil {
		return nil, err
	}
	outside := []any{q.from, q.to, q.at, string(analyzer.NeedsReply)}
	outside = append(outside, windowArrays(windowsOutside(q, windows))...)
	c := judgementCollector{gates: gates, names: r.analyzerNames(), idle: idle, corrections: map[int][]correction{}}
	if err := t.each(ctx, opinionsSQL, []any{q.from, q.to, q.at, nullableIDs(chats)}, c.correction); err != nil {
		return nil, err
	}
	if err := t.each(ctx, opinionsOutsideSQL, outside, c.correction); err != nil {
		return nil, err
	}
	kinds := pq.StringArray{string(analyzer.NeedsReply)}
	if q.judged {
		kinds = append(kinds, string(analyzer.Quality), string(analyzer.Sentiment))
	}
	if err := t.each(ctx, judgedSQL, []any{q.from, q.to, q.at, kinds, nullableIDs(chats)}, c.row); err != nil {
		return nil, err
	}
	if err := t.each(ctx, judgedOutsideSQL, outside, c.row); err != nil {
		return nil, err
	}
	return c.result(), nil
}

// windowsOutside are those that reach out of the span.
func windowsOutside(q factQuery, windows []talkWindow) []talkWindow {
	var out []talkWindow
	for _, w := range windows {
		if w.lo < q.from.Unix() || w.hi > q.to.Unix() {
			out = append(out, w)
		}
	}
	return out
}

// judgementCollector picks what counts from all that was said.
type judgementCollector struct {
	gates              gates
	names              map[int]string
	idle               map[string]bool      // by name: those that were switched off
	corrections        map[int][]correction // by content
	quality, sentiment judgementList
	replies            judgementList
	raw                [5]sql.RawBytes
	numbers            [5][]int64
}

func (c *judgementCollector) correction(scan scanner) error {
	var content int
	var score sql.NullInt64
	said := correction{opinion: opinion{score: noNumber}}
	if err := scan(&content, &said.kind, &said.analyzer, &said.label, &score); err != nil {
		return err
	}
	if score.Valid {
		said.score = score.Int64
	}
	c.corrections[content] = append(c.corrections[content], said)
	return nil
}

// correctionOf is a person's word on what an analyzer said of a kind in a version of a message.
func (c *judgementCollector) correctionOf(content int, kind analyzer.Kind, name string) (opinion, bool) {
	for _, said := range c.corrections[content] {
		if said.kind == kind && said.analyzer == name {
			return said.opinion, true
		}
	}
	return opinion{}, false
}

func (c *judgementCollector) row(scan scanner) error {
	var key gateKey
	var label string
	dest := []any{&key.kind, &key.analyzer, &key.language, &label}
	for i := range c.raw {
		dest = append(dest, &c.raw[i])
	}
	if err := scan(dest...); err != nil {
		return err
	}
	for i := range c.raw {
		var err error
		if c.numbers[i], err = parseNumbers(c.numbers[i][:0], c.raw[i]); err != nil {
			return err
		}
	}
	kind, name := analyzer.Kind(key.kind), c.names[key.analyzer]
	list := map[analyzer.Kind]*judgementList{analyzer.Quality: &c.quality, analyzer.Sentiment: &c.sentiment, analyzer.NeedsReply: &c.replies}[kind]
	*list = slices.Grow(*list, len(c.numbers[0]))
	open := c.gates[key]
	for i := range c.numbers[0] {
		j := judgement{message: int(c.numbers[0][i]), content: int(c.numbers[1][i]), analysis: int(c.numbers[2][i]), created: c.numbers[3][i], open: open, idle: c.idle[name]}
		said := opinion{label, c.numbers[4][i]}
		if person, ok := c.correctionOf(j.content, kind, name); ok {
			said, j.reviewed = person.over(said, kind)
		}
		j.value = said.value(kind)
		*list = append(*list, j)
	}
	return nil
}

// over is a person's word in place of the machine's, as far as it goes; reviewed tells whether it says what the kind counts.
func (o opinion) over(machine opinion, kind analyzer.Kind) (said opinion, reviewed bool) {
	said = machine
	if o.label != "" {
		said.label = o.label
	}
	if o.score != noNumber {
		said.score = o.score
	}
	if kind == analyzer.Quality {
		return said, o.score != noNumber
	}
	return said, o.label != ""
}

// value is what a kind counts: the score of quality, the label of the others as a number.
func (o opinion) value(kind analyzer.Kind) int64 {
	switch kind {
	case analyzer.Quality:
		return o.score
	case analyzer.NeedsReply:
		if o.label == analyzer.No {
			return 0
		}
		return nano
	}
	switch o.label {
	case analyzer.Positive:
		return nano
	case analyzer.Neutral:
		return 0
	case analyzer.Negative:
		return -nano
	}
	return noNumber
}

func (c *judgementCollector) result() *judgements {
	out := &judgements{quality: c.quality.newest(), sentiment: c.sentiment.newest(), needless: map[int]bool{}}
	for _, j := range c.replies.newest() {
		if j.value == 0 && (j.open || j.reviewed) {
			out.needless[j.message] = true
		}
	}
	return out
}

// newest keeps one judgement a message: of the newest version the newest, by id if two are of one moment. What analyzers say
// that were switched off counts only where none that works spoke: whoever switches one off takes its word back.
func (l judgementList) newest() judgementList {
	slices.SortFunc(l, func(a, b judgement) int {
		return cmp.Or(cmp.Compare(a.message, b.message), cmp.Compare(b.content, a.content), compareBool(a.idle, b.idle),
			cmp.Compare(b.created, a.created), cmp.Compare(b.analysis, a.analysis))
	})
	return slices.CompactFunc(l, func(a, b judgement) bool { return a.message == b.message })
}

// compareBool has false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
