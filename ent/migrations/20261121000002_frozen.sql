-- What feeds money is frozen: these triggers refuse whatever the role, also with session_replication_role = replica.
-- Every refusal is one sentence with SQLSTATE FR001.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION finco_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'Rows of % are kept as they are: % is refused.', TG_TABLE_NAME, TG_OP USING ERRCODE = 'FR001';
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
DECLARE
  name text;
BEGIN
  -- Rows that are never changed. By row: a statement that touches none is harmless.
  FOREACH name IN ARRAY ARRAY['ledger_entries', 'ledger_transactions', 'audit_events', 'kpi_results', 'kpi_scores',
                              'analyses', 'analysis_details', 'feedbacks'] LOOP
    EXECUTE format('CREATE TRIGGER finco_frozen BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION finco_refuse()', name);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER finco_frozen', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['ledger_entries', 'ledger_transactions', 'audit_events', 'kpi_results', 'kpi_scores',
                              'analyses', 'analysis_details', 'feedbacks', 'payroll_runs', 'payslips', 'payslip_lines',
                              'line_sources', 'message_contents'] LOOP
    EXECUTE format('CREATE TRIGGER finco_kept BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION finco_refuse()', name);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER finco_kept', name);
  END LOOP;
END $$;
-- +goose StatementEnd

-- The versions of a message stay; what a voice note says may be added once.
-- +goose StatementBegin
CREATE FUNCTION finco_keep_content() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'A version of a message is never deleted.' USING ERRCODE = 'FR001';
  END IF;
  IF to_jsonb(NEW) - 'transcript' IS DISTINCT FROM to_jsonb(OLD) - 'transcript' THEN
    RAISE EXCEPTION 'A version of a message is never changed: an edit adds one.' USING ERRCODE = 'FR001';
  END IF;
  IF OLD.transcript IS NOT NULL AND NEW.transcript IS DISTINCT FROM OLD.transcript THEN
    RAISE EXCEPTION 'The transcript of a message is set once.' USING ERRCODE = 'FR001';
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER finco_frozen BEFORE UPDATE OR DELETE ON message_contents FOR EACH ROW EXECUTE FUNCTION finco_keep_content();
ALTER TABLE message_contents ENABLE ALWAYS TRIGGER finco_frozen;

-- From its approval on, a run can only be paid, once.
-- +goose StatementBegin
CREATE FUNCTION finco_keep_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state IN ('APPROVED', 'PAID') THEN
    IF TG_OP = 'DELETE' THEN
      RAISE EXCEPTION 'A payroll run that was approved is never deleted.' USING ERRCODE = 'FR001';
    END IF;
    IF OLD.state <> 'APPROVED' OR NEW.state <> 'PAID'
       OR to_jsonb(NEW) - ARRAY['state', 'paid_by_id', 'paid_at'] IS DISTINCT FROM to_jsonb(OLD) - ARRAY['state', 'paid_by_id', 'paid_at'] THEN
      RAISE EXCEPTION 'A payroll run that was approved can only be marked as paid, once.' USING ERRCODE = 'FR001';
    END IF;
  END IF;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER finco_frozen BEFORE UPDATE OR DELETE ON payroll_runs FOR EACH ROW EXECUTE FUNCTION finco_keep_run();
ALTER TABLE payroll_runs ENABLE ALWAYS TRIGGER finco_frozen;

-- The slips of an approved run, their lines and the lines' sources take no change and no addition. The run is locked for
-- sharing, so that an approval waits for the changes before it, and changes wait for the approval.
-- +goose StatementBegin
CREATE FUNCTION finco_require_open_run(run bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  run_state text;
BEGIN
  SELECT state INTO run_state FROM payroll_runs WHERE id = run FOR SHARE;
  IF run_state IN ('APPROVED', 'PAID') THEN
    RAISE EXCEPTION 'The slips of an approved payroll run are kept as they are: corrections go into a later run.' USING ERRCODE = 'FR001';
  END IF;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION finco_keep_slip() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM finco_require_open_run(OLD.run_id);
  END IF;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  PERFORM finco_require_open_run(NEW.run_id);
  RETURN NEW;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION finco_keep_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM finco_require_open_run(run_id) FROM payslips WHERE id = OLD.slip_id;
  END IF;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  PERFORM finco_require_open_run(run_id) FROM payslips WHERE id = NEW.slip_id;
  RETURN NEW;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION finco_keep_source() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM finco_require_open_run(run_id) FROM payslip_lines l JOIN payslips s ON s.id = l.slip_id WHERE l.id = OLD.line_id;
  END IF;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  PERFORM finco_require_open_run(run_id) FROM payslip_lines l JOIN payslips s ON s.id = l.slip_id WHERE l.id = NEW.line_id;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER finco_frozen BEFORE INSERT OR UPDATE OR DELETE ON payslips FOR EACH ROW EXECUTE FUNCTION finco_keep_slip();
ALTER TABLE payslips ENABLE ALWAYS TRIGGER finco_frozen;
CREATE TRIGGER finco_frozen BEFORE INSERT OR UPDATE OR DELETE ON payslip_lines FOR EACH ROW EXECUTE FUNCTION finco_keep_line();
ALTER TABLE payslip_lines ENABLE ALWAYS TRIGGER finco_frozen;
CREATE TRIGGER finco_frozen BEFORE INSERT OR UPDATE OR DELETE ON line_sources FOR EACH ROW EXECUTE FUNCTION finco_keep_source();
ALTER TABLE line_sources ENABLE ALWAYS TRIGGER finco_frozen;

-- At commit, the entries of a ledger transaction sum to zero in each currency.
-- +goose StatementBegin
CREATE FUNCTION finco_require_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- One check for many entries: an entry leaves it to the one with the next id, if that is of the same ledger transaction
  -- and came later in this same database transaction, for then its own trigger runs no sooner than this one.
  IF EXISTS (
    SELECT 1 FROM ledger_entries this JOIN ledger_entries next ON next.id = this.id + 1
    WHERE this.id = NEW.id AND next.transaction_id = this.transaction_id
      AND this.xmin = pg_current_xact_id()::xid AND next.xmin = this.xmin
      AND next.cmin::text::bigint >= this.cmin::text::bigint
  ) THEN
    RETURN NULL;
  END IF;
  IF EXISTS (SELECT 1 FROM ledger_entries WHERE transaction_id = NEW.transaction_id GROUP BY currency HAVING sum(amount) <> 0) THEN
    RAISE EXCEPTION 'The entries of ledger transaction % do not sum to zero in each currency.', NEW.transaction_id USING ERRCODE = 'FR001';
  END IF;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER finco_balance AFTER INSERT ON ledger_entries DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION finco_require_balance();
ALTER TABLE ledger_entries ENABLE ALWAYS TRIGGER finco_balance;

-- The functions read the real tables, not what a session's search path or temporary tables put in front of them.
-- +goose StatementBegin
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['finco_require_open_run(bigint)', 'finco_keep_slip()', 'finco_keep_line()', 'finco_keep_source()',
                              'finco_require_balance()'] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', name, current_schema());
  END LOOP;
END $$;
-- +goose StatementEnd
