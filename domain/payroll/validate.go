package payroll

import (
	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
)

func (in Input) validate() error {
	var f domain.Faults
	if !domain.KnownCurrency(in.Currency) {
		f.Add("currency", "%.10q is not an ISO 4217 currency", in.Currency)
	}
	if in.NormDays <= 0 {
		f.Add("norm days", "the period has none: the schedule has no interval in it")
	}
	if in.PaidDays < 0 || in.PaidDays > in.NormDays {
		f.Add("paid days", "they must be from 0 to the norm days")
	}
	if len(in.Bonuses)+len(in.Fines)+len(in.Corrections)+len(in.Deductions) > maxItems {
		f.Add("", "a slip has at most %d items", maxItems)
	}
	notNegative(&f, "salary", in.Salary)
	notNegative(&f, "carried over", in.CarriedOver)
	percentage(&f, "tax percent", in.TaxPercent)
	percentage(&f, "fine cap percent", in.FineCapPercent)
	for _, b := range in.Bonuses {
		notNegative(&f, "bonus "+b.Key, b.Amount)
	}
	for _, fine := range in.Fines {
		notNegative(&f, "fine "+fine.Key, fine.Amount)
	}
	for _, d := range in.Deductions {
		notNegative(&f, "deduction "+d.Key, d.Amount)
	}
	for _, c := range in.Corrections {
		if !inRange(c.Amount) {
			f.Add("correction "+c.Key, "the amount is too large")
		}
	}
	return f.Err()
}

func notNegative(f *domain.Faults, place string, amount int64) {
	if amount < 0 || !inRange(amount) {
		f.Add(place, "the amount must not be negative or out of range")
	}
}

var hundred = decimal.MustNew(100, 0)

func percentage(f *domain.Faults, place string, p decimal.Decimal) {
	if p.IsNeg() || p.Cmp(hundred) > 0 {
		f.Add(place, "it must be from 0 to 100")
	}
}
