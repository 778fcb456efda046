package pqdriver

import (
	"database/sql"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
)

// Driver is a River driver for database/sql over lib/pq that can listen.
type Driver struct {
	*riverdatabasesql.Driver
	db  *sql.DB
	dsn string
}

// New makes a driver over a pool. The DSN is for the connection that listens, outside the pool; it must lead to the same
// database, not through a pooler that shares sessions.
func New(db *sql.DB, dsn string) *Driver {
	return &Driver{Driver: riverdatabasesql.New(db), db: db, dsn: dsn}
}

// SupportsListener makes River listen rather than only poll.
func (d *Driver) SupportsListener() bool { return true }

// GetListener makes a listener that is not connected yet.
func (d *Driver) GetListener(params *riverdriver.GetListenenerParams) riverdriver.Listener {
	return &listener{db: d.db, dsn: d.dsn, schema: params.Schema}
}
