package bot

import (
	"context"
	"log/slog"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
)

const (
	// Rooms are how many calls are under way at once. Broadcasts have their own, so that slow ones never hold up a reply.
	repliesAtOnce    = 32
	broadcastsAtOnce = 64
	// senderTick is how long something may wait that nobody was told of: what becomes due, or was put while events were interrupted.
	senderTick = time.Second
	// settleEvery is how often broadcasts are looked after, and pruneEvery the outbox.
	settleEvery = 3 * time.Second
	pruneEvery  = time.Hour
	// farewell is how long calls under way have when the sender ends.
	farewell = 5 * time.Second
	// mostPatience is the longest pause while Telegram does not answer.
	mostPatience = time.Minute
)

// sendLane is one room of calls.
type sendLane struct {
	broadcasts bool
	room       int
	flying     int
	// failures are calls in a row that got no answer. Until one does, calls go one by one, with pauses that grow: what cannot be told
	// to have arrived is lost, so little is risked.
	failures int
	until    time.Time
}

// free is how many calls the lane has room for.
func (l *sendLane) free(now time.Time) int {
	switch {
	case now.Before(l.until), l.failures > 0 && l.flying > 0:
		return 0
	case l.failures > 0:
		return 1
	}
	return l.room - l.flying
}

// landed counts a call that ended.
func (l *sendLane) landed(now time.Time, unanswered bool) {
	l.flying--
	if !unanswered {
		l.failures, l.until = 0, time.Time{}
		return
	}
	if now.Before(l.until) {
		return // it was under way beside one that failed: together they are one failure
	}
	l.failures++
	l.until = now.Add(min(time.Second<<min(l.failures-1, 10), mostPatience))
}

// sender sends the outbox. Its fields are its loop's alone, but for what calls need.
type sender struct {
	*Bot
	limits *limits
	lanes  [2]*sendLane
	// busy are the chats with a call under way, and resting those that wait a little, until when.
	busy    map[int64]bool
	resting map[int64]time.Time
	// astray are claimed, but it cannot be told; no call was made for them.
	astray []int
	landed chan flight
	// flights is the context of calls, which outlives the loop's for a moment.
	flights context.Context
	uploads *uploads
	settled time.Time
	pruned  time.Time
}

// flight is a call that ended.
type flight struct {
	message app.Outgoing
	fate    fate
}

// send sends what is in the outbox until the context ends.
func (b *Bot) send(ctx context.Context) error {
	ctx = auth.With(ctx, system)
	unknown, err := b.app.RecoverOutgoing(ctx)
	if err != nil {
		return err
	}
	if unknown > 0 {
		b.log.Warn("messages were being sent when the server ended; whether they arrived is unknown", "messages", unknown)
	}
	calls, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	s := &sender{
		Bot: b, limits: newLimits(), lanes: [2]*sendLane{{room: repliesAtOnce}, {room: broadcastsAtOnce, broadcasts: true}}, busy: map[int64]bool{},
		resting: map[int64]time.Time{}, landed: make(chan flight, repliesAtOnce+broadcastsAtOnce), flights: calls, uploads: newUploads(),
	}
	defer s.drain(stop)
	s.run(ctx)
	return nil
}

func (s *sender) run(ctx context.Context) {
	news := s.app.Subscribe(app.OutboxChanged)
	defer func() { news.Close() }()
	for ctx.Err() == nil {
		pause := senderTick
		if err := s.pass(ctx); err != nil {
			if ctx.Err() == nil {
				s.log.Warn("the outbox cannot be read", slog.Any("error", err))
			}
			s.wait(ctx, nil, pause)
			continue
		}
		now := time.Now()
		if at := s.next(now); !at.IsZero() {
			pause = min(pause, at.Sub(now))
		}
		if !s.wait(ctx, news, pause) {
			news.Close()
			news = s.app.Subscribe(app.OutboxChanged)
		}
	}
}

// wait returns when there is something to do; false if the subscription has ended.
func (s *sender) wait(ctx context.Context, news *app.Subscription, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	var changed <-chan app.Event
	if news != nil {
		changed = news.C
	}
	alive := true
	select {
	case <-ctx.Done():
	case <-timer.C:
	case f := <-s.landed:
		s.land(f)
	case _, alive = <-changed:
	}
	for {
		select {
		case f := <-s.landed:
			s.land(f)
			continue
		case _, ok := <-changed:
			if ok {
				continue
			}
			return false
		default:
			return alive
		}
	}
}

