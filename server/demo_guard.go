package server

import (
	"context"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/credential"
	"github.com/fincokpi/finco/ent/gen/employment"
	"github.com/fincokpi/finco/ent/gen/user"
	"github.com/fincokpi/finco/intake/companyfile"
	"github.com/fincokpi/finco/intake/demo"
)

// RefuseOverDemo is a conflict if a company file would turn the demo company into another one: its invented customers, slips and
// people, whose passwords are public, would stay in it. The demo is known by its name and by people of it who can sign in.
func (p *Parts) RefuseOverDemo(ctx context.Context, file *app.CompanyInput) error {
	own, faults := companyfile.Parse(demo.CompanyFile())
	if err := faults.Err(); err != nil {
		return err
	}
	if file.Company.Name == own.Company.Name {
		return nil
	}
	ctx = auth.With(ctx, auth.System("signin"))
	company, err := p.App.Client().Company.Query().Only(ctx)
	if gen.IsNotFound(err) || err == nil && company.Name != own.Company.Name {
		return nil
	}
	if err != nil {
		return err
	}
	var emails []string
	for _, person := range demo.SignIns() {
		emails = append(emails, person.Email)
	}
	found, err := p.App.Client().Employment.Query().
		Where(employment.EmailIn(emails...), employment.HasUserWith(user.HasCredentialWith(credential.PasswordHashNEQ("")))).Exist(ctx)
	if err == nil && found {
		err = domain.Errorf(domain.KindConflict, "this database holds the demo company, whose passwords are public: "+
			"give yours a folder or a database of its own (FINCO_DATA_DIR or DATABASE_URL), or remove the demo's folder (%s)", p.cfg.DataDir)
	}
	return err
}
