package app_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/payrollrun"
)

// pay is what the office pays by: Aziz 6 000 000.00, Bek 3 000 000.00 since mid-September, where he began.
var pay = []string{
	`INSERT INTO salaries (user_id, "from", amount, currency, created_at) VALUES (1, '2026-01-01', 500000000, 'UZS', now()),
	 (1, '2026-09-01', 600000000, 'UZS', now()), (1, '2026-10-01', 700000000, 'UZS', now()), (2, '2026-09-15', 300000000, 'UZS', now())`,
	`UPDATE employments SET joined = '2026-09-15' WHERE user_id = 2`,
	`INSERT INTO pay_rules (key, kind, after_tax, "when", amount, percent_of_base, position, "from", removed) VALUES
	 ('good', 'BONUS', false, 'kpi.speed >= 80', NULL, '10', 0, '2026-01', false), ('total', 'BONUS', false, 'kpi.total > 50', '1000', NULL, 1, '2026-01', false),
	 ('open', 'FINE', false, NULL, 'wait.unanswered * 50000', NULL, 2, '2026-01', false), ('old', 'BONUS', false, NULL, '1', NULL, 3, '2026-01', false),
	 ('old', 'BONUS', false, NULL, '1', NULL, 3, '2026-09', true)`,
}

func run(t *testing.T, o *office, period string) *gen.PayrollRun {
	t.Helper()
	out, err := o.RunPayroll(o.as(amal, auth.RoleAccountant), app.RunPayrollInput{Period: period})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// finish takes a run from its draft to its payment.
func finish(t *testing.T, o *office, id int) {
	t.Helper()
	if _, err := o.ReviewPayroll(o.as(amal, auth.RoleAccountant), id); err != nil {
		t.Fatal(err)
	}
	if _, err := o.ApprovePayroll(o.as(chief, auth.RoleAdmin), id); err != nil {
		t.Fatal(err)
	}
	if _, err := o.PayPayroll(o.as(amal, auth.RoleAccountant), id); err != nil {
		t.Fatal(err)
	}
}

// lines are a person's lines of a run: kind, key and amount in tiyin.
func lines(o *office, run, user int) string {
	return o.ask(`SELECT string_agg(concat_ws(' ', l.kind, NULLIF(l.key, ''), l.amount), ', ' ORDER BY l.position)
FROM payslip_lines l JOIN payslips p ON p.id = l.slip_id WHERE p.run_id = $1 AND p.user_id = $2`, run, user)
}

func adjust(t *testing.T, o *office, in app.AddAdjustmentInput) *gen.Adjustment {
	t.Helper()
	in.Amount.Currency = "UZS"
	if in.Reason == "" {
		in.Reason = "agreed"
	}
	out, err := o.AddAdjustment(o.as(amal, auth.RoleAccountant), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAPayslipSaysWhatItIsMadeOf(t *testing.T) {
	t.Parallel()
	o := newOffice(t, pay...)
	september(o)
	one := run(t, o, "2026-09")
	// 600 000 000 + 10 % + 100 000, less 12 %.
	if got, want := lines(o, one.ID, aziz), "BASE 600000000, BONUS good 60000000, BONUS total 100000, TAX -79212000"; got != want {
		t.Errorf("Aziz: %s, want %s", got, want)
	}
	// 300 000 000 × 12 ÷ 22 days; one open wait; 12 %; whole so'm by themselves.
	if got, want := lines(o, one.ID, bek), "BASE 163636364, FINE open -5000000, TAX -19036364"; got != want {
		t.Errorf("Bek: %s, want %s", got, want)
	}
	if got := o.ask(`SELECT string_agg(reason, '|' ORDER BY position) FROM payslip_lines l JOIN payslips p ON p.id = l.slip_id WHERE user_id = 1`); !strings.HasPrefix(got, "salary 6 000 000.00 × 22 ÷ 22 days|(10) % of base; because kpi.speed >= 80; kpi.speed = 83.33|") {
		t.Errorf("reasons: %s", got)
	}
	if got := o.ask(`SELECT flags::text FROM payslips WHERE user_id = 2`); !strings.Contains(got, "kpi.speed") || !strings.Contains(got, "kpi.total") {
		t.Errorf("Bek's flags: %s", got)
	}
	if bare := o.ask(`SELECT count(*) FROM payslip_lines l WHERE NOT EXISTS (SELECT 1 FROM line_sources s WHERE s.line_id = l.id)`); bare != "0" {
		t.Errorf("%s lines name no source", bare)
	}
	if off := o.ask(`SELECT count(*) FROM payslips p WHERE payable <> (SELECT sum(amount) FROM payslip_lines WHERE slip_id = p.id)`); off != "0" {
		t.Errorf("%s slips are not the sum of their lines", off)
	}
}

func TestASlipSaysWhatThePayGateKeptFromItsRules(t *testing.T) {
	t.Parallel()
	o := newOffice(t, append(pay, `INSERT INTO pay_rules (key, kind, after_tax, "when", amount, percent_of_base, position, "from", removed) VALUES
	 ('mean', 'BONUS', false, NULL, 'quality.mean * 10', NULL, 4, '2026-01', false), ('tone', 'BONUS', false, NULL, 'kpi.quality * 10', NULL, 5, '2026-01', false)`)...)
	september(o)
	flags := func() string {
		run(t, o, "2026-09")
		return o.ask(`SELECT COALESCE(string_agg(f, E'\n'), '') FROM payslips p, jsonb_array_elements_text(p.flags) f WHERE p.user_id = 1`)
	}
	if got := flags(); strings.Contains(got, "gate") || strings.Contains(got, "over") {
		t.Errorf("without judgements: %s", got)
	}
	ids := make([]string, 5)
	for i := range ids {
		o.say(1, 20+i, aziz, fmt.Sprintf("2026-09-10 10:%02d", i))
		ids[i] = o.judge(1, 20+i, "QUALITY", "", 40)
	}
	o.now = o.now.Add(time.Minute)
	got := flags()
	const why = "the pay gate keeps 5 analyses out of quality: "
	for _, want := range []string{"rule total reads kpi.total without kpi.quality, at a coverage of 0.6: " + why, "rule mean reads quality.mean, which has no data: " + why, "rule tone reads kpi.quality, which has no data: " + why} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "rule good reads") {
		t.Errorf("a rule that reads nothing of it is flagged: %s", got)
	}
	for _, id := range ids {
		o.review(id, "", 80)
	}
	o.now = o.now.Add(time.Minute)
	if got := flags(); strings.Contains(got, "gate") {
		t.Errorf("reviewed: %s", got)
	}
}

// The office's October is not over; a run of its September is of all that there is.
func TestASlipOfAMonthThatIsNotOverSaysSo(t *testing.T) {
	t.Parallel()
	o := newOffice(t, pay...)
	one := run(t, o, "2026-10")
	if _, err := o.ReviewPayroll(o.as(amal, auth.RoleAccountant), one.ID); err != nil {
		t.Fatal(err)
	}
	flags := `SELECT count(*) FROM payslips WHERE run_id = $1 AND flags::text LIKE '%2026-10 is not over: what is done, said and judged until the end of 2026-10-31%'`
	if got := o.ask(flags, one.ID); got != "2" {
		t.Errorf("%s slips say so", got)
	}
	if got := o.ask(flags, run(t, o, "2026-09").ID); got != "0" {
		t.Errorf("%s slips of a month that is over", got)
	}
	slip := &gen.Payslip{Flags: []string{"2026-10 is not over: what is done, said and judged until the end of 2026-10-31 may change what is paid", "rule x is not over: y"}}
	if got := app.SlipFlags(slip, payrollrun.StateReview); !slices.Equal(got, slip.Flags) {
		t.Errorf("in review: %q", got)
	}
	for _, state := range []payrollrun.State{payrollrun.StateApproved, payrollrun.StatePaid} {
		if got := app.SlipFlags(slip, state); got[0] != "2026-10 was not over when this was computed: what came later is not in it" || got[1] != slip.Flags[1] || slip.Flags[0] == got[0] {
			t.Errorf("%s: %q", state, got)
		}
	}
}

func TestRunningTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t, pay...)
	september(o)
	const rows = `SELECT md5(string_agg(x, '|' ORDER BY x)) FROM (SELECT r::text AS x FROM payroll_runs r UNION ALL SELECT p::text FROM payslips p
UNION ALL SELECT l::text FROM payslip_lines l UNION ALL SELECT s::text FROM line_sources s UNION ALL SELECT k::text FROM kpi_results k) y`
	run(t, o, "2026-09")
	before := o.ask(rows)
	o.now = o.now.Add(time.Hour)
	var together sync.WaitGroup
	for range 4 {
		together.Go(func() { run(t, o, "2026-09") })
	}
	together.Wait()
	if after := o.ask(rows); after != before {
		t.Error("running again changed something")
	}
	o.say(2, 3, bek, "2026-09-17 10:20")
	aziz1 := o.ask(`SELECT id FROM payslips WHERE user_id = 1`)
	one := run(t, o, "2026-09")
	if got := lines(o, one.ID, bek); strings.Contains(got, "FINE") || o.ask(`SELECT id FROM payslips WHERE user_id = 1`) != aziz1 {
		t.Errorf("after Bek's answer: %s", got)
	}
}

