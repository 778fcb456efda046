package server

import (
	"context"
	"time"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/jobs/args"
	"github.com/fincokpi/finco/plugins/host"
)

// waitForAnalyses returns when no judgement is waiting, or none will come because an analyzer is out of service.
func (p *Parts) waitForAnalyses(ctx context.Context) error {
	return p.waitForJobs(ctx, args.AnalyzeMessages{}.Kind())
}

// waitForJobs returns when no job of a kind waits or runs.
func (p *Parts) waitForJobs(ctx context.Context, kind string) error {
	ctx = auth.With(ctx, auth.System("scheduler"))
	for {
		load, err := p.App.Load(ctx)
		if err != nil {
			return err
		}
		left := load.Jobs(kind)
		if left == 0 {
			return nil
		}
		if load.Jobs(kind, "scheduled") == left {
			if err := p.outOfService(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// outOfService names an analyzer that does not come back by itself.
func (p *Parts) outOfService() error {
	for _, status := range p.host.Status() {
		if status.State == host.OutOfService && p.slots.counts(status.Name) {
			return domain.Errorf(domain.KindUnavailable, "messages wait for the analyzer %s, which is out of service: %s", status.Name, status.LastError)
		}
	}
	return nil
}
