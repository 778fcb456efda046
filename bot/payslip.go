package bot

import (
	"context"
	"html"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/payrollrun"
	"github.com/fincokpi/finco/ent/gen/payslipline"
)

// linesPerPage keeps a slip and its buttons on a phone's screen.
const linesPerPage = 15

// fromLines is how many of the lines that a line is made of are named.
const fromLines = 12

// payslips answers /payslip with the list.
func payslips(ctx context.Context, t *turn, _ string) error { return t.payslips(ctx, 0) }

// payslipsPressed is "payslips:<page>".
func payslipsPressed(ctx context.Context, t *turn, args []string) error {
	n, err := numbers(args, 1)
	if err != nil {
		return err
	}
	return t.payslips(ctx, n[0])
}

func (t *turn) payslips(ctx context.Context, page int) error {
	slips, total, err := t.bot.app.MyPayslips(t.as(ctx), page, perPage)
	if err != nil {
		return err
	}
	if total == 0 {
		t.show(t.text("payslip.none"), nil)
		return nil
	}
	var below rows
	for _, s := range slips {
		below = append(below, []button{{Text: t.runName(s.Edges.Run) + " — " + t.stateName(s.Edges.Run), Data: press("slip", s.ID, 0)}})
	}
	t.show(t.text("payslip.list", "Total", total), append(below, t.pages("payslips", page, total)...))
	return nil
}

// runName is a run's month, with what it is if it is none of the monthly ones.
func (t *turn) runName(run *gen.PayrollRun) string {
	if run == nil {
		return ""
	}
	name := run.Period
	if p, err := domain.ParsePeriod(run.Period); err == nil {
		name = formatPeriod(t.person.Language, p)
	}
	if run.Kind != payrollrun.KindRegular {
		name += " (" + label(t.text("payslip.kind."+string(run.Kind))) + ")"
	}
	if run.Number > 1 {
		name += " № " + strconv.Itoa(run.Number)
	}
	return name
}

func (t *turn) stateName(run *gen.PayrollRun) string {
	if run == nil {
		return ""
	}
	return label(t.text("payslip.state." + string(run.State)))
}

// payslipPressed is "slip:<slip>:<page>".
func payslipPressed(ctx context.Context, t *turn, args []string) error {
	n, err := numbers(args, 2)
	if err != nil {
		return err
	}
	slip, err := t.bot.app.MyPayslip(t.as(ctx), n[0])
	if err != nil {
		return err
	}
	t.showPayslip(slip, n[1])
	return nil
}

func (t *turn) showPayslip(slip *gen.Payslip, page int) {
	money := func(minor int64) string {
		return formatMoney(t.person.Language, domain.Money{Minor: minor, Currency: slip.Currency})
	}
	all := slip.Edges.Lines
	if page*linesPerPage >= len(all) {
		page = 0
	}
	lines := []string{t.text("payslip.title", "Run", t.runName(slip.Edges.Run), "State", t.stateName(slip.Edges.Run))}
	if run := slip.Edges.Run; run != nil && (run.State == payrollrun.StateDraft || run.State == payrollrun.StateReview) {
		lines = append(lines, t.text("payslip.unfinished"))
	}
	lines = append(lines, "")
	var whys []button
	for _, l := range all[page*linesPerPage : min((page+1)*linesPerPage, len(all))] {
		lines = append(lines, t.text("payslip.line", "N", ordinal(l.Position), "Name", t.lineName(l), "Amount", money(l.Amount)))
		whys = append(whys, button{Text: label(t.text("kpi.why", "N", ordinal(l.Position))), Data: press("pline", l.ID)})
	}
	lines = append(lines, "", t.text("payslip.payable", "Amount", money(slip.Payable)))
	if slip.Net != slip.Payable {
		lines = append(lines, t.text("payslip.net", "Amount", money(slip.Net)))
	}
	if slip.CarriedOver != 0 {
		lines = append(lines, t.text("payslip.carried", "Amount", money(slip.CarriedOver)))
	}
	lines = append(lines, t.flagLines(slip)...)
	below := append(numbered(whys), t.morePages("slip", page, linesPerPage, len(all), slip.ID)...)
	t.show(strings.Join(lines, "\n"), append(below, []button{{Text: label(t.text("payslip.others")), Data: press("payslips", 0)}}))
}

