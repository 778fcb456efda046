package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/fincokpi/finco/ent/postgres/postgrestest"
)

const refused = pqerror.Code("FR001")

type books struct {
	app, owner *sql.DB
	ownerDSN   string
	company
}

// company is the least that money and judgements need, with a run that was approved and one that was not.
type company struct {
	user, message, content, analysis, kpiResult int64
	approved, open                              paid
	account                                     int64
	ledger                                      int64
}

// paid is a run with a slip, a line and a source.
type paid struct{ run, slip, line, source int64 }

func setupBooks(t *testing.T) *books {
	t.Helper()
	d := postgrestest.New(t)
	b := &books{app: d.Pool(t), owner: d.OwnerPool(t), ownerDSN: d.OwnerDSN}
	b.user = b.insert(t, `users`, `name, created_at`, `'Aziza', now()`)
	chat := b.insert(t, `chats`, `telegram_id, kind`, `1, 'PRIVATE'`)
	b.message = b.insert(t, `messages`, `chat_id, telegram_id, side, kind, sent_at, received_at`, `$1, 1, 'CUSTOMER', 'TEXT', now(), now()`, chat)
	b.content = b.insert(t, `message_contents`, `message_id, version, text, written_at, received_at`, `$1, 1, 'salom', now(), now()`, b.message)
	analyzer := b.insert(t, `analyzers`, `name, version, checksum, path, kinds, languages, sides, created_at`, `'a', '1', '', '', '[]', '[]', '[]', now()`)
	b.analysis = b.insert(t, `analyses`, `kind, confidence, created_at, analyzer_id, message_id, content_id`, `'TOPIC', 1, now(), $1, $2, $3`, analyzer, b.message, b.content)
	b.insert(t, `analysis_details`, `analysis_id, details`, `$1, '{}'`, b.analysis)
	b.insert(t, `feedbacks`, `analysis_id, author_id, created_at`, `$1, $2, now()`, b.analysis, b.user)
	b.insert(t, `audit_events`, `at, role, verb`, `now(), 'admin', 'sign_in'`)
	b.kpiResult = b.insert(t, `kpi_results`, `user_id, period, at, coverage, digest`, `$1, '2026-09', now(), 1, ''`, b.user)
	kpi := b.insert(t, `kpis`, `key, title, value, floor, target, cap, weight, "from"`, `'k', 'K', '1', 0, 1, 1, 1, '2026-09'`)
	b.insert(t, `kpi_scores`, `result_id, kpi_id, position, key, title, inputs`, `$1, $2, 1, 'k', 'K', '[]'`, b.kpiResult, kpi)
	b.open, b.approved = b.pay(t, 1), b.pay(t, 2)
	b.exec(t, `UPDATE payroll_runs SET state = 'APPROVED', approved_by_id = $2, approved_at = now() WHERE id = $1`, b.approved.run, b.user)
	b.account = b.insert(t, `ledger_accounts`, `key, name`, `'payable', 'Payable'`)
	if err := b.post(t, map[string][]int64{"UZS": {500, -500}}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *books) pay(t *testing.T, number int) paid {
	t.Helper()
	var p paid
	p.run = b.insert(t, `payroll_runs`, `period, currency, kind, number, state, at`, `'2026-09', 'UZS', 'REGULAR', $1, 'DRAFT', now()`, number)
	p.slip = b.insert(t, `payslips`, `run_id, user_id, net, payable, currency`, `$1, $2, 500, 500, 'UZS'`, p.run, b.user)
	p.line = b.insert(t, `payslip_lines`, `slip_id, position, kind, amount, reason`, `$1, 1, 'BASE', 500, 'base'`, p.slip)
	p.source = b.insert(t, `line_sources`, `line_id, position, kpi_result_id`, `$1, 1, $2`, p.line, b.kpiResult)
	return p
}

func (b *books) insert(t *testing.T, table, columns, values string, args ...any) int64 {
	t.Helper()
	var id int64
	if err := b.app.QueryRowContext(t.Context(), `INSERT INTO `+table+` (`+columns+`) VALUES (`+values+`) RETURNING id`, args...).Scan(&id); err != nil {
		t.Fatalf("%s: %v", table, err)
	}
	return id
}

func (b *books) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	if _, err := b.app.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// post books one ledger transaction of these amounts; its error is the commit's.
func (b *books) post(t *testing.T, amounts map[string][]int64) error {
	t.Helper()
	tx, err := b.app.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	kind := "APPROVAL"
	if b.ledger != 0 {
		kind = "PAYMENT"
	}
	var ledger int64
	if err := tx.QueryRowContext(t.Context(), `INSERT INTO ledger_transactions (run_id, kind, posted_at) VALUES ($1, $2, now()) RETURNING id`, b.approved.run, kind).Scan(&ledger); err != nil {
		t.Fatal(err)
	}
	for currency, list := range amounts {
		for _, amount := range list {
			if _, err := tx.ExecContext(t.Context(), entry, ledger, b.account, amount, currency); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	b.ledger = ledger
	return nil
}

const entry = `INSERT INTO ledger_entries (transaction_id, account_id, amount, currency) VALUES ($1, $2, $3, $4)`

// expectRefusal runs the statement as both roles, each as far as its rights reach, and with replication's switch.
func (b *books) expectRefusal(t *testing.T, statement string, args ...any) {
	t.Helper()
	for name, db := range map[string]*sql.DB{"app": b.app, "owner": b.owner} {
		if _, err := db.ExecContext(t.Context(), statement, args...); !isRefusal(err) {
			t.Errorf("%s as %s: err = %v, want FR001", statement, name, err)
		}
	}
	conn, err := b.owner.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), `SET session_replication_role = replica`); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), statement, args...); !isRefusal(err) {
		t.Errorf("%s as a replica: err = %v, want FR001", statement, err)
	}
	if _, err := conn.ExecContext(context.WithoutCancel(t.Context()), `RESET session_replication_role`); err != nil {
		t.Fatal(err)
	}
}