func TestARunGoesFromDraftToPaid(t *testing.T) {
	t.Parallel()
	o := newOffice(t, pay...)
	september(o)
	one := run(t, o, "2026-09")
	if _, err := o.ApprovePayroll(o.as(chief, auth.RoleAdmin), one.ID); domain.KindOf(err) != domain.KindConflict {
		t.Errorf("a draft was approved: %v", err)
	}
	reviewed, err := o.ReviewPayroll(o.as(amal, auth.RoleAccountant), one.ID)
	if err != nil || reviewed.State != "REVIEW" {
		t.Fatalf("%v, %v", reviewed, err)
	}
	o.now = o.now.Add(time.Hour)
	o.say(2, 3, bek, "2026-09-17 10:20") // too late
	before := lines(o, one.ID, bek)
	if again := run(t, o, "2026-09"); !again.At.Equal(reviewed.At) || lines(o, one.ID, bek) != before {
		t.Error("a run in review was computed again")
	}
	if _, err := o.ApprovePayroll(o.as(amal, auth.RoleAccountant), one.ID); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("who created the run approved it: %v", err)
	}
	for range 2 {
		if _, err := o.ApprovePayroll(o.as(chief, auth.RoleAdmin), one.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := o.PayPayroll(o.as(amal, auth.RoleAccountant), one.ID); err != nil {
			t.Fatal(err)
		}
	}
	if got := o.ask(`SELECT count(*) || ' ' || sum(amount) FROM ledger_entries`); !strings.HasSuffix(got, " 0") {
		t.Errorf("the ledger: %s", got)
	}
	if got := o.ask(`SELECT string_agg(key || '=' || sum, ', ' ORDER BY key) FROM (SELECT key, sum(amount) FROM ledger_accounts a JOIN ledger_entries e ON e.account_id = a.id GROUP BY key) x`); !strings.Contains(got, "payable:1=0, payable:2=0, tax=-98248364, wages=818736364") {
		t.Errorf("balances: %s", got)
	}
	if got := o.ask(`SELECT string_agg(verb, ' ' ORDER BY id) FROM audit_events`); got != "run_payroll review_payroll approve_payroll pay_payroll" {
		t.Errorf("audited: %s", got)
	}
	if _, err := o.db.ExecContext(t.Context(), `UPDATE payslips SET payable = 0`); err == nil {
		t.Error("an approved slip was changed")
	}
}

