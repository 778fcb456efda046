package pqdriver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/lib/pq"
	"github.com/riverqueue/river/riverdriver"
)

// backlog is how many notifications wait for River. What comes on top is dropped, as River does itself: a notification only
// says that there is something to fetch, and polling finds it too.
const backlog = 4096

var errNotConnected = errors.New("pqdriver: the listener is not connected")

// listener implements riverdriver.Listener on one connection at a time.
type listener struct {
	db     *sql.DB
	dsn    string
	schema string

	mu           sync.Mutex
	afterConnect string
	conn         *pq.ListenerConn
	received     chan *pq.Notification
}

// Connect opens the connection.
func (l *listener) Connect(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		return errors.New("pqdriver: the listener is connected already")
	}
	if l.schema == "" {
		if err := l.db.QueryRowContext(ctx, "SELECT coalesce(current_schema(), '')").Scan(&l.schema); err != nil {
			return fmt.Errorf("pqdriver: asking for the schema: %w", err)
		}
	}
	raw := make(chan *pq.Notification, 64)
	conn, err := dial(ctx, l.dsn, raw)
	if err != nil {
		return err
	}
	if l.afterConnect != "" {
		if err := run(ctx, conn, l.afterConnect); err != nil {
			return errors.Join(err, conn.Close())
		}
	}
	l.conn, l.received = conn, make(chan *pq.Notification, backlog)
	go pump(raw, l.received)
	return nil
}

// dial gives up when ctx does, which lib/pq cannot by itself.
func dial(ctx context.Context, dsn string, raw chan<- *pq.Notification) (*pq.ListenerConn, error) {
	type outcome struct {
		conn *pq.ListenerConn
		err  error
	}
	dialled := make(chan outcome, 1)
	go func() {
		conn, err := pq.NewListenerConn(dsn, raw)
		dialled <- outcome{conn, err}
	}()
	select {
	case o := <-dialled:
		if o.err != nil {
			return nil, fmt.Errorf("pqdriver: connecting the listener: %w", o.err)
		}
		return o.conn, nil
	case <-ctx.Done():
		go func() {
			if o := <-dialled; o.conn != nil {
				_ = o.conn.Close() // nobody waits for it any more
			}
		}()
		return nil, ctx.Err()
	}
}

// pump keeps lib/pq from blocking on a full channel while it holds the answer that a LISTEN waits for. It ends when lib/pq
// closes raw, that is, with the connection.
func pump(raw <-chan *pq.Notification, received chan<- *pq.Notification) {
	defer close(received)
	for n := range raw {
		select {
		case received <- n:
		default:
		}
	}
}

// answerWithin is how much longer than ctx a statement may take before its connection is taken for dead.
const answerWithin = 2 * time.Second

// run executes one statement. River ends a ctx also when it only wants to subscribe to something more, and goes on with the connection;
// so that is closed only if no answer comes: there is no other way out of a dead one.
func run(ctx context.Context, conn *pq.ListenerConn, statement string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		_, err := conn.ExecSimpleQuery(statement)
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	late := time.NewTimer(answerWithin)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-late.C:
		return errors.Join(ctx.Err(), conn.Close())
	}
}

// Close closes the connection; it may be connected again.
func (l *listener) Close(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	conn := l.conn
	if conn == nil {
		return nil
	}
	l.conn = nil
	// The only other failure is that the connection is gone already, which is what was asked for.
	_ = conn.Close()
	return nil
}

// Listen begins to receive a topic.
func (l *listener) Listen(ctx context.Context, topic string) error {
	return l.exec(ctx, "LISTEN "+pq.QuoteIdentifier(l.prefix()+topic))
}

// Unlisten ends it.
func (l *listener) Unlisten(ctx context.Context, topic string) error {
	return l.exec(ctx, "UNLISTEN "+pq.QuoteIdentifier(l.prefix()+topic))
}

// Ping says whether the server still answers.
func (l *listener) Ping(ctx context.Context) error { return l.exec(ctx, "") }

func (l *listener) exec(ctx context.Context, statement string) error {
	conn, _ := l.current()
	if conn == nil {
		return errNotConnected
	}
	return run(ctx, conn, statement)
}

func (l *listener) current() (*pq.ListenerConn, <-chan *pq.Notification) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn, l.received
}

// Schema is the schema whose topics are meant; known once connected.
func (l *listener) Schema() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.schema
}

// SetAfterConnectExec sets a statement for each new connection; River's own tests use it.
func (l *listener) SetAfterConnectExec(statement string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.afterConnect = statement
}

func (l *listener) prefix() string {
	if schema := l.Schema(); schema != "" {
		return schema + "."
	}
	return ""
}

// WaitForNotification gives the next notification, oldest first. It fails when the connection is lost.
func (l *listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	conn, received := l.current()
	if conn == nil {
		return nil, errNotConnected
	}
	select {
	case n, open := <-received:
		if open {
			return &riverdriver.Notification{Topic: strings.TrimPrefix(n.Channel, l.prefix()), Payload: n.Extra}, nil
		}
		// Safe to ask, for lib/pq closed its channel.
		if err := conn.Err(); err != nil {
			return nil, fmt.Errorf("pqdriver: the listener lost its connection: %w", err)
		}
		return nil, errors.New("pqdriver: the listener lost its connection")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