func (t *turn) flagLines(slip *gen.Payslip) []string {
	flags := slip.Flags
	if run := slip.Edges.Run; run != nil {
		flags = app.SlipFlags(slip, run.State)
	}
	var out []string
	for i, flag := range flags {
		if i == 3 {
			return append(out, t.text("payslip.more_flags", "Rest", len(flags)-i))
		}
		out = append(out, "\n⚠️ "+t.flag(flag, slip.Currency))
	}
	return out
}

// lineName is what a line is: its kind, and the rule's or adjustment's key.
func (t *turn) lineName(l *gen.PayslipLine) string {
	name := label(t.text("payslip.line." + string(l.Kind)))
	if l.Key != "" {
		name += " (" + key(l.Key) + ")"
	}
	return name
}

// payslipLine is "pline:<line>": why a line has its amount.
func payslipLine(ctx context.Context, t *turn, args []string) error {
	n, err := numbers(args, 1)
	if err != nil {
		return err
	}
	why, err := t.bot.app.PayslipWhy(t.as(ctx), n[0])
	if err != nil {
		return err
	}
	zone, err := t.bot.app.Zone(t.as(ctx))
	if err != nil {
		return err
	}
	t.showLine(why, zone)
	return nil
}

func (t *turn) showLine(why app.LineWhy, zone *time.Location) {
	l, slip := why.Line, why.Line.Edges.Slip
	money := func(minor int64) string {
		return formatMoney(t.person.Language, domain.Money{Minor: minor, Currency: slip.Currency})
	}
	lines := []string{t.text("payslip.why", "Run", t.runName(slip.Edges.Run), "Name", t.lineName(l), "Amount", money(l.Amount)), ""}
	lines = append(lines, t.whyLines(why, slip.Currency, zone)...)
	var below rows
	if n := counted(l.Inputs); n > 0 {
		below = append(below, []button{{Text: label(t.text("payslip.records", "Records", n)), Data: press("pwhy", l.ID, 0)}})
	}
	if r := why.Result; r != nil {
		lines = append(lines, "", t.text("payslip.result", "At", t.moment(zone, r.At, t.bot.app.Now())))
		below = append(below, []button{{Text: label(t.text("payslip.open_result")), Data: press("kres", r.ID, l.ID, 0)}})
	}
	var more []button
	for i, from := range why.Lines {
		if i == fromLines {
			break
		}
		name := ordinal(from.Position) + ". " + t.lineName(from)
		if s := from.Edges.Slip; s != nil && s.ID != slip.ID {
			name = t.runName(s.Edges.Run) + ": " + name
		}
		if i == 0 {
			lines = append(lines, "", t.text("payslip.from_lines"))
		}
		lines = append(lines, t.text("payslip.from_line", "Name", name, "Amount", money(from.Amount)))
		more = append(more, button{Text: label(t.text("kpi.why", "N", ordinal(from.Position))), Data: press("pline", from.ID)})
	}
	below = append(below, numbered(more)...)
	t.show(strings.Join(lines, "\n"), append(below, []button{{Text: label(t.text("payslip.back")), Data: press("slip", slip.ID, l.Position/linesPerPage)}}))
}

