package server_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

type payslipAnswer struct {
	Payslips struct {
		Edges []struct {
			Node struct {
				ID      string
				Net     struct{ Amount, Currency string }
				Payable struct{ Amount string }
				User    struct{ Name string }
				Run     struct{ Period, State string }
				Lines   []struct {
					Kind, Key, Reason string
					Amount            struct{ Amount string }
					Sources           []struct {
						Typename string `json:"__typename"`
						Total    *float64
						Scores   []struct {
							Key    string
							Inputs []struct {
								Metric   string
								Count    int
								Waits    struct{ Edges []struct{ Node waitAnswer } }
								Analyses struct {
									Edges []struct {
										Node struct {
											Label   string
											Message struct{ Text *string }
										}
									}
								}
							}
						}
					}
				}
			}
		}
	}
}

type waitAnswer struct {
	State     string
	OpensWith struct {
		ID   string
		Text *string
	}
}

const payslipQuery = `{
  payslips(first: 10) { edges { node {
    id net { amount currency } payable { amount } user { name } run { period state }
    lines { kind key reason amount { amount } sources { __typename
      ... on KpiResult { total scores { key inputs { metric count
        waits(first: 3) { edges { node { state opensWith { id text } } } }
        analyses(first: 3) { edges { node { label message { text } } } } } } }
      ... on Salary { from } } }
  } } }
}`

// The demo shows the whole way: an employee walks a payslip down to a customer's words, and a supervisor's correction reaches
// the subscriber as a KPI.
func TestDemo(t *testing.T) {
	m := newMachine(t)
	s := m.serve("--demo")
	s.until(t, func(r readiness) bool { return r.Demo == "ready" })

	t.Run("a company of one's own is not laid over it", func(t *testing.T) {
		company := write(t, "company.yml", "company: { name: X, timezone: Asia/Tashkent, currency: UZS }\n")
		if r := m.run("apply", company); r.code != 1 || !strings.Contains(r.stderr, "FINCO_DATA_DIR") {
			t.Errorf("code %d\n%s%s", r.code, r.stdout, r.stderr)
		}
	})

	t.Run("an employee walks a payslip down to the words", func(t *testing.T) {
		jasur := s.signIn(t, "jasur@demo.example", "savdo-jasur-2026")
		var slips payslipAnswer
		jasur.ask(payslipQuery, nil, &slips)
		if n := len(slips.Payslips.Edges); n != 1 {
			t.Fatalf("%d payslips, want the one of last month", n)
		}
		slip := slips.Payslips.Edges[0].Node
		if slip.Run.State != "PAID" || slip.Net.Currency != "UZS" || len(slip.Lines) < 2 {
			t.Errorf("slip %+v", slip)
		}
		if words := wordsBehind(slips); len(words) == 0 {
			t.Errorf("no line of the payslip leads to a message: %+v", slip.Lines)
		}
	})

	t.Run("a correction reaches the subscriber", func(t *testing.T) {
		aziza := s.signIn(t, "aziza@demo.example", "savdo-aziza-2026")
		var found struct {
			Analyses struct {
				Edges []struct {
					Node struct {
						ID             string
						EffectiveScore float64
					}
				}
			}
		}
		aziza.ask(`{ analyses(first: 1, where: {kind: QUALITY}, orderBy: {field: CREATED_AT, direction: DESC}) { edges { node { id effectiveScore } } } }`, nil, &found)
		if len(found.Analyses.Edges) != 1 {
			t.Fatal("the supervisor sees no judgement of quality")
		}
		events := aziza.subscribe(`subscription { kpiChanged { period total user { name } scores { key score } } }`)
		review := found.Analyses.Edges[0].Node
		score := 5.0
		if review.EffectiveScore < 50 {
			score = 95
		}
		var given struct {
			GiveFeedback struct {
				Analysis struct{ EffectiveScore float64 }
			}
		}
		aziza.ask(`mutation($a: ID!, $s: Float!) { giveFeedback(input: {analysis: $a, score: $s}) { analysis { effectiveScore } } }`,
			map[string]any{"a": review.ID, "s": score}, &given)
		if given.GiveFeedback.Analysis.EffectiveScore != score {
			t.Errorf("effective score %v, want %v", given.GiveFeedback.Analysis.EffectiveScore, score)
		}
		select {
		case event, open := <-events:
			var next struct {
				Data struct{ KpiChanged *struct{ Period string } }
			}
			if err := json.Unmarshal(event, &next); !open || err != nil || next.Data.KpiChanged == nil {
				t.Errorf("event %s", event)
			}
		case <-time.After(time.Minute):
			t.Error("no KPI changed")
		}
	})
}

func wordsBehind(slips payslipAnswer) []string {
	var words []string
	for _, line := range slips.Payslips.Edges[0].Node.Lines {
		for _, source := range line.Sources {
			for _, score := range source.Scores {
				for _, input := range score.Inputs {
					for _, w := range input.Waits.Edges {
						if w.Node.OpensWith.Text != nil {
							words = append(words, *w.Node.OpensWith.Text)
						}
					}
					for _, a := range input.Analyses.Edges {
						if a.Node.Message.Text != nil {
							words = append(words, *a.Node.Message.Text)
						}
					}
				}
			}
		}
	}
	return words
}
