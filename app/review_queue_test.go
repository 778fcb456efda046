package app_test

import (
	"slices"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// sure is a label given with a confidence.
func sure(kind analyzer.Kind, label string, confidence float64) analyzer.Outcome {
	out := apptest.Label(kind, label, "uz-Latn")
	out.Confidence = confidence
	return out
}

// nextReview is the next judgement of a person's queue, as its words and kind, and how many are left.
func nextReview(t *testing.T, w *apptest.World, who string, after int) (card *app.ReviewCard, said string, left int) {
	t.Helper()
	next, err := w.App.NextReview(w.As(who), app.NextReviewInput{After: after})
	if err != nil {
		t.Fatal(err)
	}
	if next.Card == nil {
		return nil, "", next.Left
	}
	return next.Card, string(next.Card.Analysis.Kind) + " " + next.Card.Message.Text, next.Left
}

func TestTheLeastSureIsReviewedFirst(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Analyzers.Answer("sentiment", "Hm", sure(analyzer.Sentiment, "negative", 0.4))
	w.Analyzers.Answer("question", "Hm", sure(analyzer.NeedsReply, "no", 0.6))
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 09:00"), "Salom")
	w.Say(-1, 5, apptest.At("2026-09-15 10:00"), "Hm")
	w.Say(-2, apptest.DilyaTelegram, apptest.At("2026-09-15 09:00"), "Assalom")
	w.RunJobs()
	card, said, left := nextReview(t, w, apptest.Aziza, 0)
	if said != "SENTIMENT Hm" || left != 3 || !slices.Equal(card.Labels, []string{"negative", "positive", "neutral"}) {
		t.Fatalf("first comes %s, %d are left, labels %v", said, left, card.Labels)
	}
	if len(card.Before) != 1 || card.Before[0].Text != "Salom" || card.Before[0].Sender != "Jasur Toshev" || card.Message.Sender != "Somebody" {
		t.Errorf("shown with %+v", card.Before)
	}
	second, said, left := nextReview(t, w, apptest.Aziza, card.Analysis.ID)
	if said != "NEEDS_REPLY Hm" || left != 2 {
		t.Errorf("then %s, %d are left", said, left)
	}
	third, said, left := nextReview(t, w, apptest.Aziza, second.Analysis.ID)
	if said != "QUALITY Salom" || left != 1 || third.Labels != nil || third.Why.Text == "" {
		t.Errorf("then %s, %d are left, %+v", said, left, third)
	}
	if _, said, _ := nextReview(t, w, apptest.Aziza, third.Analysis.ID); said != "" {
		t.Errorf("after the last comes %s", said)
	}
	if _, said, left := nextReview(t, w, apptest.Sardor, 0); said != "QUALITY Assalom" || left != 1 {
		t.Errorf("another supervisor gets %s, %d are left", said, left)
	}
	if _, _, left := nextReview(t, w, apptest.Botir, 0); left != 4 {
		t.Errorf("an admin has %d", left)
	}
	for _, who := range []string{apptest.Jasur, apptest.Nodira} {
		if _, err := w.App.NextReview(w.As(who), app.NextReviewInput{}); domain.KindOf(err) != domain.KindDenied {
			t.Errorf("%s: %v", who, err)
		}
	}
}

// What GiveFeedback would refuse is not in the queue: what one wrote, and what enters one's own figures.
func TestTheQueueLeavesOutWhatConcernsThePerson(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Say(-1, 5, apptest.At("2026-09-15 10:00"), "Narxi qancha?")
	w.Say(-1, apptest.AzizaTelegram, apptest.At("2026-09-15 10:02"), "45 ming")
	w.Say(-1, 5, apptest.At("2026-09-15 10:03"), "Rahmat")
	w.RunJobs()
	if _, said, left := nextReview(t, w, apptest.Aziza, 0); left != 0 {
		t.Errorf("she reviews %s", said)
	}
	if _, _, left := nextReview(t, w, apptest.Botir, 0); left != 5 {
		t.Errorf("an admin has %d", left)
	}
}

func TestOneTapIsOneWord(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 09:00"), "Salom")
	w.RunJobs()
	id := analysisOf(w, "QUALITY", "Salom")
	count := func() (n int) {
		w.One(`SELECT count(*) FROM feedbacks`, nil, &n)
		return n
	}
	review := func(who string, n float64) error {
		w.Clock.Advance(time.Second)
		_, err := w.App.Review(w.As(who), app.GiveFeedbackInput{AnalysisID: id, Score: score(n)})
		return err
	}
	for _, step := range []struct {
		score float64
		given int
	}{{80, 1}, {80, 1}, {75, 2}, {75, 2}, {80, 3}} {
		if err := review(apptest.Aziza, step.score); err != nil || count() != step.given {
			t.Errorf("%v: %d given, %v", step.score, count(), err)
		}
	}
	if err := review(apptest.Botir, 100); domain.KindOf(err) != domain.KindConflict || count() != 3 {
		t.Errorf("what another has reviewed: %v, %d given", err, count())
	}
	for who, kind := range map[string]domain.Kind{apptest.Sardor: domain.KindNotFound, apptest.Jasur: domain.KindDenied, apptest.Nodira: domain.KindDenied} {
		if err := review(who, 100); domain.KindOf(err) != kind {
			t.Errorf("%s: %v", who, err)
		}
	}
	if _, said, _ := nextReview(t, w, apptest.Aziza, 0); said != "" {
		t.Errorf("a reviewed one is asked again: %s", said)
	}
}

// A judgement of words that were edited since, or deleted, is not worth a review.
func TestTheQueueIsOfMessagesAsTheyStand(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	m := w.Message(-1, apptest.JasurTelegram, apptest.At("2026-09-15 09:00"), "Salom")
	w.Record(m)
	w.RunJobs()
	m.Text = "Assalomu alaykum"
	w.Record(m)
	if _, said, _ := nextReview(t, w, apptest.Aziza, 0); said != "" {
		t.Errorf("of the words before an edit: %s", said)
	}
	w.RunJobs()
	if _, said, left := nextReview(t, w, apptest.Aziza, 0); said != "QUALITY Assalomu alaykum" || left != 1 {
		t.Errorf("after the edit: %s of %d", said, left)
	}
	mustExec(t, w, `UPDATE messages SET deleted_at = now()`)
	if _, said, _ := nextReview(t, w, apptest.Aziza, 0); said != "" {
		t.Errorf("of a deleted message: %s", said)
	}
}
