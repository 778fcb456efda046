package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/fincokpi/finco/domain/payroll"
)

// entryRow is one entry as the statement takes it.
type entryRow struct {
	Account  string `json:"account"`
	Slip     int    `json:"slip_id"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Place    int    `json:"place"`
}

// accountRow is an account as the statement takes it.
type accountRow struct {
	Key  string `json:"key"`
	Name string `json:"name"`
	User *int   `json:"user_id"`
}

// personal are the accounts that each person has one of: what is owed to them, and by them.
var personal = map[payroll.Account]bool{payroll.AccountPayable: true, payroll.AccountCarriedOver: true}

// post writes one transaction for a run: the postings of all its slips, which sum to 0. The ledger counts debit as positive,
// package payroll credit.
func (t *tx) post(ctx context.Context, run *runRow, kind string, postings func(payroll.Slip) []payroll.Posting) error {
	slips, ids, err := t.readSlips(ctx, run.ID)
	if err != nil {
		return err
	}
	var all []payroll.Posting
	var entries []entryRow
	accounts := map[string]accountRow{}
	for _, user := range slices.Sorted(maps.Keys(slips)) {
		list := postings(slips[user].computed(run.Currency))
		all = append(all, list...)
		for _, p := range list {
			account := accountRow{Key: string(p.Account), Name: string(p.Account)}
			if personal[p.Account] {
				account.Key, account.User = fmt.Sprintf("%s:%d", p.Account, user), &user
			}
			accounts[account.Key] = account
			entries = append(entries, entryRow{account.Key, ids[user], -p.Money.Minor, p.Money.Currency, len(entries)})
		}
	}
	if err := payroll.Validate(all); err != nil {
		return err
	}
	rows := slices.SortedFunc(maps.Values(accounts), func(a, b accountRow) int { return cmp.Compare(a.Key, b.Key) })
	return t.putEntries(ctx, run.ID, kind, rows, entries)
}

// computed is a stored slip as package payroll has it. What an earlier run carried over is known by its source.
func (s *slipDraft) computed(currency string) payroll.Slip {
	out := payroll.Slip{Currency: currency, Payable: s.Payable, Net: s.Net, CarriedOver: s.CarriedOver}
	for _, l := range s.Lines {
		line := payroll.Line{Kind: lineKinds[l.Kind], Key: l.Key, Amount: l.Amount, AfterTax: l.AfterTax}
		if line.Kind == payroll.LineDeduction && len(l.Sources) > 0 && l.Sources[0].Line != nil {
			line.From = -1
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

var lineKinds = map[string]payroll.LineKind{
	"BASE": payroll.LineBase, "BONUS": payroll.LineBonus, "FINE": payroll.LineFine, "FINE_CAP": payroll.LineFineCap, "CORRECTION": payroll.LineCorrection,
	"TAX": payroll.LineTax, "DEDUCTION": payroll.LineDeduction, "DEDUCTION_CAP": payroll.LineDeductionCap, "CARRIED_OVER": payroll.LineCarriedOver,
	"ROUNDING": payroll.LineRounding,
}

func (t *tx) putEntries(ctx context.Context, run int, kind string, accounts []accountRow, entries []entryRow) error {
	_, err := t.sql.ExecContext(ctx, `
INSERT INTO ledger_accounts (key, name, user_id) SELECT key, name, user_id FROM jsonb_to_recordset($1) AS x(key text, name text, user_id bigint) ORDER BY key
ON CONFLICT (key) DO NOTHING`, asJSON(accounts))
	if err != nil {
		return err
	}
	var id int
	err = t.each(ctx, `INSERT INTO ledger_transactions (run_id, kind, posted_at) VALUES ($1, $2, $3) RETURNING id`, []any{run, kind, t.at},
		func(scan scanner) error { return scan(&id) })
	if err != nil {
		return err
	}
	_, err = t.sql.ExecContext(ctx, `
INSERT INTO ledger_entries (transaction_id, account_id, slip_id, amount, currency)
SELECT $2, a.id, x.slip_id, x.amount, x.currency
FROM jsonb_to_recordset($1) AS x(account text, slip_id bigint, amount bigint, currency text, place int)
JOIN ledger_accounts a ON a.key = x.account ORDER BY x.place`, asJSON(entries), id)
	return err
}
