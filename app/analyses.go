package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/jobs/args"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// pace is how work arrives: live a message at a time, or in bulk from a history.
type pace int

const (
	live pace = iota
	bulk
)

// bulkBatch is how many messages a job of a history has: enough to make a plugin call cheap, few enough to finish and be
// retried within seconds.
const bulkBatch = 250

// batchesPerJob is how many calls a job takes at most where the analyzer says how many messages it takes at once: a slow one
// must be done in the time of a job.
const batchesPerJob = 2

// shadowBehind is how far work in shadow stands behind what counts, in River's priorities.
const shadowBehind = 3

// contextTurns is how many earlier messages an analyzer sees of the conversation.
const contextTurns = 6

// wordedContent is a version of a message with words to judge.
type wordedContent struct {
	id   int
	side string
}

// askAnalyzers enqueues the judgement of contents by every analyzer that works, and beside it by every version in shadow, that
// judges their side. It returns how many judgements that count were asked for.
func askAnalyzers(_ context.Context, t *tx, r *roster, contents []wordedContent, how pace) (int, error) {
	asked := 0
	for _, a := range r.asked(false) {
		n := t.ask(a, contents, how)
		if !a.inShadow() {
			asked += n
		}
	}
	return asked, nil
}

// ask enqueues the judgement of those contents whose side an analyzer judges, and returns how many.
func (t *tx) ask(a analyzerRow, contents []wordedContent, how pace) int {
	var ids []int
	for _, c := range contents {
		if slices.Contains(a.Sides, c.side) {
			ids = append(ids, c.id)
		}
	}
	t.enqueueAnalysis(a, ids, how)
	return len(ids)
}

// enqueueAnalysis cuts the work into jobs. What is done in shadow waits behind all that counts.
func (t *tx) enqueueAnalysis(a analyzerRow, ids []int, how pace) {
	job := args.AnalyzeMessages{Analyzer: a.Name, Again: a.again}
	opts := &river.InsertOpts{Queue: args.QueueLive}
	size := 1
	if how == bulk {
		opts.Queue, size = args.QueueBulk, bulkBatch
	}
	if a.inShadow() {
		job.Version, opts.Queue, opts.Priority = a.Version, args.QueueBulk, river.PriorityDefault+shadowBehind
	}
	if a.MaxBatch > 0 {
		size = min(size, batchesPerJob*a.MaxBatch)
	}
	if a.Audio {
		opts.Queue, size = args.QueueSpeech, 1
	}
	for part := range slices.Chunk(ids, size) {
		job.ContentIDs = part
		t.enqueue(job, opts)
	}
}

// AnalyzeMessages has one analyzer judge versions of messages and stores what it says. Versions that it has judged already are
// left alone, so the same job twice is once, also if another version of the analyzer took over meanwhile. What it could not
// judge is put aside with the reason; an error means that the batch is to be tried again, of which what was judged is kept.
func (a *App) AnalyzeMessages(ctx context.Context, job args.AnalyzeMessages) error {
	if _, err := permit(ctx, "analysis", "write"); err != nil {
		return err
	}
	work, err := a.assign(ctx, job)
	if err != nil {
		return err
	}
	for _, part := range work {
		if part.who.Audio {
			err = errors.Join(err, a.listen(ctx, part.who, part.contents))
			continue
		}
		err = errors.Join(err, a.judge(ctx, part))
	}
	return err
}

// errMore is why the rest of a job is done by its next try, which spends no attempt.
var errMore = domain.Errorf(domain.KindUnavailable, "there is more to judge than the time of one try allows")

// judge has a version judge its part of a job, in as many calls as it needs. Each is stored at once: a slow version may get a
// job that was cut for a quick one, and then does what it can in the first half of the job's time.
func (a *App) judge(ctx context.Context, part assignment) error {
	later := part.later
	size := max(len(part.inputs), 1)
	if part.who.MaxBatch > 0 {
		size = part.who.MaxBatch
	}
	began := time.Now()
	deadline, limited := ctx.Deadline()
	for inputs := range slices.Chunk(part.inputs, size) {
		if limited && time.Since(began) > time.Until(deadline) {
			return errMore
		}
		wait, err := a.judgeInputs(ctx, part.who, inputs)
		if err != nil {
			return err
		}
		later = cmp.Or(later, wait)
	}
	return later
}

