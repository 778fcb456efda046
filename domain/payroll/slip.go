package payroll

import (
	"math/big"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
)

// LineKind names what a line of a slip is.
type LineKind string

// The kinds of lines, in the order in which they stand on a slip.
const (
	LineBase         LineKind = "base"          // salary × paid days ÷ norm days
	LineBonus        LineKind = "bonus"         // by a rule
	LineFine         LineKind = "fine"          // by a rule, before tax
	LineFineCap      LineKind = "fine_cap"      // what the cap cuts of the fines before tax
	LineCorrection   LineKind = "correction"    // of a line of an earlier run
	LineTax          LineKind = "tax"           // of the taxable earnings
	LineDeduction    LineKind = "deduction"     // after tax, by a rule or not
	LineDeductionCap LineKind = "deduction_cap" // what the cap cuts of the fines after tax
	LineCarriedOver  LineKind = "carried_over"  // makes a sum below 0 zero; the next run deducts it
	LineRounding     LineKind = "rounding"      // to the currency's cash unit
)

// AfterTax says whether lines of the kind stand after tax, and so whether a
// correction of such a line does. For a correction itself its own mark says so.
func (k LineKind) AfterTax() bool {
	switch k {
	case LineTax, LineDeduction, LineDeductionCap, LineCarriedOver, LineRounding:
		return true
	}
	return false
}

// KeyCarriedOver is the key of the deduction that takes back what the run before
// has carried over.
const KeyCarriedOver = "carried_over"

// The percentages where a company has set none.
var (
	DefaultTaxPercent     = decimal.MustNew(12, 0)
	DefaultFineCapPercent = decimal.MustNew(30, 0)
)

// Item is an amount in minor units with the key of what it came from. Amounts of
// bonuses, fines and deductions are not negative.
type Item struct {
	Key    string
	Amount int64
}

// Fine is a loss of premium before tax, or a deduction after tax.
type Fine struct {
	Item
	AfterTax bool
}

// Correction changes an earlier line by a signed amount, before or after tax as
// that line was.
type Correction struct {
	Item
	AfterTax bool
}

// Input is all that a slip is computed from; amounts are in minor units.
type Input struct {
	Currency       string
	Salary         int64
	PaidDays       int
	NormDays       int
	Bonuses        []Item
	Fines          []Fine
	Corrections    []Correction
	Deductions     []Item // after tax, not fines: the cap does not concern them
	CarriedOver    int64  // what the run before carried over, not negative
	TaxPercent     decimal.Decimal
	FineCapPercent decimal.Decimal // of base and bonuses
}

// Line is one line of a slip, in minor units; it is added.
type Line struct {
	Kind     LineKind
	Key      string // "" for lines that the slip itself makes
	Amount   int64
	AfterTax bool
	// From is the place in Input's list that the line came from: Bonuses, Fines
	// (of kind fine, and of the deductions with Fine set), Corrections or
	// Deductions; -1 for lines that the slip itself makes.
	From int
	Fine bool // the line is a fine, before or after tax
}

// Slip is a computed payslip; amounts are in minor units.
type Slip struct {
	Currency    string
	Lines       []Line
	Payable     int64 // Σ lines; a multiple of the cash unit, never below 0
	Net         int64 // payable − rounding
	CarriedOver int64 // what the next run deducts
}

// Compute makes the slip: see the package's README for what always holds. A line
// of 0 is left out, base and tax excepted. It fails as invalid, naming every
// fault of the input; norm days of 0 are one.
func Compute(in Input) (Slip, error) {
	if err := in.validate(); err != nil {
		return Slip{}, err
	}
	s := Slip{Currency: in.Currency}
	base, err := Base(in.Salary, in.PaidDays, in.NormDays)
	if err != nil {
		return Slip{}, err
	}
	s.Lines = append(s.Lines, Line{Kind: LineBase, Amount: base, From: -1})
	earnings := base
	for i, b := range in.Bonuses {
		s.add(Line{Kind: LineBonus, Key: b.Key, Amount: b.Amount, From: i})
		earnings += b.Amount
	}
	fineCap, deductionCap, err := in.cut(earnings)
	if err != nil {
		return Slip{}, err
	}
	for i, f := range in.Fines {
		if !f.AfterTax {
			s.add(Line{Kind: LineFine, Key: f.Key, Amount: -f.Amount, From: i, Fine: true})
		}
	}
	s.add(Line{Kind: LineFineCap, Amount: fineCap, From: -1})
	for i, c := range in.Corrections {
		s.add(Line{Kind: LineCorrection, Key: c.Key, Amount: c.Amount, AfterTax: c.AfterTax, From: i})
	}
	if err := s.addTax(in.TaxPercent); err != nil {
		return Slip{}, err
	}
	s.addDeductions(in, deductionCap)
	s.finish()
	return s, nil
}

