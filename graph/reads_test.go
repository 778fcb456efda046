package graph_test

import (
	"strings"
	"testing"

	"github.com/fincokpi/finco/app/apptest"
)

const talkQuery = `query($n: Int = 50) { messages(first: $n, orderBy: {field: SENT_AT, direction: ASC}) { totalCount edges { node {
  id text side sentAt sender { __typename ... on User { name email } ... on Customer { called: name telegramId } }
  replyTo { text } versions { text }
  wait { state opensWith { text } }
  analyses(first: 10) { edges { node { kind label effectiveLabel effectiveScore analyzerVersion details analyzer { name } } } }
} } } }`

type talkAnswer struct {
	Messages struct {
		TotalCount int
		Edges      []struct {
			Node struct {
				ID       string
				Text     *string
				Side     string
				Sender   map[string]any
				ReplyTo  *struct{ Text *string }
				Versions []struct{ Text string }
				Wait     *struct{ State string }
				Analyses struct {
					Edges []struct {
						Node struct {
							Kind, Label, EffectiveLabel, AnalyzerVersion *string
							EffectiveScore                               *float64
							Details                                      map[string]any
						}
					}
				}
			}
		}
	}
}

func TestAnEmployeeReadsTheirTalkWhole(t *testing.T) {
	t.Parallel()
	o := open(t).talks()
	var got talkAnswer
	o.ask(apptest.Jasur, talkQuery, nil).into(t, &got)
	if got.Messages.TotalCount != 2 || len(got.Messages.Edges) != 2 {
		t.Fatalf("Jasur sees %d messages of 2", got.Messages.TotalCount)
	}
	question, answer := got.Messages.Edges[0].Node, got.Messages.Edges[1].Node
	if *question.Text != "Narxi qancha?" || question.Sender["__typename"] != "Customer" || question.Sender["telegramId"] != "501" {
		t.Errorf("the question is %+v", question)
	}
	if answer.Sender["email"] != apptest.Jasur || *answer.ReplyTo.Text != *question.Text || answer.Versions[0].Text != "50 ming so'm" {
		t.Errorf("the answer is %+v", answer)
	}
	if question.Wait == nil || question.Wait.State != "WITHIN" {
		t.Errorf("the wait is %+v", question.Wait)
	}
	for _, edge := range question.Analyses.Edges {
		a := edge.Node
		if *a.AnalyzerVersion != "1" {
			t.Errorf("version %s", *a.AnalyzerVersion)
		}
		if *a.Kind == "SENTIMENT" && (*a.Label != "neutral" || *a.EffectiveLabel != "negative") {
			t.Errorf("the machine said %s, the person %s", *a.Label, *a.EffectiveLabel)
		}
	}
	quality := answer.Analyses.Edges[0].Node
	if quality.Details["reason"] != "polite" || *quality.EffectiveScore != 80 {
		t.Errorf("quality is %+v", quality)
	}
}

func TestAnAccountantReadsNoWords(t *testing.T) {
	t.Parallel()
	o := open(t).talks()
	r := o.ask(apptest.Nodira, talkQuery, nil)
	var got talkAnswer
	r.into(t, &got)
	if got.Messages.TotalCount != 6 {
		t.Errorf("the accountant sees %d messages of 6", got.Messages.TotalCount)
	}
	for _, secret := range []string{"Narxi", "ming", "polite"} {
		if strings.Contains(r.text, secret) {
			t.Errorf("the accountant reads %q", secret)
		}
	}
}

func TestColleaguesAreNames(t *testing.T) {
	t.Parallel()
	o := open(t).talks()
	var got struct {
		Users struct {
			Edges []struct {
				Node struct {
					Name                    string
					Email, Role, TelegramID *string
					Salary                  *struct {
						Amount struct{ Amount, Currency string }
					}
				}
			}
		}
		Viewer struct{ Name string }
	}
	o.ask(apptest.Jasur, `{ viewer { name } users { edges { node { name email role telegramId salary { amount { amount currency } } } } } }`, nil).into(t, &got)
	if len(got.Users.Edges) != 7 || got.Viewer.Name != "Jasur Toshev" {
		t.Fatalf("got %+v", got)
	}
	for _, edge := range got.Users.Edges {
		u := edge.Node
		if u.Name == "Jasur Toshev" {
			if u.Email == nil || *u.Role != "EMPLOYEE" || u.Salary == nil || u.Salary.Amount.Amount != "6000000.00" {
				t.Errorf("Jasur does not see himself: %+v, %+v", u, u.Salary)
			}
		} else if u.Email != nil || u.Role != nil || u.TelegramID != nil || u.Salary != nil {
			t.Errorf("Jasur sees more than the name: %+v", u)
		}
	}
}