// judgeInputs has a version judge some messages and stores what it says; later is why to try some of them again.
func (a *App) judgeInputs(ctx context.Context, who analyzerRow, inputs []analyzer.Input) (later, err error) {
	results, err := a.analyzers.Analyze(ctx, who.Name, who.Version, inputs)
	if err != nil {
		return nil, err
	}
	rows, failed, later, err := sortResults(results)
	if err != nil {
		return nil, err
	}
	return later, a.inTx(ctx, func(ctx context.Context, t *tx) error { return t.storeResults(ctx, who, rows, failed) })
}

// unheardFor is how long a reply waits until what it replies to was listened to.
const unheardFor = 12 * time.Hour

// errUnheard is why a reply is judged later.
var errUnheard = domain.Errorf(domain.KindUnavailable, "a voice note before it is still to be listened to")

// wantsContext tells whether the analyzer judges replies to something.
func (a analyzerRow) wantsContext() bool {
	return slices.Contains(a.Kinds, string(analyzer.Quality)) || slices.Contains(a.Kinds, string(analyzer.Relevance))
}

// inputsSQL loads versions that neither the analyzer ($2) has judged yet nor others whose word stands ($6), with the turns before
// them, which are those of the same conversation, on the sides that it judges ($9): the job may have been meant for another
// version. What was only said in shadow is said again to count ($7). Of a turn that waits to be listened to, or to be fetched first,
// nobody knows yet what it says; what is only heard in shadow, or cannot be fetched, will not tell.
const inputsSQL = `
WITH unheard AS MATERIALIZED (
  SELECT note.id::bigint AS content FROM river_job j, jsonb_array_elements_text(j.args -> 'content_ids') AS note(id)
  WHERE $3 AND j.args -> 'version' IS NULL AND j.queue = '` + args.QueueSpeech + `' AND j.state IN ('available', 'pending', 'running', 'retryable', 'scheduled'))
SELECT c.id, COALESCE(NULLIF(c.text, ''), c.transcript, ''), m.side, m.sent_at, turns.list, COALESCE(turns.unheard, false)
FROM message_contents c JOIN messages m ON m.id = c.message_id
LEFT JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_object('side', e.side, 'text', e.text, 'at', e.sent_at) ORDER BY e.sent_at, e.telegram_id) AS list, bool_or(e.unheard) AS unheard
  FROM (SELECT p.side, COALESCE(NULLIF(pc.text, ''), pc.transcript, '') AS text, p.sent_at, p.telegram_id,
      pc.text = '' AND pc.transcript IS NULL AND pc.received_at > $8 AND (pc.id IN (SELECT content FROM unheard)
        OR EXISTS (SELECT 1 FROM attachments f WHERE f.content_id = pc.id AND f.state = 'PENDING')
          AND EXISTS (SELECT 1 FROM analyzers v WHERE v.audio AND ` + worksSQL + ` AND to_jsonb(p.side) <@ v.sides)) AS unheard
    FROM messages p
    JOIN message_contents pc ON pc.message_id = p.id AND pc.version = p.version
    WHERE p.chat_id = m.chat_id AND p.thread = m.thread AND p.side <> 'NONE' AND (p.sent_at, p.telegram_id) < (m.sent_at, m.telegram_id)
      AND p.sent_at >= m.sent_at - make_interval(secs => $5)
    ORDER BY p.sent_at DESC, p.telegram_id DESC LIMIT $4) e) turns ON $3
WHERE c.id = ANY($1) AND NOT EXISTS (SELECT 1 FROM analyses x WHERE x.content_id = c.id AND (x.analyzer_id = $2 AND x.shadow = $7 OR x.analyzer_id = ANY($6) AND NOT x.shadow))
  AND m.side = ANY($9)
ORDER BY c.id`

