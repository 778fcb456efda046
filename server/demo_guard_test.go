package server_test

import (
	"strings"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/intake/companyfile"
	"github.com/fincokpi/finco/intake/demo"
)

// Nobody's company is laid over the demo, but what only looks like it is nobody's obstacle: another company, and the demo's file as
// somebody's first try, without its public passwords.
func TestACompanyIsNotLaidOverTheDemo(t *testing.T) {
	t.Parallel()
	w := newTaught(t)
	own := apptest.ExampleCompany()
	own.Company.Name = "Zamin Savdo"
	refused := func() error { return w.parts.RefuseOverDemo(w.Operator(), &own) }
	if err := refused(); err != nil {
		t.Errorf("over a company that is not the demo: %v", err)
	}
	file, faults := companyfile.Parse(demo.CompanyFile())
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.parts.App.ApplyCompany(w.Operator(), app.ApplyCompanyInput{Company: *file}); err != nil {
		t.Fatal(err)
	}
	if err := refused(); err != nil {
		t.Errorf("over the demo's file alone: %v", err)
	}
	one := demo.SignIns()[0]
	if err := w.parts.App.EnsurePassword(w.Operator(), one.Email, one.Password); err != nil {
		t.Fatal(err)
	}
	if err := refused(); domain.KindOf(err) != domain.KindConflict || !strings.Contains(err.Error(), "FINCO_DATA_DIR") {
		t.Errorf("over the demo: %v", err)
	}
	if err := w.parts.RefuseOverDemo(w.Operator(), file); err != nil {
		t.Errorf("the demo's own file, changed: %v", err)
	}
}
