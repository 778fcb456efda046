package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain/formula"
)

func teller(lang string) *turn {
	return &turn{bot: &Bot{texts: words()}, person: app.TelegramPerson{Language: lang}}
}

func TestWhatTheRecordsSayIsSaidInTheirLanguage(t *testing.T) {
	t.Parallel()
	const gate = "the pay gate keeps 7 analyses out of quality: people agree with the analyzer too little or reviewed too few (2, at least 5 are needed)"
	r := teller("ru")
	for _, c := range []struct{ got, want string }{
		{r.note(gate), "Не учтено оценок: 7 (качество ответов)."},
		{r.note(gate), "проверено 2, нужно не меньше 5."},
		{r.note("wait.p90_wall has no data"), "• 9 из 10 ответов не дольше, по часам: нет данных"},
		{r.note("division by <zero>"), "Не удалось посчитать: division by &lt;zero&gt;"},
		{r.flag("2026-09 is not over: what is done, said and judged until the end of 2026-09-30 may change what is paid", "UZS"), "сентябрь 2026: месяц не закончился"},
		{r.flag("2026-09 was not over when this was computed: what came later is not in it", "UZS"), "сентябрь 2026: расчёт сделан до конца месяца"},
		{r.flag("no salary is set in USD", "USD"), "Оклад в валюте USD не задан."},
		{r.flag("rule good gives no line: there is no data for kpi.speed, kpi.total", "UZS"), "Правило «good» не дало строки, нет данных: балл KPI «speed», общий балл KPI."},
		{r.flag("rule total reads kpi.total without kpi.quality, at a coverage of 0.6: "+gate, "UZS"), "без показателя: балл KPI «quality»; есть данные для 60 %. Не учтено оценок: 7"},
		{r.flag("rule mean reads quality.mean, which has no data: "+gate, "UZS"), "нет данных: средняя оценка качества ответов. Не учтено оценок: 7"},
		{r.flag("<something new>", "UZS"), "&lt;something new&gt;"},
		{r.lineReason("salary 6 000 000.00 × 22 ÷ 22 days", "BASE", "UZS"), "Оклад 6 000 000 сум × оплачиваемые дни 22 ÷ рабочие дни месяца 22."},
		{r.lineReason("12 % of 6 600 100.05", "TAX", "UZS"), "12 % от 6 600 100,05 сум."},
		{r.lineReason("fines are at most 30 % of base and bonuses", "DEDUCTION_CAP", "UZS"), "Штрафы не превышают 30 %"},
		{r.lineReason("the lines sum to -50 000.00; the next run deducts it", "CARRIED_OVER", "UZS"), "Сумма строк −50 000 сум"},
		{r.lineReason("100.40 rounded to 1.00", "ROUNDING", "UZS"), "100,40 сум округлено до наименьшей выплаты 1 сум."},
		{r.lineReason("what an earlier run could not take", "DEDUCTION", "UZS"), "То, что не удалось удержать"},
		{r.lineReason("12 % of <all>", "BONUS", "UZS"), "12 % of &lt;all&gt;"},
	} {
		if !strings.Contains(strings.ReplaceAll(c.got, noBreak, " "), c.want) {
			t.Errorf("no %q in %q", c.want, c.got)
		}
	}
}

func TestWhatARuleReadIsSaidWithItsUnits(t *testing.T) {
	t.Parallel()
	said, ok := teller("en").ruleReason("(10) % of base; because kpi.total >= 80; kpi.total = 83.33; base = 6000000; wait.within_target_rate = 0.975; wait.p90_business = 754.5", "UZS")
	got := strings.ReplaceAll(strings.Join(said, "|"), noBreak, " ")
	const want = "Rule: <code>(10) % of base</code>|Its condition held: <code>kpi.total &gt;= 80</code>|• total KPI score: 83.33|• base pay: 6 000 000 so&#39;m|" +
		"• share of replies within the target: 97.5 %|• 9 of 10 replies take at most, working time: 12 min 34.5 s"
	if !ok || got != want {
		t.Errorf("%v, got\n%s, want\n%s", ok, got, want)
	}
	if _, ok := teller("en").ruleReason("agreed; x = y", "UZS"); ok {
		t.Error("what somebody wrote was read as a rule's")
	}
	for seconds, want := range map[string]string{"0": "0 s", "59.25": "59.25 s", "60": "1 min", "3600": "1 h 00 min", "3725": "1 h 2 min 5 s", "x": "x", "-5": "-5"} {
		if got := teller("en").exactSpan(seconds); got != want {
			t.Errorf("%s: got %q, want %q", seconds, got, want)
		}
	}
}

func TestEveryMetricHasItsNameInEveryLanguage(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"kpi": true}
	for _, name := range namedMetrics {
		known[name] = true
		for _, lang := range languages {
			if got := teller(lang).metricName(name); strings.HasPrefix(got, "metric.") {
				t.Errorf("%s: %s", lang, got)
			}
		}
	}
	for _, metric := range formula.PayMetrics {
		if !known[metric.Name] {
			t.Errorf("%s has no name", metric.Name)
		}
	}
}

func TestShortTimesAreToldToTheSecond(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{23 * time.Second: "23 s", 0: "0 s", time.Minute: "1 min", 61 * time.Second: "1 min", 2 * time.Hour: "2 h 00 min"} {
		if got := teller("en").shortSpan(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