func isRefusal(err error) bool {
	var e *pq.Error
	return errors.As(err, &e) && e.Code == refused
}

func TestFrozenRowsRefuseEveryChange(t *testing.T) {
	t.Parallel()
	b := setupBooks(t)
	for table, change := range map[string]string{
		"ledger_entries": "amount = 1", "ledger_transactions": "posted_at = now()", "audit_events": "verb = 'x'",
		"kpi_results": "digest = 'x'", "kpi_scores": "key = 'x'", "analyses": "confidence = 0", "analysis_details": "details = '[]'",
		"feedbacks": "comment = 'x'",
	} {
		b.expectRefusal(t, `UPDATE `+table+` SET `+change)
		b.expectRefusal(t, `DELETE FROM `+table)
		// What concerns no row is harmless.
		b.exec(t, `DELETE FROM `+table+` WHERE false`)
	}
}

func TestTruncateIsRefused(t *testing.T) {
	t.Parallel()
	b := setupBooks(t)
	for _, table := range []string{
		"ledger_entries", "ledger_transactions", "audit_events", "kpi_results", "kpi_scores", "analyses", "analysis_details", "feedbacks",
		"payroll_runs", "payslips", "payslip_lines", "line_sources", "message_contents",
	} {
		if _, err := b.owner.ExecContext(t.Context(), `TRUNCATE `+table+` CASCADE`); !isRefusal(err) {
			t.Errorf("TRUNCATE %s: err = %v, want FR001", table, err)
		}
	}
}

