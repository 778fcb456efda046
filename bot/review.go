package bot

import (
	"context"
	"fmt"
	"html"
	"strconv"
	"strings"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/analysis"
	"github.com/fincokpi/finco/ent/gen/message"
)

const (
	// judgedLength and beforeLength keep a card below Telegram's 4096 characters, names and reasons included.
	judgedLength, beforeLength = 1500, 300
	// reasonLength is for what the machine says, quotesMost how many of its quotes.
	reasonLength, quotesMost = 300, 3
	// labelLength keeps a button's data within 64 bytes.
	labelLength = 30
)

// scoreSteps are the scores that one tap gives.
var scoreSteps = []float64{0, 25, 50, 75, 100}

// review shows the judgement most useful to review.
func review(ctx context.Context, t *turn, _ string) error { return t.reviewNext(ctx, 0) }

// reviewPressed is a tap below a card: "review:agree:<analysis>", "review:label:<analysis>:<label>", "review:score:<analysis>:<score>",
// "review:skip:<analysis>", "review:again" or "review:stop".
func reviewPressed(ctx context.Context, t *turn, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "again":
		return t.reviewNext(ctx, 0)
	case len(args) == 1 && args[0] == "stop":
		t.show(t.text("review.stopped"), nil)
		return nil
	}
	id, err := number(args, 1)
	if err != nil {
		return err
	}
	if args[0] == "skip" {
		return t.reviewNext(ctx, id)
	}
	in, err := t.reviewWord(ctx, id, args)
	if err == nil {
		_, err = t.bot.app.Review(t.as(ctx), in)
	}
	switch domain.KindOf(err) {
	case "":
		t.toast = plain(t.text("review.saved"))
	case domain.KindConflict:
		t.toast = plain(t.text("review.other"))
	case domain.KindDenied, domain.KindNotFound: // whose it is has changed meanwhile
		t.toast = plain(t.text("review.gone"))
	default:
		return err
	}
	return t.reviewNext(ctx, id)
}

// reviewWord is what a tap says of a judgement.
func (t *turn) reviewWord(ctx context.Context, id int, args []string) (app.GiveFeedbackInput, error) {
	in := app.GiveFeedbackInput{AnalysisID: id}
	switch {
	case args[0] == "agree":
		found, err := t.bot.app.Client().Analysis.Get(t.as(ctx), id)
		if gen.IsNotFound(err) {
			return in, domain.Errorf(domain.KindNotFound, "there is no such analysis")
		}
		if err != nil {
			return in, err
		}
		if scored(found.Kind) {
			in.Score = found.Score
		} else {
			in.Label = &found.Label
		}
	case args[0] == "label" && len(args) > 2:
		given := strings.Join(args[2:], ":")
		in.Label = &given
	case args[0] == "score" && len(args) == 3:
		given, err := strconv.ParseFloat(args[2], 64)
		if err != nil {
			return in, t.refuse("error.old_button")
		}
		in.Score = &given
	default:
		return in, t.refuse("error.old_button")
	}
	return in, nil
}

// scored tells the kinds that have points from those that have labels.
func scored(kind analysis.Kind) bool {
	return kind == analysis.KindQuality || kind == analysis.KindPoliteness
}

// reviewNext shows the next card after an analysis in place of the one before.
func (t *turn) reviewNext(ctx context.Context, after int) error {
	next, err := t.bot.app.NextReview(t.as(ctx), app.NextReviewInput{After: after})
	if err != nil {
		return err
	}
	if next.Card != nil {
		html, err := t.reviewCard(ctx, next)
		if err != nil {
			return err
		}
		t.show(html, t.reviewButtons(next.Card))
		return nil
	}
	if after != 0 { // the skipped ones
		if next, err = t.bot.app.NextReview(t.as(ctx), app.NextReviewInput{}); err != nil {
			return err
		}
	}
	if next.Card == nil {
		t.show(t.text("review.done"), nil)
		return nil
	}
	t.show(t.text("review.skipped", "Count", next.Left), rows{
		{{Text: label(t.text("review.button.again")), Data: press("review", "again")}},
		{{Text: label(t.text("review.button.stop")), Data: press("review", "stop")}},
	})
	return nil
}