// Base returns salary × paid ÷ norm days in minor units, rounded half away from
// zero. It fails as invalid when there are no norm days.
func Base(salary int64, paidDays, normDays int) (int64, error) {
	if normDays <= 0 {
		return 0, domain.Errorf(domain.KindInvalid, "the period has no norm days: the schedule has no interval in it")
	}
	exact := big.NewRat(salary, int64(normDays))
	return whole(exact.Mul(exact, big.NewRat(int64(paidDays), 1)))
}

// PercentOf returns percent % of an amount in minor units, rounded half away from
// zero. It fails as invalid when the result is out of range.
func PercentOf(amount int64, percent decimal.Decimal) (int64, error) {
	exact := big.NewRat(amount, 100)
	return whole(exact.Mul(exact, domain.RatOf(percent)))
}

// maxAmount and maxItems keep every sum of a slip inside 63 bits.
const (
	maxAmount = 1_000_000_000_000_000
	maxItems  = 1000
)

func whole(exact *big.Rat) (int64, error) {
	n := domain.RoundRat(exact)
	if !n.IsInt64() || !inRange(n.Int64()) {
		return 0, domain.Errorf(domain.KindInvalid, "an amount of money is too large")
	}
	return n.Int64(), nil
}

func inRange(amount int64) bool { return amount <= maxAmount && amount >= -maxAmount }

// cut returns what the cap cuts of the fines before tax, and then of those after.
func (in Input) cut(earnings int64) (before, after int64, err error) {
	limit, err := PercentOf(earnings, in.FineCapPercent)
	if err != nil {
		return 0, 0, err
	}
	var sumBefore, sumAfter int64
	for _, f := range in.Fines {
		if f.AfterTax {
			sumAfter += f.Amount
		} else {
			sumBefore += f.Amount
		}
	}
	excess := max(0, sumBefore+sumAfter-limit)
	before = min(excess, sumBefore)
	return before, excess - before, nil
}

// add appends a line unless it is 0.
func (s *Slip) add(l Line) {
	if l.Amount == 0 {
		return
	}
	l.AfterTax = l.AfterTax || l.Kind.AfterTax()
	s.Lines = append(s.Lines, l)
}

// addTax taxes what stands before tax so far; below 0 there is no tax.
func (s *Slip) addTax(percent decimal.Decimal) error {
	var taxable int64
	for _, l := range s.Lines {
		if !l.AfterTax {
			taxable += l.Amount
		}
	}
	tax, err := PercentOf(max(0, taxable), percent)
	if err != nil {
		return err
	}
	s.Lines = append(s.Lines, Line{Kind: LineTax, Amount: -tax, AfterTax: true, From: -1})
	return nil
}

// addDeductions puts the fines after tax first, then what is no fine.
func (s *Slip) addDeductions(in Input, cut int64) {
	for i, f := range in.Fines {
		if f.AfterTax {
			s.add(Line{Kind: LineDeduction, Key: f.Key, Amount: -f.Amount, From: i, Fine: true})
		}
	}
	for i, d := range in.Deductions {
		s.add(Line{Kind: LineDeduction, Key: d.Key, Amount: -d.Amount, From: i})
	}
	s.add(Line{Kind: LineDeduction, Key: KeyCarriedOver, Amount: -in.CarriedOver, From: -1})
	s.add(Line{Kind: LineDeductionCap, Amount: cut, From: -1})
}

// finish carries a sum below 0 over, or rounds it to the cash unit.
func (s *Slip) finish() {
	sum := s.sum()
	if sum < 0 {
		s.CarriedOver = -sum
		s.add(Line{Kind: LineCarriedOver, Amount: -sum, From: -1})
		return
	}
	unit := domain.CashUnit(s.Currency)
	s.Net, s.Payable = sum, (sum+unit/2)/unit*unit
	s.add(Line{Kind: LineRounding, Amount: s.Payable - sum, From: -1})
}

func (s *Slip) sum() int64 {
	var sum int64
	for _, l := range s.Lines {
		sum += l.Amount
	}
	return sum
}
