package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/payrollrun"
	"github.com/fincokpi/finco/intake/companyfile"
	"github.com/fincokpi/finco/intake/demo"
	"github.com/fincokpi/finco/jobs/args"
)

// demoState is how far the demo company is, for /readyz.
type demoState struct{ atomic.Pointer[string] }

// String is empty without a demo.
func (d *demoState) String() string {
	if s := d.Load(); s != nil {
		return *s
	}
	return ""
}

func (d *demoState) become(s string) { d.Store(&s) }

const (
	demoBatch = 1000
	// demoLive is how often a live message comes at the least, so that there is something to see.
	demoLive = 20 * time.Second
)

// runDemo lays the demo company over the last weeks, in a database that has no other company, and lets its customers go on
// writing until the context ends.
func (s *serving) runDemo(ctx context.Context) {
	s.demo.become("loading")
	start := time.Now()
	if err := s.fillDemo(ctx); err != nil {
		if ctx.Err() == nil {
			s.demo.become("failed")
			s.Log.Error("the demo could not be made", "room", "server", "error", err)
		}
		return
	}
	s.demo.become("ready")
	s.Log.Info("The demo is ready; customers go on writing.", "took", time.Since(start).Round(time.Second))
	if err := s.playDemo(ctx); err != nil && ctx.Err() == nil {
		s.demo.become("failed")
		s.Log.Error("the demo stopped", "room", "server", "error", err)
	}
}

// fillDemo does what an owner, a supervisor and an accountant would have done. Each step does nothing where it was done.
func (s *serving) fillDemo(ctx context.Context) error {
	if err := s.demoCompany(ctx); err != nil {
		return err
	}
	s.Log.Info("the demo: messages of the last weeks come in")
	if err := s.demoHistory(ctx); err != nil {
		return err
	}
	if err := s.waitForAnalyses(ctx); err != nil {
		return err
	}
	s.Log.Info("the demo: a supervisor reviews the machine, the accountant runs last month's payroll")
	if err := s.demoFeedback(ctx); err != nil {
		return err
	}
	return s.demoPayroll(ctx)
}

func (s *serving) demoCompany(ctx context.Context) error {
	ctx = auth.With(ctx, auth.System("operator"))
	file, faults := companyfile.Parse(demo.CompanyFile())
	if err := faults.Err(); err != nil {
		return err
	}
	company, err := s.App.Company(ctx)
	if err != nil && domain.KindOf(err) != domain.KindNotFound {
		return err
	}
	if err == nil && company.Name != file.Company.Name {
		return domain.Errorf(domain.KindConflict, "this database belongs to another company; the demo needs a data directory of its own (FINCO_DATA_DIR)")
	}
	if _, err := s.App.ApplyCompany(ctx, app.ApplyCompanyInput{Company: *file}); err != nil {
		return err
	}
	for _, person := range demo.SignIns() {
		if err := s.App.EnsurePassword(ctx, person.Email, person.Password); err != nil {
			return err
		}
	}
	return nil
}

func (s *serving) demoHistory(ctx context.Context) error {
	history, err := demo.History(s.App.Now())
	if err != nil {
		return err
	}
	ctx = auth.With(ctx, auth.System("intake"))
	for _, list := range [][]demo.Message{history.Messages, history.Edits} {
		for part := range slices.Chunk(list, demoBatch) {
			batch := make([]app.MessageInput, len(part))
			for i, m := range part {
				batch[i] = m.Input()
			}
			if _, err := s.App.RecordMessages(ctx, batch); err != nil {
				return err
			}
		}
	}
	return nil
}

// demoFeedback has the demo's supervisor judge enough of each kind and language for the pay gate: one hand's plausible
// choices, marked as such.
func (s *serving) demoFeedback(ctx context.Context) error {
	as, err := s.demoPerson(ctx, "aziza@demo.example")
	if err != nil {
		return err
	}
	choices, err := s.App.DemoReviews(as)
	if err != nil {
		return err
	}
	for _, choice := range choices {
		if _, err := s.App.GiveFeedback(as, choice); err != nil && domain.KindOf(err) != domain.KindDenied {
			return err
		}
	}
	if _, err = s.App.RefreshReplyGate(auth.With(ctx, auth.System("scheduler"))); err != nil {
		return err
	}
	return s.waitForJobs(ctx, args.Resettle{}.Kind())
}

func (s *serving) demoPerson(ctx context.Context, email string) (context.Context, error) {
	actor, err := s.App.ActorByEmail(auth.With(ctx, auth.System("operator")), email)
	return auth.With(ctx, actor), err
}

// demoPayroll pays the last month: an accountant runs it, an admin approves, the accountant pays.
func (s *serving) demoPayroll(ctx context.Context) error {
	accountant, err := s.demoPerson(ctx, "zulfiya@demo.example")
	if err != nil {
		return err
	}
	admin, err := s.demoPerson(ctx, "rustam@demo.example")
	if err != nil {
		return err
	}
	company, err := s.App.Company(admin)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(company.Timezone)
	if err != nil {
		return err
	}
	month := domain.MonthOf(domain.DateOf(s.App.Now().In(zone)))
	run, err := s.App.RunPayroll(accountant, app.RunPayrollInput{Period: month.Prev().String()})
	if err != nil {
		return fmt.Errorf("the demo's payroll: %w", err)
	}
	type step func(context.Context, int) (*gen.PayrollRun, error)
	for _, next := range []struct {
		from payrollrun.State
		as   context.Context
		do   step
	}{
		{payrollrun.StateDraft, accountant, s.App.ReviewPayroll},
		{payrollrun.StateReview, admin, s.App.ApprovePayroll},
		{payrollrun.StateApproved, accountant, s.App.PayPayroll},
	} {
		if run.State != next.from {
			continue
		}
		if run, err = next.do(next.as, run.ID); err != nil {
			return fmt.Errorf("the demo's payroll: %w", err)
		}
	}
	_, err = s.App.ComputeKpis(accountant, app.ComputeKpisInput{Period: month.String()})
	return err
}

// playDemo sends the newest dialogues live, over and over.
func (s *serving) playDemo(ctx context.Context) error {
	ctx = auth.With(ctx, auth.System("intake"))
	play, err := demo.NewLive(s.App.Now())
	if err != nil {
		return err
	}
	for {
		delay, next := play.Next()
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(min(delay, demoLive)):
		}
		_, err := s.App.RecordMessage(ctx, next.Sent(s.App.Now()).Input())
		if err != nil && !errors.Is(err, context.Canceled) {
			s.Log.Warn("a demo message was not recorded", "room", "server", "error", err)
		}
	}
}