func TestOneOwnsASlipAndNobodyElseMayApprove(t *testing.T) {
	t.Parallel()
	o := newOffice(t, append(pay, `INSERT INTO salaries (user_id, "from", amount, currency, created_at) VALUES (3, '2026-01-01', 100, 'UZS', now())`)...)
	one := run(t, o, "2026-09")
	if _, err := o.ReviewPayroll(o.as(amal, auth.RoleAccountant), one.ID); err != nil {
		t.Fatal(err)
	}
	o.exec(`INSERT INTO users (id, name, team_id, created_at) VALUES (6, 'Second', 2, now())`)
	o.exec(`INSERT INTO employments (user_id, email, role, status, joined) VALUES (6, 'second@office.uz', 'ADMIN', 'ACTIVE', '2026-01-01')`)
	o.exec(`UPDATE companies SET revision = revision + 1`)
	if _, err := o.ApprovePayroll(o.as(chief, auth.RoleAdmin), one.ID); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("the owner of a slip approved it beside another admin: %v", err)
	}
	o.exec(`UPDATE employments SET status = 'BLOCKED' WHERE user_id = 6`)
	if _, err := o.ApprovePayroll(o.as(chief, auth.RoleAdmin), one.ID); err != nil {
		t.Errorf("nobody else may, but: %v", err)
	}
	if got := o.ask(`SELECT verb FROM audit_events ORDER BY id DESC LIMIT 1`); got != "approve_own_payroll" {
		t.Errorf("audited as %s", got)
	}
}

