package app_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

// The last day is a day of work, even when it is the first of the month.
func TestWhoLeavesIsPaidForTheirLastDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ left, want string }{
		{"2026-08-31", ""}, {"2026-09-01", "BASE 27272727, TAX -3272727"}, {"2026-09-29", "BASE 572727273, TAX -68727273"}, {"2026-09-30", "BASE 600000000, TAX -72000000"},
	} {
		t.Run(c.left, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, pay[0], pay[1], fmt.Sprintf(`UPDATE employments SET "left" = '%s' WHERE user_id = 1`, c.left))
			if got := lines(o, run(t, o, "2026-09").ID, aziz); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if got := o.ask(`SELECT count(*) FROM kpi_results WHERE user_id = 1`); (got == "1") != (c.want != "") {
				t.Errorf("%s results", got)
			}
		})
	}
}

func TestAReviewedRunIsReopened(t *testing.T) {
	t.Parallel()
	o := newOffice(t, pay...)
	september(o)
	accountant := o.as(amal, auth.RoleAccountant)
	one := run(t, o, "2026-09")
	if _, err := o.ReviewPayroll(accountant, one.ID); err != nil {
		t.Fatal(err)
	}
	before := lines(o, one.ID, bek)
	o.say(2, 3, bek, "2026-09-17 10:20")
	if _, err := o.ReopenPayroll(o.as(vali, auth.RoleSupervisor), one.ID); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("a supervisor reopened it: %v", err)
	}
	for range 2 {
		if again, err := o.ReopenPayroll(accountant, one.ID); err != nil || again.State != "DRAFT" {
			t.Fatalf("%v, %v", again, err)
		}
	}
	if run(t, o, "2026-09"); lines(o, one.ID, bek) == before {
		t.Error("the reopened run was not computed again")
	}
	finish(t, o, one.ID)
	if _, err := o.ReopenPayroll(accountant, one.ID); domain.KindOf(err) != domain.KindConflict {
		t.Errorf("a paid run was reopened: %v", err)
	}
	if got := o.ask(`SELECT string_agg(verb, ' ' ORDER BY id) FROM audit_events`); got != "run_payroll review_payroll reopen_payroll run_payroll review_payroll approve_payroll pay_payroll" {
		t.Errorf("audited: %s", got)
	}
}

func TestWhoIsNoApproverAnyMoreApprovesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t, append(pay, `UPDATE employments SET role = 'EMPLOYEE' WHERE user_id = 3`)...)
	one := run(t, o, "2026-09")
	if _, err := o.ReviewPayroll(o.as(amal, auth.RoleAccountant), one.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := o.ApprovePayroll(o.as(chief, auth.RoleAdmin), one.ID); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("an old token approved: %v", err)
	}
}

// The rules may change between two computations as of one time: each is kept, and the same again is the last one.
func TestResultsOfOneTimeThatDiffer(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	september(o)
	then := at("2026-10-05 00:00")
	in := app.ComputeKpisInput{Period: "2026-09", At: &then, People: []int{aziz}}
	var seen []int
	for i := range 4 {
		o.exec(`UPDATE kpis SET title = $1`, fmt.Sprint(i))
		ids := compute(t, o, in)
		if slices.Contains(seen, ids[0]) || !slices.Equal(compute(t, o, in), ids) {
			t.Errorf("%v after %v", ids, seen)
		}
		seen = append(seen, ids[0])
	}
}

// A wait that somebody else answers after all is no more that of whoever had it.
func TestAWaitThatChangesHandsMarksBoth(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.say(1, 1, client, "2026-10-19 10:00")
	o.say(1, 3, aziz, "2026-10-19 10:05")
	o.exec(`DELETE FROM kpi_refreshes`)
	o.say(1, 2, bek, "2026-10-19 10:02")
	if got := o.ask(`SELECT string_agg(DISTINCT user_id::text, ' ' ORDER BY user_id::text) FROM kpi_refreshes`); got != "1 2" {
		t.Errorf("marked: %s", got)
	}
}

// Messages gather before the KPIs are computed; a person's judgement waits for none of them.
func TestFeedbackRefreshesAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i := range 3 {
		o.say(1, 1+i, aziz, fmt.Sprintf("2026-10-19 10:0%d", i))
		o.say(1, 11+i, client, fmt.Sprintf("2026-10-19 11:0%d", i))
	}
	const queued = `SELECT COALESCE(string_agg(state || ' ' || args, ', ' ORDER BY id), '') FROM river_job WHERE kind = 'refresh_kpis'`
	o.say(1, 20, aziz, "2026-10-19 11:20")
	if got := o.ask(queued); got != "scheduled {}" {
		t.Errorf("after messages: %s", got)
	}
	var analysis int
	if _, err := fmt.Sscan(o.judge(1, 20, "QUALITY", "", 40), &analysis); err != nil {
		t.Fatal(err)
	}
	score := 80.0
	for range 2 {
		if _, err := o.GiveFeedback(o.as(vali, auth.RoleSupervisor), app.GiveFeedbackInput{AnalysisID: analysis, Score: &score}); err != nil {
			t.Fatal(err)
		}
	}
	if got := o.ask(queued); got != `scheduled {}, available {"urgent": true}` {
		t.Errorf("after feedback: %s", got)
	}
}
