package app

import (
	"context"
	"slices"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen/message"
	"github.com/fincokpi/finco/ent/gen/messagecontent"
)

// reanalyzeMost is how many messages one request may have judged.
const reanalyzeMost = 100

// ReanalyzeInput asks the enabled version of an analyzer for its judgement of messages.
type ReanalyzeInput struct {
	Analyzer string
	// Messages are ids, at most 100. Those that the actor does not see are as if they were not there.
	Messages []int
}

func (in ReanalyzeInput) validate() error {
	var list []string
	if in.Analyzer == "" {
		list = append(list, "say which analyzer")
	}
	if len(in.Messages) == 0 || len(in.Messages) > reanalyzeMost {
		list = append(list, "give 1 to 100 messages")
	}
	return faults(list)
}

// Reanalyze has messages judged by the version of an analyzer that works now, where that has not spoken yet, and returns how
// many. What earlier versions said stays.
func (a *App) Reanalyze(ctx context.Context, in ReanalyzeInput) (int, error) {
	if _, err := permit(ctx, "analysis", "reanalyze"); err != nil {
		return 0, err
	}
	if err := in.validate(); err != nil {
		return 0, err
	}
	n := 0
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		who, err := r.enabled(in.Analyzer)
		if err != nil {
			return err
		}
		seen, err := t.Message.Query().Where(message.IDIn(in.Messages...)).IDs(ctx)
		if err != nil {
			return err
		}
		if len(seen) == 0 {
			return domain.Errorf(domain.KindNotFound, "there are no such messages")
		}
		words, err := t.MessageContent.Query().Where(messagecontent.MessageIDIn(seen...)).IDs(ctx)
		if err != nil {
			return err
		}
		ids, err := t.unjudged(ctx, who, words)
		if err != nil || len(ids) == 0 {
			return err
		}
		n = len(ids)
		who.again = true
		t.enqueueAnalysis(who, ids, bulk)
		return t.audit(ctx, "reanalyze", "analyzer", who.ID, map[string]int{"messages": n})
	})
	return n, err
}

// unjudged are those of some contents that are the newest of their message, have words, are on a side that the analyzer
// judges, and of which this version has not spoken. Of a note, the sound must be there.
func (t *tx) unjudged(ctx context.Context, who analyzerRow, contents []int) ([]int, error) {
	var ids []int
	const q = `
SELECT c.id FROM message_contents c JOIN messages m ON m.id = c.message_id AND m.version = c.version
WHERE c.id = ANY($1) AND to_jsonb(m.side) <@ $3::jsonb
  AND CASE WHEN $4 THEN EXISTS (SELECT 1 FROM attachments f WHERE f.content_id = c.id AND f.state = 'STORED') ELSE COALESCE(NULLIF(c.text, ''), c.transcript, '') <> '' END
  AND NOT EXISTS (SELECT 1 FROM analyses x WHERE x.content_id = c.id AND x.analyzer_id = $2 AND NOT x.shadow)
ORDER BY c.id`
	err := t.each(ctx, q, []any{idArray(contents), who.ID, asJSON(who.Sides), who.Audio}, func(scan scanner) error {
		var id int
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// catchUp has an analyzer judge everything that is there of which no version has said anything that counts.
func (t *tx) catchUp(ctx context.Context, who analyzerRow) error {
	if who.Audio {
		return t.catchUpListening(ctx, who)
	}
	const q = `
SELECT c.id FROM message_contents c JOIN messages m ON m.id = c.message_id AND m.version = c.version
WHERE to_jsonb(m.side) <@ $2::jsonb AND COALESCE(NULLIF(c.text, ''), c.transcript, '') <> ''
  AND NOT EXISTS (SELECT 1 FROM analyses x JOIN analyzers o ON o.id = x.analyzer_id WHERE x.content_id = c.id AND o.name = $1 AND NOT x.shadow)
ORDER BY c.id`
	ids, err := t.ids(ctx, q, who.Name, asJSON(who.Sides))
	t.enqueueAnalysis(who, ids, bulk)
	return err
}

// comparedDays is how far back a version in shadow judges what the enabled one has judged already: enough for the labels of
// people that the two are compared by, without the whole history.
const comparedDays = 28

// catchUpShadow has a version in shadow judge the messages of the last days. One that listens hears only what is to come.
func (t *tx) catchUpShadow(ctx context.Context, who analyzerRow) error {
	if who.Audio {
		return nil
	}
	const q = `
SELECT c.id FROM message_contents c JOIN messages m ON m.id = c.message_id AND m.version = c.version
WHERE to_jsonb(m.side) <@ $2::jsonb AND COALESCE(NULLIF(c.text, ''), c.transcript, '') <> '' AND m.sent_at >= $3
  AND NOT EXISTS (SELECT 1 FROM analyses x WHERE x.content_id = c.id AND x.analyzer_id = $1)
ORDER BY c.id`
	ids, err := t.ids(ctx, q, who.ID, asJSON(who.Sides), t.at.AddDate(0, 0, -comparedDays))
	t.enqueueAnalysis(who, ids, bulk)
	return err
}

// ids are what a query finds.
func (t *tx) ids(ctx context.Context, query string, with ...any) ([]int, error) {
	var ids []int
	err := t.each(ctx, query, with, func(scan scanner) error {
		var id int
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// RetryAnalyses has an analyzer that works again judge what was put aside because it could not, and returns how many versions
// of messages that are. What fails again is put aside again.
func (a *App) RetryAnalyses(ctx context.Context, name string) (int, error) {
	if _, err := permit(ctx, "analysis", "write"); err != nil {
		return 0, err
	}
	n := 0
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		var ids []int
		err := t.each(ctx, `DELETE FROM analysis_failures WHERE analyzer = $1 RETURNING content_id`, []any{name}, func(scan scanner) error {
			var id int
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		who, err := r.enabled(name)
		if err != nil {
			return err
		}
		slices.Sort(ids)
		n = len(ids)
		t.enqueueAnalysis(who, ids, bulk)
		return nil
	})
	return n, err
}
