package bot

import (
	"context"
	"html"
	"strings"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/kpi"
)

// kpisPerPage keeps a page of KPIs with their reasons below Telegram's limit.
const kpisPerPage = 4

// kpis answers /kpi with this month.
func kpis(ctx context.Context, t *turn, _ string) error { return t.kpiMonth(ctx, "") }

// kpiPressed is "kpi:<month>": the newest result of one.
func kpiPressed(ctx context.Context, t *turn, args []string) error {
	month := ""
	if len(args) > 0 {
		month = args[0]
	}
	return t.kpiMonth(ctx, month)
}

func (t *turn) kpiMonth(ctx context.Context, month string) error {
	found, err := t.bot.app.KpiMonth(t.as(ctx), month)
	if err != nil {
		return err
	}
	return t.showKPIs(ctx, found, 0, 0)
}

// kpiResultPressed is "kres:<result>:<payslip line or 0>:<page>": a page of one result, and where it was opened from.
func kpiResultPressed(ctx context.Context, t *turn, args []string) error {
	n, err := numbers(args, 3)
	if err != nil {
		return err
	}
	found, err := t.bot.app.KpiResult(t.as(ctx), n[0])
	if err != nil {
		return err
	}
	return t.showKPIs(ctx, found, n[1], n[2])
}

// mostNumber is above every id. A press may say anything, and a page times its length must stay a number.
const mostNumber = 1 << 48

// numbers are the first arguments of a button; invalid if they are no numbers, negative, or beyond every id.
func numbers(args []string, count int) ([]int, error) {
	out := make([]int, count)
	for i := range out {
		n, err := number(args, i)
		if err != nil || n < 0 || n > mostNumber {
			return nil, domain.Errorf(domain.KindInvalid, "this button is of an older version")
		}
		out[i] = n
	}
	return out, nil
}

func (t *turn) showKPIs(ctx context.Context, found app.KpiMonth, line, page int) error {
	lang := t.person.Language
	r := found.Result
	if r == nil {
		t.show(t.text("kpi.none", "Period", formatPeriod(lang, found.Period)), t.monthRow(found, line))
		return nil
	}
	zone, err := t.bot.app.Zone(t.as(ctx))
	if err != nil {
		return err
	}
	total := t.text("kpi.no_total")
	if r.Total != nil {
		total = t.text("kpi.total", "Total", formatNumber(lang, *r.Total, 2))
	}
	lines := []string{
		t.text("kpi.title", "Period", formatPeriod(lang, found.Period), "At", t.moment(zone, r.At, t.bot.app.Now())), total,
		t.text("kpi.coverage", "Coverage", percent(lang, r.Coverage)),
	}
	scores := r.Edges.Scores
	if page*kpisPerPage >= len(scores) {
		page = 0
	}
	some := scores[page*kpisPerPage : min((page+1)*kpisPerPage, len(scores))]
	weights, err := t.weights(ctx, some)
	if err != nil {
		return err
	}
	var whys []button
	for i, s := range some {
		n := page*kpisPerPage + i + 1
		lines = append(lines, "", t.scoreLines(n, s, weights[s.KpiID]))
		if counted(s.Inputs) > 0 {
			whys = append(whys, button{Text: label(t.text("kpi.why", "N", n)), Data: press("kwhy", s.ID, line, 0)})
		}
	}
	var below rows
	if whys != nil {
		below = append(below, whys)
	}
	below = append(below, t.morePages("kres", page, kpisPerPage, len(scores), r.ID, line)...)
	t.show(strings.Join(lines, "\n"), append(below, t.monthRow(found, line)...))
	return nil
}

// monthRow leads to other months and the trend; or back to the payslip line that the result was opened from.
func (t *turn) monthRow(found app.KpiMonth, line int) rows {
	if line != 0 {
		return rows{{{Text: label(t.text("back")), Data: press("pline", line)}}}
	}
	var row []button
	if !found.Earlier.IsZero() {
		row = append(row, button{Text: "‹ " + formatPeriod(t.person.Language, found.Earlier), Data: press("kpi", found.Earlier)})
	}
	if !found.Later.IsZero() {
		row = append(row, button{Text: formatPeriod(t.person.Language, found.Later) + " ›", Data: press("kpi", found.Later)})
	}
	var out rows
	if row != nil {
		out = append(out, row)
	}
	if found.Result != nil {
		out = append(out, []button{
			{Text: label(t.text("kpi.trend")), Data: press("ktrend", found.Period)}, {Text: label(t.text("kpi.refresh")), Data: press("kpi", found.Period)},
		})
	}
	return out
}

