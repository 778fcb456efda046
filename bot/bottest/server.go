package bottest

import (
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-telegram/bot/models"
)

// Token is what the bot of a server says to it unless WithToken says another.
const Token = "123456789:AAbottest-abcdefghijklmnopqrstuvwxyz0"

// Server is a Bot API server with one bot.
type Server struct {
	// URL is where it answers, as FINCO_TELEGRAM_URL takes it.
	URL string
	// Token is the bot's, BotID its number, and Username its name without @.
	Token    string
	BotID    int64
	Username string

	t       testing.TB
	http    *httptest.Server
	now     func() time.Time
	limits  *limits
	local   string
	retry   time.Duration
	closing chan struct{}
	workers sync.WaitGroup

	mu          sync.Mutex
	changed     chan struct{}
	users       map[int64]*User
	chats       map[int64]*Chat
	connections map[string]*Connection
	accounts    map[int64]int // newest message id by account: private chats and basic groups count in one line
	files       map[string]*file
	callbacks   map[string]*callback
	menus       map[string][]models.BotCommand
	texts       map[string]string // descriptions, by method and language
	calls       []Call
	faults      []*fault
	storm       time.Time
	updates     queue
	hook        *webhook
	serial      int
}

// Option changes how a server behaves.
type Option func(*Server)

// WithToken sets the bot's token; its number is what stands before the colon.
func WithToken(token string) Option { return func(s *Server) { s.Token = token } }

// WithClock sets the clock of dates, of links that end and of the limits.
func WithClock(now func() time.Time) Option { return func(s *Server) { s.now = now } }

// WithLimits makes the server count: 1 message a second a chat, 20 a minute a group, 30 a second in all; burst is how many more a chat may
// get at once. What is too much is answered 429 with retry_after.
func WithLimits(burst int) Option { return func(s *Server) { s.limits = &limits{burst: burst} } }

// WithLocalFiles behaves as a local Bot API server: files of any size, given as paths under a directory.
func WithLocalFiles(dir string) Option { return func(s *Server) { s.local = dir } }

// WithRetry sets how long after a failed webhook the next attempt is; 20 ms if it is not given.
func WithRetry(d time.Duration) Option { return func(s *Server) { s.retry = d } }

// Start starts a server that ends with the test.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	s := &Server{
		Token: Token, Username: "finco_test_bot", t: t, now: time.Now, retry: 20 * time.Millisecond, closing: make(chan struct{}), changed: make(chan struct{}),
		users: map[int64]*User{}, chats: map[int64]*Chat{}, connections: map[string]*Connection{}, accounts: map[int64]int{}, files: map[string]*file{},
		callbacks: map[string]*callback{}, menus: map[string][]models.BotCommand{}, texts: map[string]string{}, updates: queue{next: 700001},
	}
	for _, option := range options {
		option(s)
	}
	if _, err := fmt.Sscanf(s.Token, "%d:", &s.BotID); err != nil {
		t.Fatalf("bottest: %q is no token", s.Token)
	}
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL
	t.Cleanup(s.Close)
	return s
}

// Close ends the server; long polls are answered, connections closed.
func (s *Server) Close() {
	s.mu.Lock()
	select {
	case <-s.closing:
		s.mu.Unlock()
		return
	default:
		close(s.closing)
	}
	if s.hook != nil {
		s.hook.stop()
	}
	s.mu.Unlock()
	s.http.CloseClientConnections()
	s.http.Close()
	s.workers.Wait()
}

// Bot is the bot as a person of Telegram.
func (s *Server) Bot() models.User {
	return models.User{ID: s.BotID, IsBot: true, FirstName: "FinCo", Username: s.Username}
}

// wake tells everybody who waits that something changed. The lock is held.
func (s *Server) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// number is the next of the server's serial numbers. The lock is held.
func (s *Server) number() int {
	s.serial++
	return s.serial
}

// file is what getFile knows.
type file struct {
	id, path string
	data     []byte
	size     int64
	until    time.Time // of the link
}

// keepFile keeps what somebody sent. A size above 0 is claimed in place of the true one. The lock is held.
func (s *Server) keepFile(folder, ending string, data []byte, size int64) *file {
	n := s.number()
	if size == 0 {
		size = int64(len(data))
	}
	f := &file{id: fmt.Sprintf("AgACfile%d", n), path: fmt.Sprintf("%s/file_%d%s", folder, n, ending), data: data, size: size}
	s.files[f.id] = f
	return f
}