func TestSlipsOfAnApprovedRunAreKept(t *testing.T) {
	t.Parallel()
	b := setupBooks(t)
	for name, change := range map[string]func(paid) (string, []any){
		"change a slip": func(p paid) (string, []any) { return `UPDATE payslips SET net = 1 WHERE id = $1`, []any{p.slip} },
		"change a line": func(p paid) (string, []any) {
			return `UPDATE payslip_lines SET amount = 1 WHERE id = $1`, []any{p.line}
		},
		"change a source": func(p paid) (string, []any) {
			return `UPDATE line_sources SET position = 9 WHERE id = $1`, []any{p.source}
		},
		"add a line": func(p paid) (string, []any) {
			return `INSERT INTO payslip_lines (slip_id, position, kind, amount, reason) VALUES ($1, 2, 'BONUS', 1, 'more')`, []any{p.slip}
		},
		"add a source": func(p paid) (string, []any) {
			return `INSERT INTO line_sources (line_id, position) VALUES ($1, 2)`, []any{p.line}
		},
		"remove a source": func(p paid) (string, []any) { return `DELETE FROM line_sources WHERE id = $1`, []any{p.source} },
	} {
		statement, args := change(b.approved)
		b.expectRefusal(t, statement, args...)
		statement, args = change(b.open)
		if _, err := b.app.ExecContext(t.Context(), statement, args...); err != nil {
			t.Errorf("%s of an open run: %v", name, err)
		}
	}
	b.expectRefusal(t, `UPDATE payslip_lines SET slip_id = $1, position = 7 WHERE id = $2`, b.approved.slip, b.open.line)
	b.expectRefusal(t, `UPDATE payslip_lines SET slip_id = $1, position = 7 WHERE id = $2`, b.open.slip, b.approved.line)
	b.expectRefusal(t, `DELETE FROM payslip_lines WHERE id = $1`, b.approved.line)
	b.expectRefusal(t, `DELETE FROM payslips WHERE id = $1`, b.approved.slip)
}

func TestTheTriggersReadTheRealTables(t *testing.T) {
	t.Parallel()
	b := setupBooks(t)
	conn, err := b.app.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), `CREATE TEMP TABLE payroll_runs AS SELECT id, 'DRAFT'::text AS state FROM payroll_runs`); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), `UPDATE payslips SET net = 1 WHERE id = $1`, b.approved.slip); !isRefusal(err) {
		t.Errorf("a temporary table fooled the trigger: err = %v", err)
	}
}

func TestAnApprovedRunCanOnlyBePaid(t *testing.T) {
	t.Parallel()
	b := setupBooks(t)
	for _, change := range []string{
		"state = 'DRAFT'", "state = 'APPROVED'", "at = now()", "approved_by_id = NULL", "paid_at = now()",
		"state = 'PAID', approved_at = now() + interval '1 day'",
	} {
		b.expectRefusal(t, `UPDATE payroll_runs SET `+change+` WHERE id = $1`, b.approved.run)
	}
	b.expectRefusal(t, `DELETE FROM payroll_runs WHERE id = $1`, b.approved.run)
	b.exec(t, `UPDATE payroll_runs SET state = 'PAID', paid_by_id = $2, paid_at = now() WHERE id = $1`, b.approved.run, b.user)
	b.expectRefusal(t, `UPDATE payroll_runs SET paid_at = now() WHERE id = $1`, b.approved.run)
	b.expectRefusal(t, `UPDATE payslips SET net = 1 WHERE id = $1`, b.approved.slip)
	b.exec(t, `UPDATE payroll_runs SET state = 'REVIEW', at = now() WHERE id = $1`, b.open.run)
}

func TestAVersionOfAMessageIsKept(t *testing.T) {
	t.Parallel()
	b := setupBooks(t)
	b.expectRefusal(t, `UPDATE message_contents SET text = 'xayr' WHERE id = $1`, b.content)
	b.expectRefusal(t, `UPDATE message_contents SET transcript = 'salom', written_at = now() + interval '1 s' WHERE id = $1`, b.content)
	b.expectRefusal(t, `DELETE FROM message_contents WHERE id = $1`, b.content)
	b.exec(t, `UPDATE message_contents SET transcript = 'salom' WHERE id = $1`, b.content)
	b.exec(t, `UPDATE message_contents SET transcript = 'salom' WHERE id = $1`, b.content)
	b.expectRefusal(t, `UPDATE message_contents SET transcript = 'xayr' WHERE id = $1`, b.content)
	b.expectRefusal(t, `UPDATE message_contents SET transcript = NULL WHERE id = $1`, b.content)
}

