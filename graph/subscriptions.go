package graph

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
)

// stream yields what changed of a topic, read as the subscriber: what they may not see does not come. It ends with the
// request, with the subscriber's session, and when events were missed. Its context is one of whileSigned.
func stream[N any](ctx context.Context, r *Resolver, topic app.Topic, load func(ctx context.Context, ids []int) ([]*N, error)) (<-chan *N, error) {
	sub := r.app.Subscribe(topic, app.SessionsChanged)
	out := make(chan *N)
	go func() {
		defer close(out)
		defer sub.Close()
		ended, stop := r.sessionEnd(ctx)
		defer stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ended:
				<-ctx.Done() // the connection sees it too, and says why it ends
				return
			case event, ok := <-sub.C:
				if !ok {
					return
				}
				if event.Topic == app.SessionsChanged {
					if !r.stillSigned(ctx, event.IDs) {
						<-ctx.Done()
						return
					}
					continue
				}
				found, err := load(ctx, event.IDs)
				if ctx.Err() != nil {
					return // the reader left
				}
				if err != nil {
					r.log.WarnContext(ctx, "a subscription ended", slog.String("topic", string(topic)), slog.Any("error", err))
					return
				}
				if !send(ctx, out, found) {
					return
				}
			}
		}
	}()
	return out, nil
}

// send hands records over one by one; false once nobody wants them.
func send[N any](ctx context.Context, out chan<- *N, found []*N) bool {
	for _, node := range found {
		select {
		case out <- node:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// credential is how a request proved who it is.
type credential struct {
	token   string
	expires time.Time
}

type credentialKey struct{}

func withCredential(ctx context.Context, c credential) context.Context {
	return context.WithValue(ctx, credentialKey{}, c)
}

// sessionEnd fires when the request's token expires; never for a request without one, such as the command line's.
func (r *Resolver) sessionEnd(ctx context.Context) (<-chan time.Time, func()) {
	c, ok := ctx.Value(credentialKey{}).(credential)
	if !ok {
		return nil, func() {}
	}
	timer := time.NewTimer(c.expires.Sub(r.app.Now()))
	return timer.C, func() { timer.Stop() }
}

// stillSigned tells whether the request's actor is as they were, after the sessions or roles of people changed.
func (r *Resolver) stillSigned(ctx context.Context, changed []int) bool {
	actor, _ := auth.From(ctx)
	if !slices.Contains(changed, actor.UserID) {
		return true
	}
	c, ok := ctx.Value(credentialKey{}).(credential)
	if !ok {
		return actor.IsSystem()
	}
	now, _, err := r.app.Authenticate(ctx, c.token)
	return err == nil && now.Role == actor.Role && now.TeamID == actor.TeamID && slices.Equal(now.TeamIDs, actor.TeamIDs)
}

// whileSigned is a context that ends with the request or with the session that it was made under.
func (r *Resolver) whileSigned(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	sub := r.app.Subscribe(app.SessionsChanged)
	expired, stop := r.sessionEnd(ctx)
	go func() {
		defer cancel()
		defer sub.Close()
		defer stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-expired:
				return
			case event, ok := <-sub.C:
				if !ok || !r.stillSigned(ctx, event.IDs) {
					return
				}
			}
		}
	}()
	return ctx, cancel
}