// whyLines say the reason in the person's words: what somebody decided, what a rule read, or what follows from other lines.
func (t *turn) whyLines(why app.LineWhy, currency string, zone *time.Location) []string {
	l := why.Line
	if a := why.Adjustment; a != nil {
		author := label(t.text("payslip.somebody"))
		if a.Edges.Author != nil {
			author = clip(a.Edges.Author.Name, titleLength)
		}
		return []string{
			t.text("payslip.adjusted", "Author", author, "At", t.moment(zone, a.CreatedAt, t.bot.app.Now())),
			"<i>" + html.EscapeString(clip(a.Reason, 1000)) + "</i>",
		}
	}
	lines := []string{t.lineReason(l.Reason, string(l.Kind), currency)}
	if ruled := l.Kind == payslipline.KindBonus || l.Kind == payslipline.KindFine || l.Kind == payslipline.KindDeduction; ruled && plainReasons[l.Reason] == "" {
		if said, ok := t.ruleReason(l.Reason, currency); ok {
			lines = said
		}
	}
	if s := why.Salary; s != nil {
		day, err := domain.ParseDate(s.From)
		from := s.From
		if err == nil {
			from = formatPeriod(t.person.Language, domain.DayOf(day))
		}
		lines = append(lines, t.text("payslip.salary", "Amount", formatMoney(t.person.Language, domain.Money{Minor: s.Amount, Currency: s.Currency}), "From", from))
	}
	return lines
}

// payslipRecords is "pwhy:<line>:<page>": the records that a line's rule counted.
func payslipRecords(ctx context.Context, t *turn, args []string) error {
	n, err := numbers(args, 2)
	if err != nil {
		return err
	}
	why, err := t.bot.app.PayslipWhy(t.as(ctx), n[0])
	if err != nil {
		return err
	}
	l, slip := why.Line, why.Line.Edges.Slip
	at := t.bot.app.Now()
	if why.Result != nil {
		at = why.Result.At
	}
	return t.showEvidence(ctx, evidenceView{
		title: t.text("payslip.behind", "Run", t.runName(slip.Edges.Run), "Name", t.lineName(l)), inputs: l.Inputs, at: at, page: n[1],
		name: "pwhy", args: []any{l.ID}, back: press("pline", l.ID),
	})
}

const (
	// payslipsEvery is how often somebody looks whom to tell of a slip without a reason: hours without notices end.
	payslipsEvery = time.Minute
	// payslipsGather is how long changes of runs are gathered before a look.
	payslipsGather = 300 * time.Millisecond
	// payslipFresh is how long ago a run may have been approved or paid for people still to be told: an old database must not tell of
	// years.
	payslipFresh = 14 * 24 * time.Hour
)

// payslips tells people of their slips of runs that were approved or paid, until the context ends.
func (b *Bot) payslips(ctx context.Context) error {
	ctx = auth.With(ctx, system)
	tick := time.NewTicker(payslipsEvery)
	defer tick.Stop()
	changes := b.app.Subscribe(app.PayrollRunChanged)
	defer func() { changes.Close() }()
	for {
		if err := b.tellPayslips(ctx); err != nil && ctx.Err() == nil {
			b.log.Warn("notices of payslips are late", slog.String("kind", string(domain.KindOf(err))), slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			continue
		case _, open := <-changes.C:
			if !open { // too slow, or the database's connection was lost
				changes = b.app.Subscribe(app.PayrollRunChanged)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(payslipsGather):
		}
	}
}

// tellPayslips puts into the outbox what is to be told now. A notice names no amount: it shows on locked screens.
func (b *Bot) tellPayslips(ctx context.Context) error {
	due, err := b.app.PayslipNotices(auth.With(ctx, system), b.app.Now().Add(-payslipFresh))
	if err != nil || len(due) == 0 {
		return err
	}
	out := make([]app.OutgoingInput, len(due))
	for i, n := range due {
		t := &turn{bot: b, person: app.TelegramPerson{Actor: auth.Actor{UserID: n.UserID}, Language: n.Language}, chat: n.TelegramID}
		run := &gen.PayrollRun{Period: n.Period.String(), Kind: n.Kind, State: n.State}
		t.say(t.text("payslip.notice."+string(n.State), "Run", t.runName(run)), rows{{{Text: label(t.text("payslip.open")), Data: press("slip", n.SlipID, 0)}}})
		out[i] = t.out[0]
		out[i].Key, out[i].Priority = n.Key, app.PriorityNotice
	}
	_, err = b.app.Send(auth.With(ctx, system), out...)
	return err
}
