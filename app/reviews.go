package app

import (
	"context"
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/plugins/analyzer"
)

const (
	// reviewsPerGroup is more than the pay gate's 30 labels.
	reviewsPerGroup = 36
	// reviewDisagree is the share of 1 in so many that the made-up supervisor corrects.
	reviewDisagree = 9
)

// DemoReviews are plausible judgements for the demo company's supervisor to give: for each analyzer, kind and language enough
// for the pay gate, most of them in agreement. Groups that have enough already are left out.
func (a *App) DemoReviews(ctx context.Context) ([]GiveFeedbackInput, error) {
	if _, err := permit(ctx, "feedback", "give"); err != nil {
		return nil, err
	}
	var out []GiveFeedbackInput
	err := a.inTx(as(ctx, "reviewer"), func(ctx context.Context, t *tx) error {
		r, err := t.roster(ctx)
		if err != nil {
			return err
		}
		const q = `
SELECT id, analyzer_id, kind, label, score FROM (
  SELECT a.*, row_number() OVER (PARTITION BY a.analyzer_id, a.kind, a.language ORDER BY a.confidence DESC, a.id DESC) AS n,
    count(f.id) OVER (PARTITION BY a.analyzer_id, a.kind, a.language) AS given
  FROM analyses a LEFT JOIN feedbacks f ON f.analysis_id = a.id WHERE NOT a.shadow AND (a.label <> '' OR a.score IS NOT NULL)) x
WHERE n <= $1 AND given < $1 ORDER BY id`
		return t.each(ctx, q, []any{reviewsPerGroup}, func(scan scanner) error {
			var found gen.Analysis
			if err := scan(&found.ID, &found.AnalyzerID, &found.Kind, &found.Label, &found.Score); err != nil {
				return err
			}
			out = append(out, demoReview(&found, r.labels(found.AnalyzerID, string(found.Kind))))
			return nil
		})
	})
	return out, err
}

// demoReview agrees but for one in reviewDisagree, chosen by the analysis's id so that it is the same every time.
func demoReview(a *gen.Analysis, labels []string) GiveFeedbackInput {
	in := GiveFeedbackInput{AnalysisID: a.ID, Comment: "demo", Demo: true}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(strconv.Itoa(a.ID)))
	corrects := sum.Sum32()%reviewDisagree == 0
	if _, greatest := analyzer.Kind(a.Kind).ScoreRange(); greatest <= 1 && a.Label != "" {
		label := a.Label
		if len(labels) == 0 { // open: what is out of scope is known all the same
			labels = []string{analyzer.Other, label}
		}
		if i := slices.Index(labels, label); corrects && i >= 0 && len(labels) > 1 {
			label = labels[(i+1)%len(labels)]
		}
		in.Label = &label
		return in
	}
	score := deref(a.Score)
	if corrects {
		score = max(0, score-25)
	}
	in.Score = &score
	return in
}