const slipQuery = `{ payslips(first: 1) { totalCount edges { node { net { amount currency } payable { amount } user { name }
  lines { kind key amount { amount } reason sources { __typename ... on KpiResult { total scores { key title inputs { metric value count
    waits(first: 2) { edges { node { id businessSeconds } } } analyses(first: 2) { edges { node { id message { text payslipLines { kind } } } } } } } }
    ... on Salary { from amount { amount } } ... on Adjustment { reason } ... on PayslipLine { kind } } } } } }
  payrollRuns { edges { node { state totals { slips net { amount } payable { amount currency } } } } } }`

func TestAPayslipIsTraceable(t *testing.T) {
	t.Parallel()
	o := open(t).talks()
	r := o.ask(apptest.Jasur, slipQuery, nil)
	var got struct {
		Payslips struct {
			TotalCount int
			Edges      []struct {
				Node struct {
					User  struct{ Name string }
					Lines []struct {
						Kind    string
						Sources []map[string]any
					}
				}
			}
		}
		PayrollRuns struct {
			Edges []struct {
				Node struct{ Totals struct{ Slips int } }
			}
		}
	}
	r.into(t, &got)
	if got.Payslips.TotalCount != 1 || got.Payslips.Edges[0].Node.User.Name != "Jasur Toshev" {
		t.Fatalf("Jasur sees %s", r.text)
	}
	kinds := map[string]bool{}
	for _, line := range got.Payslips.Edges[0].Node.Lines {
		for _, source := range line.Sources {
			kinds[source["__typename"].(string)] = true
		}
	}
	for _, kind := range []string{"Salary", "Adjustment", "PayslipLine"} {
		if !kinds[kind] {
			t.Errorf("no line came from a %s: %s", kind, r.text)
		}
	}
	if got.PayrollRuns.Edges[0].Node.Totals.Slips != 1 {
		t.Errorf("Jasur's totals hold others' slips: %s", r.text)
	}
}

func TestFiguresOfTheCompany(t *testing.T) {
	t.Parallel()
	o := open(t).talks()
	var got struct {
		Company       struct{ Name, Currency string }
		ResponseStats struct {
			Waits, Answered int
			MedianBusiness  float64
		}
		Agreement []struct {
			Labels   int
			Analyzer struct{ Name string }
		}
		LatestKpiResults []struct {
			User   struct{ Name string }
			Scores []struct{ Key string }
		}
	}
	o.ask(apptest.Botir, `{ company { name currency } responseStats { waits answered medianBusiness withinTargetRate }
  agreement { labels agreement kappa gateOpen kind language analyzer { name } } latestKpiResults(period: "2026-09") { user { name } scores { key value score } } }`, nil).into(t, &got)
	if got.Company.Name != "Demo Savdo" || got.ResponseStats.Waits != 3 || got.ResponseStats.MedianBusiness != 300 {
		t.Errorf("got %+v", got)
	}
	if len(got.Agreement) != 1 || got.Agreement[0].Analyzer.Name != "sentiment" || got.Agreement[0].Labels != 1 {
		t.Errorf("agreement is %+v", got.Agreement)
	}
	if len(got.LatestKpiResults) < 3 {
		t.Errorf("results are %+v", got.LatestKpiResults)
	}
	if code := o.ask(apptest.Jasur, `{ responseStats { waits } }`, nil).code(); code != "DENIED" {
		t.Errorf("an employee's company totals: %s", code)
	}
}

func TestWhatWasLearntIsForThoseWhoSeeTheCompany(t *testing.T) {
	t.Parallel()
	o := open(t)
	_, err := o.Database.OwnerPool(t).Exec(`UPDATE analyzers SET learned = '{"agreementAfter":0.875}'`)
	o.check(err)
	for _, role := range roles {
		r := o.ask(role.email, `{ analyzers { edges { node { name learned } } } }`, nil)
		if sees := strings.Contains(r.text, "0.875"); sees != (role.name == "admin" || role.name == "accountant") || !strings.Contains(r.text, `"name":`) {
			t.Errorf("%s: %s", role.name, r.text)
		}
	}
}

func TestAnalyzerSettingsAreForAdmins(t *testing.T) {
	t.Parallel()
	o := open(t)
	_, err := o.Database.OwnerPool(t).Exec(`UPDATE analyzers SET settings = '{"url":"http://models","api_key":"hunter2","fields":[{"Token":"hunter2"}],"password":""}'`)
	o.check(err)
	for _, role := range roles {
		r := o.ask(role.email, `{ analyzers { edges { node { name settings } } } }`, nil)
		if sees := strings.Contains(r.text, "http://models"); sees != (role.name == "admin") || strings.Contains(r.text, "hunter2") {
			t.Errorf("%s: %s", role.name, r.text)
		}
		if role.name == "admin" && (!strings.Contains(r.text, `"api_key":"•••"`) || !strings.Contains(r.text, `"password":""`)) {
			t.Errorf("what is set cannot be told: %s", r.text)
		}
	}
}