func TestLedgerTransactionsBalance(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		amounts map[string][]int64
		ok      bool
	}{
		"two":                   {map[string][]int64{"UZS": {5, -5}}, true},
		"many":                  {map[string][]int64{"UZS": {5, 5, -3, -7}, "USD": {-1, 1}}, true},
		"larger than 64 bits":   {map[string][]int64{"UZS": {1<<63 - 1, 1<<63 - 1, -(1<<63 - 1), -(1<<63 - 1)}}, true},
		"off by one":            {map[string][]int64{"UZS": {5, -4}}, false},
		"off in the middle":     {map[string][]int64{"UZS": {5, -5, 1, 7, -7}}, false},
		"zero over currencies":  {map[string][]int64{"UZS": {5}, "USD": {-5}}, false},
		"one of two currencies": {map[string][]int64{"UZS": {5, -5}, "USD": {1}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := setupBooks(t).post(t, test.amounts)
			if test.ok && err != nil {
				t.Errorf("err = %v", err)
			}
			if !test.ok && !isRefusal(err) {
				t.Errorf("err = %v, want FR001", err)
			}
		})
	}
}

// Each of these adds to a transaction that balances what unbalances it.
func TestABalanceCannotBeEvaded(t *testing.T) {
	t.Parallel()
	const identified = `INSERT INTO ledger_entries (id, transaction_id, account_id, amount, currency) VALUES ($1, $2, $3, $4, 'UZS')`
	for name, attempt := range map[string]func(ctx context.Context, tx *sql.Tx, b *books) error{
		"later": func(ctx context.Context, tx *sql.Tx, b *books) error {
			_, err := tx.ExecContext(ctx, entry, b.ledger, b.account, 7, "UZS")
			return err
		},
		"below an older id": func(ctx context.Context, tx *sql.Tx, b *books) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO ledger_entries (id, transaction_id, account_id, amount, currency)
				SELECT min(id) - 1, $1, $2, 7, 'UZS' FROM ledger_entries WHERE transaction_id = $1`, b.ledger, b.account)
			return err
		},
		"below an id that was checked at once": func(ctx context.Context, tx *sql.Tx, b *books) error {
			if _, err := tx.ExecContext(ctx, `SET CONSTRAINTS ALL IMMEDIATE`); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO ledger_entries (id, transaction_id, account_id, amount, currency)
				VALUES (100, $1, $2, 7, 'UZS'), (101, $1, $2, -7, 'UZS')`, b.ledger, b.account)
			if err != nil {
				return fmt.Errorf("the balanced pair: %v", err)
			}
			_, err = tx.ExecContext(ctx, identified, 99, b.ledger, b.account, 7)
			return err
		},
		"in a savepoint": func(ctx context.Context, tx *sql.Tx, b *books) error {
			_, err := tx.ExecContext(ctx, `SAVEPOINT s`)
			if err == nil {
				_, err = tx.ExecContext(ctx, identified, 100, b.ledger, b.account, 7)
			}
			if err == nil {
				_, err = tx.ExecContext(ctx, `RELEASE s`)
			}
			return err
		},
		"beside one that was rolled back": func(ctx context.Context, tx *sql.Tx, b *books) error {
			if _, err := tx.ExecContext(ctx, identified, 100, b.ledger, b.account, 7); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `SAVEPOINT s`); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, identified, 101, b.ledger, b.account, -7); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `ROLLBACK TO s`)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupBooks(t)
			tx, err := b.app.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback() }()
			err = attempt(t.Context(), tx, b)
			if err == nil {
				err = tx.Commit()
			}
			if !isRefusal(err) {
				t.Errorf("err = %v, want FR001", err)
			}
		})
	}
}