// scanInput reads an input; ready is false while one of its turns waits to be listened to.
func scanInput(scan scanner) (in analyzer.Input, ready bool, err error) {
	var id int
	var side string
	var turns []byte
	var unheard bool
	if err := scan(&id, &in.Text, &side, &in.At, &turns, &unheard); err != nil {
		return in, false, err
	}
	in.ID, in.Side = strconv.Itoa(id), analyzer.Side(strings.ToLower(side))
	if turns == nil {
		return in, true, nil
	}
	var list []struct {
		Side, Text string
		At         time.Time
	}
	if err := json.Unmarshal(turns, &list); err != nil {
		return in, false, err
	}
	for _, turn := range list {
		in.Context = append(in.Context, analyzer.Turn{Side: analyzer.Side(strings.ToLower(turn.Side)), Text: turn.Text, At: turn.At})
	}
	return in, !unheard, nil
}

// analysisRow is an outcome as the statement below takes it.
type analysisRow struct {
	Content    int             `json:"content_id"`
	Kind       string          `json:"kind"`
	Label      string          `json:"label"`
	Score      *float64        `json:"score"`
	Confidence float64         `json:"confidence"`
	Language   string          `json:"language"`
	Details    json.RawMessage `json:"details"`
}

const putAnalysesSQL = `
WITH input AS (
  SELECT x.*, c.message_id FROM jsonb_to_recordset($1) AS x(content_id bigint, kind text, label text, score double precision,
    confidence double precision, language text, details jsonb) JOIN message_contents c ON c.id = x.content_id
  WHERE NOT EXISTS (SELECT 1 FROM analyses o WHERE o.content_id = x.content_id AND o.analyzer_id = ANY($5) AND NOT o.shadow)),
made AS (
  INSERT INTO analyses (message_id, content_id, analyzer_id, kind, label, score, confidence, language, shadow, created_at)
  SELECT message_id, content_id, $2, kind, label, score, confidence, language, $4, $3 FROM input
  ON CONFLICT (content_id, analyzer_id, kind, shadow) DO NOTHING
  RETURNING id, message_id, content_id, kind, language),
details AS (
  INSERT INTO analysis_details (analysis_id, details)
  SELECT made.id, input.details FROM made JOIN input USING (content_id, kind) WHERE input.details IS NOT NULL)
SELECT made.id, made.kind, made.language, m.chat_id, m.thread, m.telegram_id, m.sent_at, m.side, COALESCE(m.sender_id, 0), COALESCE(c.assignee_id, 0),
  made.kind = 'NEEDS_REPLY' AND EXISTS (SELECT 1 FROM analyses o WHERE o.message_id = made.message_id AND o.kind = made.kind
    AND (NOT o.shadow OR EXISTS (SELECT 1 FROM feedbacks f WHERE f.analysis_id = o.id)))
FROM made JOIN messages m ON m.id = made.message_id JOIN chats c ON c.id = m.chat_id`

// storeResults keeps what a version said, in shadow without any consequence. It fails as unavailable if meanwhile another
// version took over some of its work: then what it said is not to be kept, and the job is to be tried again.
func (t *tx) storeResults(ctx context.Context, who analyzerRow, rows []analysisRow, failed []failedContent) error {
	if err := t.writeFacts(ctx); err != nil {
		return err
	}
	standing, err := t.standing(ctx, who.Name)
	if err != nil {
		return err
	}
	if standing != who.standing {
		return errSwapped(who.Name)
	}
	put := []any{asJSON(rows), who.ID, t.at, who.inShadow(), idArray(who.rivals)}
	if who.inShadow() {
		return t.each(ctx, putAnalysesSQL, put, func(scanner) error { return nil })
	}
	if err := t.putAside(ctx, who, failed); err != nil {
		return err
	}
	if err := t.takeBack(ctx, who.Name, rows); err != nil {
		return err
	}
	return t.count(ctx, who, put)
}