func (t *turn) reviewCard(ctx context.Context, next app.NextReview) (string, error) {
	zone, err := t.bot.app.Zone(t.as(ctx))
	if err != nil {
		return "", err
	}
	card, now := next.Card, t.bot.app.Now()
	line := func(l app.ReviewLine, most int) string {
		name := l.Sender
		if name == "" {
			name = label(t.text("review.somebody"))
		}
		side := "👤"
		if l.Side == message.SideStaff {
			side = "💼"
		}
		return fmt.Sprintf("%s <b>%s</b>, %s\n%s", side, html.EscapeString(clip(name, titleLength)), t.moment(zone, l.SentAt, now), t.saidWhole(l, most))
	}
	lines := []string{t.text("review.title", "Kind", markup(t.text("review.kind."+string(card.Analysis.Kind))), "Chat", t.chatName(card.Chat, card.Message.Message)), ""}
	for _, before := range card.Before {
		lines = append(lines, line(before, beforeLength))
	}
	lines = append(lines, "<blockquote>"+line(card.Message, judgedLength)+"</blockquote>", "", t.saidOf(card))
	lines = append(lines, t.reasons(card.Why)...)
	left := "review.left"
	if next.More {
		left = "review.left_more"
	}
	return strings.Join(append(lines, "", t.text(left, "Count", next.Left)), "\n"), nil
}

// saidWhole is what a message says, up to a length, or what it is.
func (t *turn) saidWhole(l app.ReviewLine, most int) string {
	text := html.EscapeString(clip(l.Text, most))
	switch {
	case l.DeletedAt != nil:
		return t.text("deleted")
	case text != "" && l.Heard:
		return t.text("review.heard") + " " + text
	case text != "":
		return text
	case l.Kind == message.KindText:
		return t.text("review.no_words")
	}
	return t.text(kindText(l.Kind))
}

// saidOf is what the machine said, in words.
func (t *turn) saidOf(card *app.ReviewCard) string {
	a := card.Analysis
	sure := int(a.Confidence*100 + 0.5)
	if a.Score != nil && scored(a.Kind) {
		return t.text("review.score", "Score", formatNumber(t.person.Language, strconv.FormatFloat(*a.Score, 'f', -1, 64), 0), "Sure", sure)
	}
	return t.text("review.says", "Label", t.labelWord(a.Kind, a.Label), "Sure", sure)
}

// labelWord is a label in the person's language; as it is if nobody has put it into words.
func (t *turn) labelWord(kind analysis.Kind, name string) string {
	id := "review.label." + string(kind) + "." + name
	if text := t.text(id); text != id {
		return label(text)
	}
	return name
}

func (t *turn) reasons(why app.ReviewReason) []string {
	var out []string
	if len(why.Weak) > 0 {
		names := make([]string, len(why.Weak))
		for i, key := range why.Weak {
			names[i] = key
			if text := t.text("review.criterion." + key); text != "review.criterion."+key {
				names[i] = label(text)
			}
		}
		out = append(out, t.text("review.weak", "Names", clip(strings.Join(names, ", "), reasonLength)))
	}
	for _, quote := range why.Evidence[:min(len(why.Evidence), quotesMost)] {
		if quote = clip(quote, quoteLength); quote != "" {
			out = append(out, t.text("review.evidence", "Quote", quote))
		}
	}
	if len(out) == 0 && why.Text != "" {
		out = append(out, t.text("review.reason", "Text", clip(why.Text, reasonLength)))
	}
	return out
}

func (t *turn) reviewButtons(card *app.ReviewCard) rows {
	id := card.Analysis.ID
	out := rows{{{Text: label(t.text("review.button.agree")), Data: press("review", "agree", id)}}}
	if scored(card.Analysis.Kind) {
		var row []button
		for _, s := range scoreSteps {
			given := strconv.FormatFloat(s, 'f', -1, 64)
			row = append(row, button{Text: given, Data: press("review", "score", id, given)})
		}
		out = append(out, row)
	}
	for _, l := range card.Labels[min(1, len(card.Labels)):] {
		if len(l) <= labelLength {
			out = append(out, []button{{Text: "✏️ " + t.labelWord(card.Analysis.Kind, l), Data: press("review", "label", id, l)}})
		}
	}
	return append(out, []button{
		{Text: label(t.text("review.button.skip")), Data: press("review", "skip", id)},
		{Text: label(t.text("review.button.stop")), Data: press("review", "stop")},
	})
}
