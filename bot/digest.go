package bot

import (
	"context"
	"strings"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

const (
	// digestsEvery is how often somebody looks whose digest is due.
	digestsEvery = 30 * time.Second
	// digestUseful is how long a digest that could not be sent is worth sending.
	digestUseful = 3 * time.Hour
	// digestTeams and digestFaults are how many teams and faults a digest names.
	digestTeams, digestFaults = 15, 5
)

// digests sends the morning's digests, until the context ends.
func (b *Bot) digests(ctx context.Context) error {
	ctx = auth.With(ctx, system)
	tick := time.NewTicker(digestsEvery)
	defer tick.Stop()
	for {
		b.tell(ctx, "digests", b.sendDigests)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// sendDigests puts into the outbox the digests that are due, each as its reader may see it.
func (b *Bot) sendDigests(ctx context.Context) error {
	ctx = auth.With(ctx, system)
	due, err := b.app.DueDigests(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, d := range due {
		if err := b.sendDigest(ctx, d); err != nil { // the others get theirs all the same
			failed = err
		}
	}
	return failed
}

func (b *Bot) sendDigest(ctx context.Context, due app.DueDigest) error {
	person, err := b.app.PersonByTelegram(ctx, due.TelegramID)
	if domain.KindOf(err) == domain.KindNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	t := &turn{bot: b, person: person, chat: due.TelegramID}
	digest, err := b.app.Digest(t.as(ctx))
	if err != nil {
		return err
	}
	t.say(t.digestText(&digest), t.digestButtons(&digest))
	out := t.out[0]
	out.Key, out.Priority, out.ExpiresAt = due.Key, app.PriorityNotice, b.app.Now().Add(digestUseful)
	_, err = b.app.Send(ctx, out)
	return err
}

func (t *turn) digestText(d *app.Digest) string {
	lang := t.person.Language
	lines := []string{t.text("digest.title", "Day", formatDate(lang, d.Day)), t.text("digest.last", "Day", formatDate(lang, d.Last)), ""}
	for _, g := range d.Teams[:min(len(d.Teams), digestTeams)] {
		lines = append(lines, t.text("digest.team", "Team", clip(g.Name, titleLength), "Stats", markup(t.statsLine(g.Stats))))
		if g.Open > 0 {
			lines = append(lines, t.text("digest.open", "Open", g.Open, "Past", g.Past))
		} else {
			lines = append(lines, t.text("digest.open_none"))
		}
	}
	if more := len(d.Teams) - digestTeams; more > 0 {
		lines = append(lines, t.text("digest.more", "Count", more))
	}
	lines = append(lines, "")
	switch {
	case d.ReviewsMore:
		lines = append(lines, t.text("digest.reviews_more", "Count", d.Reviews))
	case d.Reviews > 0:
		lines = append(lines, t.text("digest.reviews", "Count", d.Reviews))
	default:
		lines = append(lines, t.text("digest.reviews_none"))
	}
	return strings.Join(append(lines, t.faultLines(d)...), "\n")
}

// faultLines are what is out of order, for admins.
func (t *turn) faultLines(d *app.Digest) []string {
	var out []string
	if d.Aside > 0 {
		out = append(out, t.text("digest.aside", "Count", d.Aside))
	}
	if d.Unsent > 0 {
		out = append(out, t.text("digest.unsent", "Count", d.Unsent))
	}
	for _, f := range d.Stuck[:min(len(d.Stuck), digestFaults)] {
		out = append(out, t.text("digest.stuck", "Analyzer", f.Analyzer, "Count", f.Count))
	}
	for _, f := range d.Failures[:min(len(d.Failures), digestFaults)] {
		out = append(out, t.text("digest.failed", "Analyzer", f.Analyzer, "Count", f.Count))
	}
	switch {
	case t.person.Role != auth.RoleAdmin:
		return nil
	case len(out) == 0:
		return []string{t.text("digest.in_order")}
	}
	return append([]string{"", t.text("digest.faults")}, out...)
}

func (t *turn) digestButtons(d *app.Digest) rows {
	row := []button{{Text: label(t.text("home.team")), Data: press("fresh", "team")}, {Text: label(t.text("home.open")), Data: press("fresh", "open")}}
	if d.Reviews > 0 {
		row = append(row, button{Text: label(t.text("home.review")), Data: press("fresh", "review")})
	}
	return rows{row}
}

// freshPressed gives a command below a message that is to stay: "fresh:<command>".
func freshPressed(ctx context.Context, t *turn, args []string) error {
	t.message = 0
	return doPressed(ctx, t, args)
}
