package postgres

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/domain"
)

// Backup writes the whole database, as of one moment, to a file that only its owner may read. The file appears when it is
// whole; one of that name is replaced. bin is the folder with pg_dump, empty: the machine's.
func Backup(ctx context.Context, ownerDSN, bin, file string) error {
	partial := file + ".partial"
	out, err := os.OpenFile(partial, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return domain.Errorf(domain.KindInvalid, "The backup cannot be written: %w.", err)
	}
	err = tool(ctx, ownerDSN, bin, "pg_dump", nil, out, "--format=custom", "--no-owner", "--no-acl")
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(err, os.Remove(partial))
	}
	return os.Rename(partial, file)
}

// Restore reads a backup into a database that holds no tables yet, in one transaction, and then migrates it to this release.
// bin is the folder with pg_restore, empty: the machine's.
func Restore(ctx context.Context, ownerDSN, bin, file string, log *slog.Logger) error {
	in, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return domain.Errorf(domain.KindNotFound, "There is no backup %s.", file)
	}
	if err != nil {
		return domain.Errorf(domain.KindInvalid, "The backup cannot be read: %w.", err)
	}
	defer in.Close()
	if err := requireEmpty(ctx, ownerDSN); err != nil {
		return err
	}
	if err := tool(ctx, ownerDSN, bin, "pg_restore", in, nil, "--single-transaction", "--exit-on-error", "--no-owner", "--no-acl"); err != nil {
		return err
	}
	return Migrate(ctx, ownerDSN, log)
}

func requireEmpty(ctx context.Context, dsn string) error {
	db, err := Open(dsn, WithConnections(1))
	if err != nil {
		return err
	}
	defer db.Close()
	var tables int
	err = db.QueryRowContext(ctx, `SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')`).Scan(&tables)
	if err != nil {
		return domain.Errorf(domain.KindUnavailable, "The database does not answer: %w.", err)
	}
	if tables > 0 {
		return domain.Errorf(domain.KindConflict, "A backup is restored into an empty database only, and this one holds %d tables: name another data directory or database.", tables)
	}
	return nil
}

// tool runs pg_dump or pg_restore. The address goes through the environment: arguments are for all to see.
func tool(ctx context.Context, dsn, bin, name string, in, out *os.File, args ...string) error {
	config, err := readDSN(dsn)
	if err != nil {
		return err
	}
	path, err := findTool(bin, name)
	if err != nil {
		return err
	}
	if name == "pg_restore" {
		args = append(args, "--dbname="+config.Database)
	}
	var complaint strings.Builder
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), toolEnvironment(config)...)
	cmd.Stderr = &complaint
	if in != nil {
		cmd.Stdin = in
	}
	if out != nil {
		cmd.Stdout = out
	}
	if err := cmd.Run(); err != nil {
		return domain.Errorf(domain.KindUnavailable, "%s failed (%w): %s", name, err, firstComplaint(complaint.String()))
	}
	return nil
}

// firstComplaint leaves out what follows the first line: it may quote rows.
func firstComplaint(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

func findTool(bin, name string) (string, error) {
	for _, dir := range append([]string{bin}, candidates("")...) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); dir != "" && err == nil && !info.IsDir() {
			return path, nil
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	return "", domain.Errorf(domain.KindUnavailable, "This machine has no %s: install the Debian package postgresql-client.", name)
}

func toolEnvironment(config pq.Config) []string {
	env := []string{
		"PGHOST=" + config.Host, "PGPORT=" + strconv.Itoa(int(config.Port)), "PGUSER=" + config.User, "PGDATABASE=" + config.Database,
	}
	for name, value := range map[string]string{
		"PGPASSWORD": config.Password, "PGPASSFILE": config.Passfile, "PGOPTIONS": config.Options, "PGSSLMODE": string(config.SSLMode),
		"PGSSLCERT": config.SSLCert, "PGSSLKEY": config.SSLKey, "PGSSLROOTCERT": config.SSLRootCert,
	} {
		if value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}