// weights are those of the scores' KPIs, as far as the person may read the rules.
func (t *turn) weights(ctx context.Context, scores []*gen.KpiScore) (map[int]string, error) {
	ids := make([]int, len(scores))
	for i, s := range scores {
		ids[i] = s.KpiID
	}
	rules, err := t.bot.app.Client().Kpi.Query().Where(kpi.IDIn(ids...)).All(t.as(ctx))
	out := map[int]string{}
	for _, rule := range rules {
		out[rule.ID] = formatNumber(t.person.Language, rule.Weight, 2)
	}
	return out, err
}

// scoreLines say one score: the KPI, its value and score, and what it was computed from.
func (t *turn) scoreLines(n int, s *gen.KpiScore, weight string) string {
	lang := t.person.Language
	head := t.text("kpi.unscored", "N", n, "Title", clip(s.Title, 80))
	if s.Score != nil {
		head = t.text("kpi.score", "N", n, "Title", clip(s.Title, 80), "Score", formatNumber(lang, *s.Score, 2))
	}
	var facts []string
	if s.Value != nil {
		facts = append(facts, t.text("kpi.value", "Value", formatNumber(lang, *s.Value, 2)))
	}
	if weight != "" {
		facts = append(facts, t.text("kpi.weight", "Weight", weight))
	}
	lines := []string{head}
	if facts != nil {
		lines = append(lines, strings.Join(facts, " · "))
	}
	for i, in := range s.Inputs {
		if i == 3 {
			lines = append(lines, t.text("kpi.more_inputs", "Rest", len(s.Inputs)-i))
			break
		}
		lines = append(lines, t.inputLine(in))
	}
	return strings.Join(append(lines, t.noteLines(s)...), "\n")
}

// inputLine says a metric's value, and how many records it was counted from.
func (t *turn) inputLine(in domain.MetricInput) string {
	name := t.metricName(in.Metric)
	if in.Value == nil {
		return t.text("kpi.input_none", "Metric", name)
	}
	line := t.text("kpi.input", "Metric", name, "Value", t.metricValue(in.Metric, *in.Value))
	switch group, kind, _ := strings.Cut(in.Metric, "."); {
	case (group == "wait" || group == "first_response") && kind != "count" && kind != "answered" && kind != "unanswered":
		return line + " — " + t.text("kpi.of_waits", "Count", in.Count)
	case (group == "quality" || group == "sentiment") && kind != "count":
		return line + " — " + t.text("kpi.of_judgements", "Count", in.Count)
	}
	return line
}

// noteLines say why there is no data and what was kept out, but for what the inputs say already.
func (t *turn) noteLines(s *gen.KpiScore) []string {
	if s.Note == "" {
		return nil
	}
	var out []string
	for _, note := range strings.Split(s.Note, "; ") {
		if _, said := strings.CutSuffix(note, " has no data"); said && s.Value == nil && len(s.Inputs) > 0 {
			continue
		}
		if len(out) == 2 {
			break
		}
		out = append(out, "ℹ️ "+t.note(note))
	}
	return out
}

// kpiWhy is "kwhy:<score>:<payslip line or 0>:<page>": the records behind one score.
func kpiWhy(ctx context.Context, t *turn, args []string) error {
	n, err := numbers(args, 3)
	if err != nil {
		return err
	}
	found, score, err := t.bot.app.KpiScore(t.as(ctx), n[0])
	if err != nil {
		return err
	}
	title := t.text("kpi.behind", "Title", clip(score.Title, 80), "Period", formatPeriod(t.person.Language, found.Period))
	return t.showEvidence(ctx, evidenceView{
		title: title, inputs: score.Inputs, at: found.Result.At, page: n[2],
		name: "kwhy", args: []any{score.ID, n[1]}, back: press("kres", found.Result.ID, n[1], 0),
	})
}

// kpiTrend is "ktrend:<month>": a picture.
func kpiTrend(ctx context.Context, t *turn, args []string) error {
	month := ""
	if len(args) > 0 {
		month = args[0]
	}
	results, days, err := t.bot.app.KpiTrend(t.as(ctx), month)
	if err != nil {
		return err
	}
	if len(results) < 2 {
		t.toast = label(t.text("kpi.no_trend"))
		if t.message == 0 {
			t.say(html.EscapeString(t.toast), nil)
		}
		return nil
	}
	zone, err := t.bot.app.Zone(t.as(ctx))
	if err != nil {
		return err
	}
	png, err := drawTrend(t.trendOf(results, days, zone))
	if err != nil {
		return err
	}
	last := results[len(results)-1]
	return t.picture(ctx, t.text("kpi.trend_caption", "Name", t.person.Name), png,
		rows{{{Text: label(t.text("kpi.open")), Data: press("kres", last.ID, 0, 0)}}})
}