func TestAdjustmentsAndCorrections(t *testing.T) {
	t.Parallel()
	o := newOffice(t, pay[0], pay[1])
	adjust(t, o, app.AddAdjustmentInput{UserID: aziz, Period: "2026-09", Kind: "BONUS", Key: "help", Amount: domain.Money{Minor: 1000000}})
	adjust(t, o, app.AddAdjustmentInput{UserID: aziz, Period: "2026-09", Kind: "FINE", Key: "glass", AfterTax: true, Amount: domain.Money{Minor: 400000000}})
	one := run(t, o, "2026-09")
	// The cap of 30 % of 601 000 000 leaves 180 300 000 of the fine.
	if got, want := lines(o, one.ID, aziz), "BASE 600000000, BONUS help 1000000, TAX -72120000, DEDUCTION glass -400000000, DEDUCTION_CAP 219700000"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	finish(t, o, one.ID)
	base := o.ask(`SELECT l.id FROM payslip_lines l JOIN payslips p ON p.id = l.slip_id WHERE p.user_id = 1 AND l.kind = 'BASE'`)
	var line int
	if _, err := fmt.Sscan(base, &line); err != nil {
		t.Fatal(err)
	}
	wrong := app.AddAdjustmentInput{UserID: aziz, Period: "2026-10", Kind: "CORRECTION", Key: "wrong", Amount: domain.Money{Minor: -900000000}, CorrectsID: &line}
	first := adjust(t, o, wrong)
	if again := adjust(t, o, wrong); again.ID != first.ID {
		t.Error("the same adjustment was made twice")
	}
	wrong.Reason = "another"
	wrong.Amount.Currency = "UZS"
	if _, err := o.AddAdjustment(o.as(amal, auth.RoleAccountant), wrong); domain.KindOf(err) != domain.KindConflict {
		t.Errorf("another under the same key: %v", err)
	}
	october := run(t, o, "2026-10")
	if got, want := lines(o, october.ID, aziz), "BASE 700000000, CORRECTION wrong -900000000, TAX 0, CARRIED_OVER 200000000"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	finish(t, o, october.ID)
	o.now = at("2026-12-01 12:00")
	november := run(t, o, "2026-11")
	if got := lines(o, november.ID, aziz); !strings.Contains(got, "DEDUCTION carried_over -200000000") {
		t.Errorf("the next run: %s", got)
	}
	finish(t, o, november.ID)
	if got := lines(o, run(t, o, "2026-12").ID, aziz); strings.Contains(got, "carried_over") {
		t.Errorf("deducted twice: %s", got)
	}
	if got := o.ask(`SELECT COALESCE(sum(amount), -1) FROM ledger_accounts a JOIN ledger_entries e ON e.account_id = a.id WHERE key = 'carried_over:1'`); got != "0" {
		t.Errorf("carried over: %s", got)
	}
}

