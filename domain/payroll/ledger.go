package payroll

import (
	"math/big"

	"github.com/fincokpi/finco/domain"
)

// Account is a ledger account of payroll.
type Account string

// The accounts. Credit is positive, debit negative: the balance of AccountPayable
// is what the company owes the person.
const (
	AccountPayable     Account = "payable"      // owed to the person
	AccountWages       Account = "wages"        // base, bonus, fine, fine_cap
	AccountCorrections Account = "corrections"  // correction
	AccountTax         Account = "tax"          // owed to the state
	AccountDeductions  Account = "deductions"   // deduction, deduction_cap
	AccountCarriedOver Account = "carried_over" // owed by the person
	AccountRounding    Account = "rounding"
	AccountCash        Account = "cash"
)

// Posting is one entry of a transaction.
type Posting struct {
	Account Account
	Money   domain.Money
	Line    int // the place of the slip's line it comes from; -1 = the slip as a whole
}

// account is where a line's counterpart stands.
func (l Line) account() Account {
	switch l.Kind {
	case LineTax:
		return AccountTax
	case LineDeduction:
		if l.Key == KeyCarriedOver && l.From < 0 {
			return AccountCarriedOver
		}
		return AccountDeductions
	case LineDeductionCap:
		return AccountDeductions
	case LineCarriedOver:
		return AccountCarriedOver
	case LineRounding:
		return AccountRounding
	case LineCorrection:
		return AccountCorrections
	}
	return AccountWages
}

// Postings returns the transaction of an approved slip: every line against its
// account, the payable to the person. They sum to 0. A line of 0 has none.
func Postings(s Slip) []Posting {
	var list []Posting
	post := func(a Account, minor int64, line int) {
		if minor != 0 {
			list = append(list, Posting{a, domain.Money{Minor: minor, Currency: s.Currency}, line})
		}
	}
	for i, l := range s.Lines {
		post(l.account(), -l.Amount, i)
	}
	post(AccountPayable, s.Payable, -1)
	return list
}

// Payment returns the transaction of a slip that was paid out; none for nothing.
func Payment(s Slip) []Posting {
	if s.Payable == 0 {
		return nil
	}
	paid := domain.Money{Minor: s.Payable, Currency: s.Currency}
	return []Posting{{AccountPayable, paid.Neg(), -1}, {AccountCash, paid, -1}}
}

// Reverse returns the transaction that undoes another.
func Reverse(list []Posting) []Posting {
	out := make([]Posting, len(list))
	for i, p := range list {
		p.Money = p.Money.Neg()
		out[i] = p
	}
	return out
}

// Validate fails as invalid unless the postings of one transaction sum to 0 in
// every currency, and none of them is 0.
func Validate(list []Posting) error {
	sums := map[string]*big.Int{}
	var f domain.Faults
	for _, p := range list {
		if p.Money.Minor == 0 || p.Account == "" || p.Money.Currency == "" {
			f.Add("", "a posting needs an account, a currency and an amount")
		}
		if sums[p.Money.Currency] == nil {
			sums[p.Money.Currency] = new(big.Int)
		}
		sums[p.Money.Currency].Add(sums[p.Money.Currency], big.NewInt(p.Money.Minor))
	}
	for _, sum := range sums {
		if sum.Sign() != 0 {
			f.Add("", "the postings of a transaction must sum to 0")
			break
		}
	}
	return f.Err()
}
