package postgres

import (
	"database/sql"
	"strconv"
	"time"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/domain"
)

// A PoolOption changes what Open gives.
type PoolOption func(*pool)

type pool struct {
	connections int
	runtime     map[string]string
}

// WithConnections limits the pool; 20 without it.
func WithConnections(n int) PoolOption { return func(p *pool) { p.connections = n } }

// WithStatementTimeout ends statements that run longer, in whole milliseconds.
func WithStatementTimeout(d time.Duration) PoolOption {
	return func(p *pool) { p.runtime["statement_timeout"] = strconv.FormatInt(d.Milliseconds(), 10) }
}

// WithLockTimeout ends statements that wait longer for one lock, in whole milliseconds.
func WithLockTimeout(d time.Duration) PoolOption {
	return func(p *pool) { p.runtime["lock_timeout"] = strconv.FormatInt(d.Milliseconds(), 10) }
}

// WithIdleTransactionTimeout ends sessions that leave a transaction open without using it, in whole milliseconds.
func WithIdleTransactionTimeout(d time.Duration) PoolOption {
	return func(p *pool) {
		p.runtime["idle_in_transaction_session_timeout"] = strconv.FormatInt(d.Milliseconds(), 10)
	}
}

// Open gives a pool of connections whose times are in UTC. It does not connect yet; a DSN that cannot be read is invalid.
func Open(dsn string, options ...PoolOption) (*sql.DB, error) {
	p := pool{connections: 20, runtime: map[string]string{"timezone": "UTC"}}
	for _, option := range options {
		option(&p)
	}
	config, err := readDSN(dsn)
	if err != nil {
		return nil, err
	}
	if config.Runtime == nil {
		config.Runtime = map[string]string{}
	}
	for name, value := range p.runtime {
		if _, said := config.Runtime[name]; !said {
			config.Runtime[name] = value
		}
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, domain.Errorf(domain.KindInvalid, "The database's address cannot be used.")
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(p.connections)
	// As many idle as open: a burst must not pay for connecting again.
	db.SetMaxIdleConns(p.connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	db.SetConnMaxLifetime(time.Hour)
	return db, nil
}

// readDSN never repeats the DSN in an error: it may hold a password.
func readDSN(dsn string) (pq.Config, error) {
	config, err := pq.NewConfig(dsn)
	if err != nil {
		return pq.Config{}, domain.Errorf(domain.KindInvalid, "The database's address cannot be read: it looks like postgres://user:password@host:5432/database.")
	}
	return config, nil
}