func TestAnOffCycleRunPaysWhatNoOtherRunTookIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t, pay...)
	finish(t, o, run(t, o, "2026-09").ID)
	adjust(t, o, app.AddAdjustmentInput{UserID: bek, Period: "2026-09", Kind: "BONUS", Key: "late", Amount: domain.Money{Minor: 1000050}})
	extra, err := o.RunPayroll(o.as(amal, auth.RoleAccountant), app.RunPayrollInput{Period: "2026-09", Kind: "OFF_CYCLE"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := lines(o, extra.ID, bek), "BASE 0, BONUS late 1000050, TAX -120006, ROUNDING -44"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := o.ask(`SELECT count(*) FROM payslips WHERE run_id = $1`, extra.ID); got != "1" {
		t.Errorf("%s slips", got)
	}
}

func TestNobodyIsPaidForADayThatIsNone(t *testing.T) {
	t.Parallel()
	o := newOffice(t, append(pay, `INSERT INTO schedules (id, name) VALUES (2, 'never')`,
		`INSERT INTO schedule_versions (schedule_id, "from", timezone, hours) VALUES (2, '2026-01-01', 'UTC', '{"days": {}, "holidays": [], "exceptions": {}}')`,
		`UPDATE employments SET schedule_id = 2 WHERE user_id = 1`)...)
	_, err := o.RunPayroll(o.as(amal, auth.RoleAccountant), app.RunPayrollInput{Period: "2026-09"})
	if domain.KindOf(err) != domain.KindInvalid || !strings.HasPrefix(err.Error(), "Aziz has no working day in 2026-09") {
		t.Errorf("got %v", err)
	}
}

func TestWhatPayrollRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t, pay...)
	ten := domain.Money{Minor: 10, Currency: "UZS"}
	good := app.AddAdjustmentInput{UserID: bek, Period: "2026-09", Kind: "BONUS", Key: "k", Amount: ten, Reason: "r"}
	for name, c := range map[string]struct {
		want domain.Kind
		do   func() error
	}{
		"an employee runs": {domain.KindDenied, func() error {
			_, err := o.RunPayroll(o.as(aziz, auth.RoleEmployee), app.RunPayrollInput{Period: "2026-09"})
			return err
		}},
		"a week": {domain.KindInvalid, func() error {
			_, err := o.RunPayroll(o.as(amal, auth.RoleAccountant), app.RunPayrollInput{Period: "2026-W36"})
			return err
		}},
		"a second regular": {domain.KindInvalid, func() error {
			_, err := o.RunPayroll(o.as(amal, auth.RoleAccountant), app.RunPayrollInput{Period: "2026-09", Number: 2})
			return err
		}},
		"no such run": {domain.KindNotFound, func() error { _, err := o.PayPayroll(o.as(amal, auth.RoleAccountant), 7); return err }},
		"one adjusts oneself": {domain.KindDenied, func() error {
			_, err := o.AddAdjustment(o.as(bek, auth.RoleAccountant), good)
			return err
		}},
		"a bonus below 0": {domain.KindInvalid, func() error {
			in := good
			in.Amount.Minor = -1
			_, err := o.AddAdjustment(o.as(amal, auth.RoleAccountant), in)
			return err
		}},
		"a correction of nothing": {domain.KindInvalid, func() error {
			in := good
			in.Kind = "CORRECTION"
			_, err := o.AddAdjustment(o.as(amal, auth.RoleAccountant), in)
			return err
		}},
		"kpis of the future": {domain.KindInvalid, func() error {
			later := o.now.Add(time.Hour)
			_, err := o.ComputeKpis(o.as(chief, auth.RoleAdmin), app.ComputeKpisInput{Period: "2026-09", At: &later})
			return err
		}},
	} {
		if err := c.do(); domain.KindOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestFromAMessageToThePayslip(t *testing.T) {
	t.Parallel()
	o := newOffice(t, pay...)
	september(o)
	run(t, o, "2026-09")
	message := func(id int) (out int) {
		if _, err := fmt.Sscan(o.ask(`SELECT m.id FROM messages m JOIN chats c ON c.id = m.chat_id WHERE c.telegram_id = 1 AND m.telegram_id = $1`, id), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, c := range []struct {
		id, user int
		role     string
		want     int
	}{
		{3, aziz, auth.RoleEmployee, 2}, // the customer's question: both bonuses read the speed
		{4, aziz, auth.RoleEmployee, 2}, // a later one of the same wait
		{5, aziz, auth.RoleEmployee, 2}, // the answer
		{1, aziz, auth.RoleEmployee, 0}, // of August
		{3, chief, auth.RoleAdmin, 2},
		{3, vali, auth.RoleSupervisor, 0}, // sees the message, not the pay
	} {
		got, err := o.MessagePayslipLines(o.as(c.user, c.role), message(c.id))
		if err != nil || len(got) != c.want {
			t.Errorf("message %d as %s: %d lines, want %d; %v", c.id, c.role, len(got), c.want, err)
		}
	}
	if _, err := o.MessagePayslipLines(o.as(bek, auth.RoleEmployee), message(3)); domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("a message that Bek does not see: %v", err)
	}
}
