package graph

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	graphgen "github.com/fincokpi/finco/graph/gen"
)

// Config is how the graph is served. The zero value is ready but for Log.
type Config struct {
	Log *slog.Logger
	// Address is the client's, for the delay of failed sign-ins; the connection's if nil. Behind a proxy, the server knows better.
	Address func(*http.Request) string
	// InitTimeout is how long a socket may stay silent before connection_init; 3 s if zero.
	InitTimeout time.Duration
	// KeepAlive is how often a quiet connection is tried; 20 s if zero.
	KeepAlive time.Duration
	// Timeout is how long a query or mutation may take; 30 s if zero.
	Timeout time.Duration
	// MaxRunning is how many operations a socket may run at once; 50 if zero.
	MaxRunning int

	// executorOnly leaves every answer to the executor, for tests that compare it with the writer.
	executorOnly bool
}

func (c Config) withDefaults() Config {
	c.InitTimeout = cmp.Or(c.InitTimeout, 3*time.Second)
	c.KeepAlive = cmp.Or(c.KeepAlive, 20*time.Second)
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	c.MaxRunning = cmp.Or(c.MaxRunning, 50)
	if c.Address == nil {
		c.Address = peer
	}
	return c
}

func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Handler serves the graph over HTTP.
type Handler struct {
	app *app.App
	cfg Config
	// people and strangers are the same schema; strangers are told nothing about it.
	people, strangers *handler.Server
	guarded           http.Handler
}

// NewHandler makes the handler of /graphql. It is called once for an App, before anything reads through its client.
func NewHandler(a *app.App, cfg Config) *Handler {
	cfg = cfg.withDefaults()
	watchLoads(a.Client())
	r := &Resolver{app: a, log: cfg.Log}
	h := &Handler{app: a, cfg: cfg, people: newServer(r, cfg, false), strangers: newServer(r, cfg, true)}
	h.guarded = http.NewCrossOriginProtection().Handler(http.HandlerFunc(h.serve))
	return h
}

func newServer(r *Resolver, cfg Config, anonymous bool) *handler.Server {
	schema := graphgen.NewExecutableSchema(graphgen.Config{Resolvers: r})
	srv := handler.New(schema)
	harden(srv, cfg, anonymous)
	if !cfg.executorOnly {
		p := newPlans(schema.Schema(), r)
		srv.AroundRootFields(interceptRoot)
		srv.AroundFields(p.interceptField)
	}
	srv.AddTransport(socket{resolver: r, initTimeout: cfg.InitTimeout, keepAlive: cfg.KeepAlive, timeout: cfg.Timeout, maxRunning: cfg.MaxRunning})
	srv.AddTransport(events{resolver: r, keepAlive: cfg.KeepAlive})
	srv.AddTransport(plain{timeout: cfg.Timeout})
	return srv
}

// engine is what a server and an executor have in common.
type engine interface {
	Use(graphql.HandlerExtension)
	AroundResponses(graphql.ResponseMiddleware)
	SetParserTokenLimit(int)
	SetDisableSuggestion(bool)
	SetQueryCache(graphql.Cache[*ast.QueryDocument])
	SetErrorPresenter(graphql.ErrorPresenterFunc)
	SetRecoverFunc(graphql.RecoverFunc)
}

// harden sets the limits, in the order in which a request meets them.
func harden(e engine, cfg Config, anonymous bool) {
	cache := pagedDocuments{lru.New[*ast.QueryDocument](500)}
	e.SetParserTokenLimit(maxTokens)
	e.SetDisableSuggestion(anonymous)
	e.SetQueryCache(cache)
	e.SetErrorPresenter(presenter(cfg.Log))
	e.SetRecoverFunc(recoverer(cfg.Log))
	e.Use(textGuard{cache})
	e.Use(costGuard{anonymous})
	e.AroundResponses(func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		return next(withLoads(ctx))
	})
}

// ServeHTTP answers POST, GET, server-sent events and websockets. What a page of another origin sends is refused.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.guarded.ServeHTTP(w, r) }

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if wantsSocket(r) {
		h.people.ServeHTTP(w, r) // who it is, the socket's first message tells
		return
	}
	ctx := context.WithValue(r.Context(), addressKey{}, h.cfg.Address(r))
	token, given := bearer(r)
	if !given {
		h.strangers.ServeHTTP(w, r.WithContext(&becoming{Context: ctx}))
		return
	}
	actor, expires, err := h.app.Authenticate(ctx, token)
	if err != nil {
		h.refuseToken(w, r, err)
		return
	}
	ctx = withCredential(auth.With(ctx, actor), credential{token: token, expires: expires})
	h.people.ServeHTTP(w, r.WithContext(ctx))
}

func (h *Handler) refuseToken(w http.ResponseWriter, r *http.Request, err error) {
	accepted, ok := accepts(r)
	if !ok {
		accepted = typeJSON
	}
	if codeOf(err) == codeUnauthenticated {
		w.Header().Set("WWW-Authenticate", "Bearer")
		answerFault(w, accepted, http.StatusUnauthorized, refuse(codeUnauthenticated, "the access token is not or no longer good"))
		return
	}
	h.cfg.Log.WarnContext(r.Context(), "nobody can be authenticated", slog.Any("error", err))
	answerFault(w, accepted, http.StatusServiceUnavailable, refuse(codeUnavailable, "try again in a moment"))
}

// bearer is the token that a request carries.
func bearer(r *http.Request) (string, bool) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return "", false
	}
	token, _ := cutBearer(header)
	return token, true
}

func cutBearer(header string) (string, bool) {
	const scheme = "bearer "
	if len(header) <= len(scheme) || !strings.EqualFold(header[:len(scheme)], scheme) {
		return "", false
	}
	return strings.TrimSpace(header[len(scheme):]), true
}

type addressKey struct{}

func addressOf(ctx context.Context) string {
	address, _ := ctx.Value(addressKey{}).(string)
	return address
}

// becoming is the context of a request that may sign somebody in: from then on it has an actor.
type becoming struct {
	context.Context
	actor atomic.Pointer[context.Context]
}

type becomingKey struct{}

// Value finds the actor once there is one.
func (b *becoming) Value(key any) any {
	if _, ok := key.(becomingKey); ok {
		return b
	}
	if actor := b.actor.Load(); actor != nil {
		if v := (*actor).Value(key); v != nil {
			return v
		}
	}
	return b.Context.Value(key)
}

func become(ctx context.Context, actor auth.Actor) {
	if b, ok := ctx.Value(becomingKey{}).(*becoming); ok {
		as := auth.With(context.Background(), actor)
		b.actor.Store(&as)
	}
}
