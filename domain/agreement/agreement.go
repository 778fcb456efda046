package agreement

import (
	"math/big"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
)

// Pair is one analysis beside the newest feedback on it. Where both have a score
// the scores are compared, else the labels.
type Pair struct {
	MachineLabel, HumanLabel string
	MachineScore, HumanScore decimal.NullDecimal // points, 0 to 100
}

// scoreTolerance is how many points apart two scores still agree.
var scoreTolerance = decimal.MustNew(10, 0)

// Stats is the agreement of one group of pairs.
type Stats struct {
	Labels    int                 // pairs
	Agreement decimal.NullDecimal // share of identical labels or near scores; not Valid without pairs
	Kappa     decimal.NullDecimal // Cohen's kappa of the label pairs; not Valid without them, or when people and machine use one label each
}

// Compute returns the agreement of the pairs, in any order. Kappa is
// (p − e) ÷ (1 − e), p the share of identical labels, e the share expected by
// chance (Cohen 1960). Shares have up to 18 decimals.
func Compute(pairs []Pair) (Stats, error) {
	s := Stats{Labels: len(pairs)}
	agreed, labelled, same := 0, 0, 0
	machine, human := map[string]int{}, map[string]int{}
	for _, p := range pairs {
		if p.MachineScore.Valid && p.HumanScore.Valid {
			apart, err := p.MachineScore.Decimal.SubAbs(p.HumanScore.Decimal)
			if err != nil {
				return Stats{}, domain.Errorf(domain.KindInvalid, "a score has too many digits: %w", err)
			}
			if apart.Cmp(scoreTolerance) <= 0 {
				agreed++
			}
			continue
		}
		labelled++
		machine[p.MachineLabel]++
		human[p.HumanLabel]++
		if p.MachineLabel == p.HumanLabel {
			agreed++
			same++
		}
	}
	s.Agreement = domain.Share(agreed, len(pairs))
	var err error
	s.Kappa, err = kappa(same, labelled, machine, human)
	return s, err
}

func kappa(same, n int, machine, human map[string]int) (decimal.NullDecimal, error) {
	chance := int64(0)
	for label, count := range machine {
		chance += int64(count) * int64(human[label])
	}
	whole := int64(n) * int64(n)
	if len(machine) <= 1 && len(human) <= 1 { // no pairs, or nothing varies: then there is no agreement beyond chance to measure
		return decimal.NullDecimal{}, nil
	}
	d, err := domain.DecimalOf(big.NewRat(int64(same)*int64(n)-chance, whole-chance), 16)
	return decimal.NullDecimal{Decimal: d.Trim(0), Valid: err == nil}, err
}

// Gate is what an analyzer version must have shown before its results reach pay
// without review.
type Gate struct {
	MinLabels    int
	MinAgreement decimal.Decimal
}

// DefaultGate asks for 30 labels and an agreement of 0.75.
var DefaultGate = Gate{MinLabels: 30, MinAgreement: decimal.MustNew(75, 2)}

// MinReviewed is how many reviewed analyses a KPI needs when the gate is shut.
const MinReviewed = 5

// Passes says whether the stats suffice.
func (g Gate) Passes(s Stats) bool {
	return s.Labels >= g.MinLabels && s.Agreement.Valid && s.Agreement.Decimal.Cmp(g.MinAgreement) >= 0
}
