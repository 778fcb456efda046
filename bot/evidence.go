package bot

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/wait"
)

// evidenceView is a list of the records that figures were counted from, shown page by page.
type evidenceView struct {
	title  string
	inputs []domain.MetricInput
	// at is the evaluation time of the figures.
	at   time.Time
	page int
	// name and args are the button of a page, which is its last argument; back leads to where the list was opened from.
	name string
	args []any
	back string
}

// evidenceIDs are the records behind metrics, each once, the newest first.
func evidenceIDs(inputs []domain.MetricInput) (waits, analyses []int) {
	w, a := map[int]bool{}, map[int]bool{}
	for _, in := range inputs {
		for _, id := range in.Waits {
			w[id] = true
		}
		for _, id := range in.Analyses {
			a[id] = true
		}
	}
	waits, analyses = slices.Sorted(maps.Keys(w)), slices.Sorted(maps.Keys(a))
	slices.Reverse(waits)
	slices.Reverse(analyses)
	return waits, analyses
}

// counted is how many records are behind metrics.
func counted(inputs []domain.MetricInput) int {
	waits, analyses := evidenceIDs(inputs)
	return len(waits) + len(analyses)
}

func (t *turn) showEvidence(ctx context.Context, v evidenceView) error {
	waits, analyses := evidenceIDs(v.inputs)
	total := len(waits) + len(analyses)
	if v.page*perPage >= total {
		v.page = 0
	}
	from, to := v.page*perPage, min((v.page+1)*perPage, total)
	in := app.EvidenceInput{At: v.at}
	in.Waits = waits[min(from, len(waits)):min(to, len(waits))]
	in.Analyses = analyses[max(from-len(waits), 0):max(to-len(waits), 0)]
	found, err := t.bot.app.Evidence(t.as(ctx), in)
	if err != nil {
		return err
	}
	zone, err := t.bot.app.Zone(t.as(ctx))
	if err != nil {
		return err
	}
	lines := []string{v.title}
	if total > 0 {
		lines = append(lines, t.text("why.range", "From", from+1, "To", to, "Total", total))
	}
	for _, one := range found {
		lines = append(lines, "", t.evidenceLine(one, zone))
		quote := t.quote(one.Words.Text)
		if m := evidenceMessage(one); m != nil && m.DeletedAt != nil {
			quote = t.text("deleted")
		}
		if quote != "" {
			lines = append(lines, quote)
		}
	}
	if hidden := to - from - len(found); hidden > 0 {
		lines = append(lines, "", t.text("why.hidden", "Hidden", hidden))
	}
	below := t.pages(v.name, v.page, total, v.args...)
	t.show(strings.Join(lines, "\n"), append(below, []button{{Text: label(t.text("back")), Data: v.back}}))
	return nil
}

// evidenceMessage is the message that a record is of; nil if the person does not see it.
func evidenceMessage(e app.Evidence) *gen.Message {
	if e.Wait != nil {
		return e.Wait.Edges.OpensWith
	}
	return e.Analysis.Edges.Message
}

func (t *turn) evidenceLine(e app.Evidence, zone *time.Location) string {
	if e.Wait != nil {
		return t.waitEvidence(e.Wait, zone)
	}
	n := e.Analysis
	var c *gen.Chat
	var at time.Time
	if n.Edges.Message != nil {
		c, at = n.Edges.Message.Edges.Chat, n.Edges.Message.SentAt
	}
	line := t.text("why.judgement", "Chat", t.chatName(c, n.Edges.Message), "At", t.moment(zone, at, t.bot.app.Now()), "Said", t.judged(n.Label, n.Score))
	if e.Feedback != nil {
		line += " " + t.text("why.reviewed", "Said", t.judged(e.Feedback.Label, e.Feedback.Score))
	}
	return line
}

// judged is what was said of a message: a score, else a label.
func (t *turn) judged(said string, score *float64) string {
	switch {
	case score != nil && said == "":
		return formatNumber(t.person.Language, strconv.FormatFloat(*score, 'f', 4, 64), 2)
	case slices.Contains([]string{"positive", "neutral", "negative"}, said):
		return label(t.text("why.label." + said))
	}
	return clip(said, titleLength)
}

// waitEvidence says a wait as it stands now: when it opened, and how long the answer took.
func (t *turn) waitEvidence(w *gen.Wait, zone *time.Location) string {
	id := "why.open"
	switch {
	case w.State == wait.StateDissolved:
		id = "why.dissolved"
	case w.ClosesWithID == nil && w.State == wait.StateBreached:
		id = "why.unanswered"
	case w.ClosesWithID != nil && w.State == wait.StateBreached:
		id = "why.late"
	case w.ClosesWithID != nil:
		id = "why.within"
	}
	span := func(seconds *int64) string {
		if seconds == nil {
			return "–"
		}
		return t.exactSpan(strconv.FormatInt(*seconds, 10))
	}
	return t.text(id, "Chat", t.chatName(w.Edges.Chat, w.Edges.OpensWith), "At", t.moment(zone, w.OpenedAt, t.bot.app.Now()),
		"Business", span(w.BusinessSeconds), "Wall", span(w.WallSeconds))
}
