package graph

import (
	"context"
	"time"

	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/employment"
	"github.com/fincokpi/finco/ent/gen/salary"
)

// employment is what a person is in the company; nil to whoever may not see it.
func (r *Resolver) employment(ctx context.Context, u *gen.User) (*gen.Employment, error) {
	found, err := together(ctx, fieldKey{name: "employment"}, u, func(nodes []*gen.User) (map[int]*gen.Employment, error) {
		rows, err := r.app.Client().Employment.Query().Where(among(employment.FieldUserID, idOf(nodes, userID))).All(ctx)
		return byID(rows, func(e *gen.Employment) int { return e.UserID }), err
	})
	return found[u.ID], err
}

func userID(u *gen.User) int { return u.ID }

// employed reads one field of a person's employment.
func employed[V any](ctx context.Context, r *Resolver, u *gen.User, read func(*gen.Employment) *V) (*V, error) {
	e, err := r.employment(ctx, u)
	if e == nil || err != nil {
		return nil, err
	}
	return read(e), nil
}

// salary is what holds for a person today in the company's time zone; nil to whoever may not see it.
func (r *Resolver) salary(ctx context.Context, u *gen.User) (*gen.Salary, error) {
	found, err := together(ctx, here(ctx), u, func(nodes []*gen.User) (map[int]*gen.Salary, error) {
		today, err := r.today(ctx)
		if err != nil {
			return nil, err
		}
		query, err := r.app.Client().Salary.Query().Where(among(salary.FieldUserID, idOf(nodes, userID)), salary.FromLTE(today)).
			Order(salary.ByFrom(), salary.ByCreatedAt()).CollectFields(ctx, "Salary")
		if err != nil {
			return nil, err
		}
		rows, err := query.Select(salary.Columns...).All(ctx)
		return byID(rows, func(s *gen.Salary) int { return s.UserID }), err // the last of each stays
	})
	return found[u.ID], err
}

// today is the day in the company's time zone.
func (r *Resolver) today(ctx context.Context) (string, error) {
	zone, err := r.zone(ctx)
	return r.app.Now().In(zone).Format(time.DateOnly), err
}

func (r *Resolver) zone(ctx context.Context) (*time.Location, error) {
	company, err := r.company(ctx)
	if err != nil {
		return time.UTC, err
	}
	return time.LoadLocation(company.Timezone)
}

// company is the one company of the database; not_found before a company file was applied.
func (r *Resolver) company(ctx context.Context) (*gen.Company, error) {
	return r.app.Client().Company.Query().Only(ctx)
}