// count keeps analyses that count, and does what follows from them.
func (t *tx) count(ctx context.Context, who analyzerRow, put []any) error {
	r, err := t.roster(ctx)
	if err != nil {
		return err
	}
	var asked touched
	err = t.each(ctx, putAnalysesSQL, put, func(scan scanner) error {
		var id, sender, assignee int
		var kind, language, side string
		var p place
		var again bool
		if err := scan(&id, &kind, &language, &p.chat, &p.thread, &p.telegramID, &p.at, &side, &sender, &assignee, &again); err != nil {
			return err
		}
		t.emit(AnalysisCompleted, id)
		switch analyzer.Kind(kind) {
		case analyzer.NeedsReply:
			if again || r.gateOpen(who.ID, language) { // else it is as good as not said, and takes nothing's place
				asked = append(asked, p)
			}
		case analyzer.Quality, analyzer.Sentiment:
			t.stale(r, p.at, sender, assignee)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return settle(ctx, t, r, asked)
}

// failedContent is a version that an analyzer could not judge.
type failedContent struct {
	Content int    `json:"content_id"`
	Reason  string `json:"reason"`
}

// sortResults parts what was said from what could not be. A failure that may pass is of neither: it is why to try again later.
func sortResults(results []analyzer.Result) (rows []analysisRow, failed []failedContent, later, err error) {
	for _, res := range results {
		id, err := strconv.Atoi(res.ID)
		if err != nil {
			return nil, nil, nil, domain.Errorf(domain.KindInternal, "an analyzer answered for an unknown id")
		}
		if res.Err != nil {
			if res.Err.Kind == analyzer.Unavailable {
				later = domain.Errorf(domain.KindUnavailable, "%w", res.Err)
				continue
			}
			failed = append(failed, failedContent{id, clip(res.Err.Error(), 500)})
			continue
		}
		for _, o := range res.Outcomes {
			rows = append(rows, analysisRow{id, string(o.Kind), clip(o.Label, 64), o.Score, o.Confidence, clip(o.Language, 16), cleanJSON(o.Details)})
		}
	}
	return rows, failed, later, nil
}

// putAside keeps what could not be judged, unless it was: by the version that works, or, if it was not asked for again, by any.
func (t *tx) putAside(ctx context.Context, who analyzerRow, failed []failedContent) error {
	if len(failed) == 0 {
		return nil
	}
	_, err := t.sql.ExecContext(ctx, `
INSERT INTO analysis_failures (content_id, analyzer, reason, failed_at)
SELECT content_id, $2::text, reason, $3 FROM jsonb_to_recordset($1) AS x(content_id bigint, reason text)
WHERE NOT EXISTS (SELECT 1 FROM analyses s JOIN analyzers a ON a.id = s.analyzer_id
  WHERE s.content_id = x.content_id AND NOT s.shadow AND a.name = $2::text AND (NOT $4 OR a.state IN ('ENABLED', 'SPLIT')))
ON CONFLICT (content_id, analyzer) DO UPDATE SET reason = EXCLUDED.reason, failed_at = EXCLUDED.failed_at`, asJSON(failed), who.Name, t.at, who.again)
	return err
}

// takeBack forgets earlier failures on what was judged now.
func (t *tx) takeBack(ctx context.Context, name string, rows []analysisRow) error {
	judged := make([]int, len(rows))
	for i, row := range rows {
		judged[i] = row.Content
	}
	_, err := t.sql.ExecContext(ctx, `DELETE FROM analysis_failures WHERE analyzer = $1 AND content_id = ANY($2)`, name, idArray(judged))
	return err
}

// GiveUpAnalysis puts a whole batch aside, with the reason, after its last try. What was to be judged in shadow nobody misses.
func (a *App) GiveUpAnalysis(ctx context.Context, job args.AnalyzeMessages, cause error) error {
	if _, err := permit(ctx, "analysis", "write"); err != nil || job.Version != "" {
		return err
	}
	var own *domain.Error
	reason := "the analyzer failed"
	if errors.As(cause, &own) {
		reason = clip(own.Message, 500)
	}
	failed := make([]failedContent, len(job.ContentIDs))
	for i, id := range job.ContentIDs {
		failed[i] = failedContent{id, reason}
	}
	who := analyzerRow{Name: job.Analyzer, errand: errand{again: job.Again}}
	return a.inTx(ctx, func(ctx context.Context, t *tx) error { return t.putAside(ctx, who, failed) })
}
