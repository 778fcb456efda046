package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fincokpi/finco/domain"
)

// ApplyCompanyInput is a company file to make the records match.
type ApplyCompanyInput struct {
	Company CompanyInput
	// DryRun tells what would change and changes nothing.
	DryRun bool
	// Prune ends or removes what the file's sections no longer have; sections that the file does not have stay as they are.
	// It never touches admins, and never removes people with messages or slips: it ends them.
	Prune bool
}

// CompanyChanges is what an apply did.
type CompanyChanges struct {
	// Changes are in words, in the order of the file. They may name amounts: they are for whoever applied, not for a log.
	Changes []string
	// NotInstalled are analyzers that the file wants and nobody installed; what it says of them waits.
	NotInstalled []string
	// OtherVersions say of installed analyzers that they have not the version that the file wants; what it says of them waits.
	OtherVersions []string
}

// errDryRun gives a transaction up that was only to tell what it would do.
var errDryRun = errors.New("dry run")

// ApplyCompany makes the records match a company file, whole or not at all, and tells what changed: nothing the second time.
// For admins and the command line. Whoever got a Telegram id gets the messages they wrote before, and the waits of the months
// that are still open are settled anew by a job.
func (a *App) ApplyCompany(ctx context.Context, in ApplyCompanyInput) (CompanyChanges, error) {
	if _, err := permit(ctx, "company", "apply"); err != nil {
		return CompanyChanges{}, err
	}
	if err := in.Company.validate(); err != nil {
		return CompanyChanges{}, err
	}
	ctx = as(ctx, "operator")
	var done *applying
	fit := map[string]json.RawMessage{}
	for {
		err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
			done = &applying{tx: t, in: in.Company, prune: in.Prune, kinds: map[string]bool{}, fit: fit}
			if err := done.run(ctx); err != nil {
				return err
			}
			switch {
			case len(done.unchecked) > 0:
				return errUnchecked
			case in.DryRun:
				return errDryRun
			}
			return nil
		})
		if err == nil || errors.Is(err, errDryRun) {
			break
		}
		if errors.Is(err, errUnchecked) {
			err = a.checkSettings(ctx, done.unchecked, fit)
		}
		if err != nil {
			return CompanyChanges{}, err
		}
	}
	return CompanyChanges{Changes: done.changes, NotInstalled: done.absent, OtherVersions: done.others}, nil
}

// applying is one company file on its way into the records.
type applying struct {
	*tx
	in    CompanyInput
	prune bool

	company   companyRow
	today     domain.Date
	month     domain.Date // the first day of this month
	open      opening     // for what feeds pay
	openSince time.Time   // the first instant of the months whose waits may still change

	schedules map[string]int
	teams     map[string]*teamRow
	people    map[string]*personRow
	reowned   []int      // chats whose team or assignee the rules may have to find again
	moved     []handover // Telegram ids whose messages may be somebody else's now
	unsettled bool       // hours or targets changed
	restale   bool       // what KPIs are computed from or by changed
	rights    []int      // people whose rights changed

	changes []string
	kinds   map[string]bool
	// fit are the settings that were checked, with those as they are to be stored, unchecked those that must be before they are stored.
	fit       map[string]json.RawMessage
	unchecked []AnalyzerSpec
	absent    []string
	others    []string
}

// note tells of a change of one kind.
func (p *applying) note(kind, format string, args ...any) {
	p.kinds[kind] = true
	p.changes = append(p.changes, fmt.Sprintf(format, args...))
}