// pass starts what can be sent now, and keeps house when it is time.
func (s *sender) pass(ctx context.Context) error {
	if len(s.astray) > 0 {
		if err := s.app.ReleaseOutgoing(ctx, s.astray); err != nil {
			return err
		}
		s.astray = nil
	}
	if held := s.calls.held(); held > 0 {
		s.limits.hold(time.Now().Add(held))
	}
	for _, l := range s.lanes {
		for {
			started, err := s.fill(ctx, l)
			if err != nil {
				return err
			}
			// A chat with many messages in a row may hide others, but no broadcast has two for one.
			if started == 0 || l.broadcasts {
				break
			}
		}
	}
	return s.keepHouse(ctx)
}

// fill starts what a lane has room for, at most one call a chat.
func (s *sender) fill(ctx context.Context, l *sendLane) (int, error) {
	now := time.Now()
	n := min(l.free(now), s.limits.free(now, l.broadcasts))
	if n <= 0 {
		return 0, nil
	}
	claimed, err := s.app.ClaimOutgoing(ctx, app.ClaimOutgoingInput{Broadcasts: l.broadcasts, Limit: n, Except: s.except(now)})
	if err != nil {
		for _, o := range claimed {
			s.astray = append(s.astray, o.ID)
		}
		return 0, err
	}
	now = time.Now()
	for _, o := range claimed {
		l.flying++
		s.busy[o.Chat] = true
		s.limits.take(now, o.Chat, l.broadcasts)
		go func() { s.landed <- flight{message: o, fate: s.deliver(s.flights, o)} }()
	}
	return len(claimed), nil
}

// except are the chats to which nothing may go now.
func (s *sender) except(now time.Time) []int64 {
	out := s.limits.blocked(now)
	for chat := range s.busy {
		out = append(out, chat)
	}
	for chat, until := range s.resting {
		if now.Before(until) {
			out = append(out, chat)
		} else {
			delete(s.resting, chat)
		}
	}
	return out
}

// next is when something may be sent that may not now; zero if nothing is held back.
func (s *sender) next(now time.Time) time.Time {
	at := s.limits.next(now)
	sooner := func(then time.Time) {
		if then.After(now) && (at.IsZero() || then.Before(at)) {
			at = then
		}
	}
	for _, l := range s.lanes {
		sooner(l.until)
	}
	for _, until := range s.resting {
		sooner(until)
	}
	return at
}

// land takes note of a call that ended.
func (s *sender) land(f flight) {
	now := time.Now()
	l := s.lanes[0]
	if f.message.Priority >= app.PriorityBroadcast {
		l = s.lanes[1]
	}
	l.landed(now, f.fate.unanswered)
	if l.failures == 1 && f.fate.unanswered {
		s.log.Warn("telegram does not answer: messages go one by one until it does", "broadcasts", l.broadcasts)
	}
	delete(s.busy, f.message.Chat)
	s.limits.arrived(now, f.message.Chat)
	if f.fate.silence > 0 {
		s.limits.hold(now.Add(f.fate.silence))
	}
	if f.fate.rest > 0 {
		s.resting[f.message.Chat] = now.Add(f.fate.rest)
	}
}

// keepHouse ends broadcasts and forgets what is old, every now and then. Nothing hangs on it, so a failure is only told.
func (s *sender) keepHouse(ctx context.Context) error {
	now := time.Now()
	if now.Sub(s.settled) >= settleEvery {
		s.settled = now
		if err := s.settleBroadcasts(ctx); err != nil {
			s.log.Warn("broadcasts could not be looked after", slog.Any("error", err))
		}
	}
	if now.Sub(s.pruned) >= pruneEvery {
		s.pruned = now
		if err := s.app.PruneOutbox(ctx); err != nil {
			s.log.Warn("the outbox could not be pruned", slog.Any("error", err))
		}
	}
	return ctx.Err()
}

// drain lets the calls under way end, and cuts them off after a while: what they did is unknown then.
func (s *sender) drain(stop func()) {
	cut := time.AfterFunc(farewell, stop)
	defer cut.Stop()
	for s.lanes[0].flying+s.lanes[1].flying > 0 {
		s.land(<-s.landed)
	}
}
