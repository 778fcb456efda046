package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/lib/pq"
)

// createAppRole leaves a role that exists, or that another process makes at this moment, as it is. Without a password it
// can sign in only where the server trusts the way it comes, as a private server does; elsewhere the administrator sets one.
const createAppRole = `DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'finco_app') THEN
    CREATE ROLE finco_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$`

// grants let AppRole write all records and read what was migrated. The frozen rows are kept by triggers.
const grants = `DO $$ DECLARE place text := quote_ident(current_schema()); BEGIN
  PERFORM pg_advisory_xact_lock(4615063718147915777);
  EXECUTE 'GRANT USAGE ON SCHEMA ' || place || ' TO finco_app';
  EXECUTE 'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ' || place || ' TO finco_app';
  EXECUTE 'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ' || place || ' TO finco_app';
  EXECUTE 'ALTER DEFAULT PRIVILEGES IN SCHEMA ' || place || ' GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO finco_app';
  EXECUTE 'ALTER DEFAULT PRIVILEGES IN SCHEMA ' || place || ' GRANT USAGE, SELECT ON SEQUENCES TO finco_app';
  EXECUTE 'REVOKE INSERT, UPDATE, DELETE ON ' || place || '.goose_db_version, ' || place || '.river_migration FROM finco_app';
END $$`

const insufficientPrivilege = "42501"

// ensureAppRole makes AppRole if the connected role may; false if there is none and it may not.
func ensureAppRole(ctx context.Context, db *sql.DB) (bool, error) {
	_, err := db.ExecContext(ctx, createAppRole)
	var refused *pq.Error
	if errors.As(err, &refused) && refused.Code == insufficientPrivilege {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("creating the role %s: %w", AppRole, err)
	}
	return true, nil
}

func grant(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	ok, err := ensureAppRole(ctx, db)
	if err != nil {
		return err
	}
	if !ok {
		log.Warn("the role that migrates may not create roles: the server will have to use this one", "missing", AppRole)
		return nil
	}
	if _, err := db.ExecContext(ctx, grants); err != nil {
		return fmt.Errorf("granting to %s: %w", AppRole, err)
	}
	return nil
}

// OneRole says whether the role of dsn owns the tables, so that it could take away the triggers that keep the frozen rows.
// It is false on a database that was not migrated.
func OneRole(ctx context.Context, dsn string) (bool, error) {
	db, err := Open(dsn, WithConnections(1))
	if err != nil {
		return false, err
	}
	defer db.Close()
	var owns sql.NullBool
	err = db.QueryRowContext(ctx, `SELECT bool_or(pg_has_role(current_user, relowner, 'USAGE')) FROM pg_class WHERE oid = to_regclass('ledger_entries')`).Scan(&owns)
	if err != nil {
		return false, fmt.Errorf("asking who owns the tables: %w", err)
	}
	return owns.Bool, nil
}