func (p *applying) run(ctx context.Context) error {
	steps := []func(context.Context) error{
		p.applyCompany, p.openMonths, p.applySchedules, p.applyTeams, p.applyPeople, p.applySupervisors, p.applyChats,
		p.applyKPIs, p.applyPay, p.applyReportTypes, p.applyAnalyzers,
	}
	if p.prune {
		steps = append(steps, p.pruneRules, p.prunePeople, p.pruneTeams)
	}
	for _, step := range append(steps, p.finish) {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// openMonths finds where changes begin: this month for all but pay; for what feeds pay, the month after the last that was
// reviewed if that is later: what its slips and results name stays as it was.
func (p *applying) openMonths(ctx context.Context) error {
	zone, err := time.LoadLocation(p.in.Company.Timezone)
	if err != nil {
		return err
	}
	p.today = domain.DateOf(p.at.In(zone))
	this := domain.MonthOf(p.today)
	p.month = this.First()
	p.open = opening{first: p.month, change: p.month}
	p.openSince = this.Prev().First().In(zone)
	const q = `SELECT max(period) FROM payroll_runs WHERE kind = 'REGULAR' AND state <> 'DRAFT' AND period ~ '^\d{4}-\d{2}$'`
	return p.each(ctx, q, nil, func(scan scanner) error {
		var last *string
		if err := scan(&last); err != nil || last == nil {
			return err
		}
		closed, err := domain.ParsePeriod(*last)
		if err != nil {
			return err
		}
		if next := closed.Next().First(); next.After(p.month) {
			p.open.change = next
		}
		return nil
	})
}

// calendarOpening is for what has no part in slips that are frozen.
func (p *applying) calendarOpening() opening { return opening{first: p.month, change: p.month} }

// finish brings about what follows from the changes.
func (p *applying) finish(ctx context.Context) error {
	if len(p.changes) == 0 {
		return nil
	}
	if _, err := p.sql.ExecContext(ctx, teamsOfTodaySQL, p.today.String()); err != nil {
		return err
	}
	if err := p.revise(ctx); err != nil {
		return err
	}
	r, err := p.roster(ctx)
	if err != nil {
		return err
	}
	if err := p.relink(ctx, r); err != nil {
		return err
	}
	if _, err := p.sql.ExecContext(ctx, assignChatsSQL, idArray(p.reowned), r.firstTeam()); err != nil {
		return err
	}
	if p.restale || p.unsettled {
		people := slices.Collect(maps.Keys(r.people))
		p.stale(r, p.at, people...)
		p.stale(r, p.openSince, people...)
	}
	if p.unsettled {
		if err := p.resettle(ctx, p.openSince); err != nil {
			return err
		}
	}
	p.emit(SessionsChanged, p.rights...)
	details := map[string]any{"kinds": slices.Sorted(maps.Keys(p.kinds)), "changes": len(p.changes)}
	return p.audit(ctx, "apply", "company", p.company.id, details)
}

// companyRow is the company as it is stored.
type companyRow struct {
	id                             int
	name, timezone, currency, lang string
	gap                            int
	reportTypes, analyzers         []byte
	writes                         bool
	digest                         string
}

// applyCompany holds the company's row until commit, so that two files are applied one after the other.
func (p *applying) applyCompany(ctx context.Context) error {
	want := p.in.Company
	made, err := p.sql.ExecContext(ctx, `
INSERT INTO companies (singleton, name, timezone, currency, language, conversation_gap_seconds, revision, reply_gate)
VALUES (1, $1, $2, $3, $4, $5, 1, '') ON CONFLICT (singleton) DO NOTHING`,
		want.Name, want.Timezone, want.Currency, want.Language, seconds(want.ConversationGap))
	if err != nil {
		return err
	}
	if n, err := made.RowsAffected(); err != nil {
		return err
	} else if n == 1 {
		p.note("company", "company %s: created", want.Name)
	}
	c := &p.company
	const q = `SELECT id, name, timezone, currency, language, conversation_gap_seconds, report_types, analyzers, writes_in_chats, digest_at FROM companies FOR UPDATE`
	err = p.each(ctx, q, nil, func(scan scanner) error {
		return scan(&c.id, &c.name, &c.timezone, &c.currency, &c.lang, &c.gap, &c.reportTypes, &c.analyzers, &c.writes, &c.digest)
	})
	if err != nil {
		return err
	}
	writes, digest := c.writes, c.digest
	if want.Bot.WritesInChats != nil {
		writes = *want.Bot.WritesInChats
	}
	if want.Bot.DigestAt != nil {
		digest = *want.Bot.DigestAt
	}
	before := len(p.changes)
	p.noteText("company", "company: name", c.name, want.Name)
	p.noteText("company", "company: time zone", c.timezone, want.Timezone)
	p.noteText("company", "company: currency", c.currency, want.Currency)
	p.noteText("company", "company: language", c.lang, want.Language)
	p.noteText("company", "company: conversation gap", duration(c.gap), want.ConversationGap.String())
	p.noteText("company", "company: the bot writes in customers' chats", yesNo(c.writes), yesNo(writes))
	p.noteText("company", "company: morning digest", cmp.Or(c.digest, "never"), cmp.Or(digest, "never"))
	if len(p.changes) == before {
		return nil
	}
	p.unsettled = p.unsettled || c.timezone != want.Timezone || c.gap != seconds(want.ConversationGap)
	_, err = p.sql.ExecContext(ctx, `UPDATE companies SET name = $1, timezone = $2, currency = $3, language = $4, conversation_gap_seconds = $5,
  writes_in_chats = $6, digest_at = $7`,
		want.Name, want.Timezone, want.Currency, want.Language, seconds(want.ConversationGap), writes, digest)
	return err
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

// noteText tells of a value that differs, and whether it does.
func (p *applying) noteText(kind, what, was, is string) bool {
	switch {
	case was == is:
		return false
	case was == "":
		p.note(kind, "%s: %s", what, is)
	case is == "":
		p.note(kind, "%s: %s removed", what, was)
	default:
		p.note(kind, "%s %s → %s", what, was, is)
	}
	return true
}

func seconds(d time.Duration) int { return int(d / time.Second) }

func duration(seconds int) string { return (time.Duration(seconds) * time.Second).String() }
