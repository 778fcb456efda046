package bot

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
)

const (
	// inboxRows is how many updates are in memory at a time, and inboxLow below how many more are read.
	inboxRows, inboxLow = 1000, 500
	// inboxTick is how late an update is seen at the latest if the news of it was lost.
	inboxTick = 2 * time.Second

	// talkers handle one update each; a slow talk holds up nobody's but its own lane.
	talkers = 8
	// recorders record many updates at once each.
	recorders    = 2
	maxRecording = 200

	firstRetry, longestRetry = 250 * time.Millisecond, 30 * time.Second
)

// connections is the lane of business connections: they are handled before anything that came later, whose chats they explain.
const connections = math.MinInt64

// entry is an update in memory.
type entry struct {
	row    app.StoredUpdate
	update *models.Update
	// fault is why it cannot be read.
	fault error
	lane  int64
	// plain are messages that only need recording, so that many can be recorded at once.
	plain bool
}

// inboxLane is what waits of one chat. What is handled at the moment is still in the queue.
type inboxLane struct {
	queue []*entry
	busy  bool
	// failures in a row, and when it is tried again.
	failures int
	after    time.Time
	// shed tells that only the first is in memory, because it fails: what waits behind it must not take the place of others.
	shed bool
}

// result is what became of an entry: done, or to be tried again. An entry without a result was not come to.
type result struct {
	entry *entry
	done  bool
}

// outcome is what became of a piece of work.
type outcome struct {
	lanes     []int64
	results   []result
	recording bool
}

// inbox hands the stored updates to handlers: in order within a lane, lanes side by side. Only its own goroutine touches it.
type inbox struct {
	bot   *Bot
	lanes map[int64]*inboxLane
	rows  map[int]bool
	ended chan outcome
	// full tells that more may wait in the database than were read.
	full               bool
	talking, recording int
}

// readInbox handles stored updates until ctx ends, and returns when no handler runs any more.
func (b *Bot) readInbox(ctx context.Context) error {
	if err := b.awaitCompany(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	in := &inbox{bot: b, lanes: map[int64]*inboxLane{}, rows: map[int]bool{}, ended: make(chan outcome, talkers+recorders), full: true}
	defer func() {
		for in.talking+in.recording > 0 {
			in.settle(<-in.ended)
		}
	}()
	hearing, stop := context.WithCancel(ctx)
	defer stop()
	go b.listen(hearing, app.UpdatesStored, b.rouse)
	for {
		if in.full && len(in.rows) < inboxLow {
			if err := in.load(ctx); err != nil {
				return err
			}
		}
		next := in.dispatch(ctx)
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-b.wake:
			in.full = true
		case o := <-in.ended:
			in.settle(o)
		case <-timer.C:
			in.full = true
		}
		timer.Stop()
	}
}

// awaitCompany returns when there is a company whose updates can be handled. Until then they are kept as they came.
func (b *Bot) awaitCompany(ctx context.Context) error {
	ctx = auth.With(ctx, system)
	for said := false; ; said = true {
		if found, err := b.app.HasCompany(ctx); err != nil || found {
			return err
		}
		if !said {
			b.log.Warn("there is no company yet, so what Telegram brings is kept and not handled; apply a company file (finco apply FILE)")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(inboxTick):
		}
	}
}

// load reads what waits and is not in memory yet.
func (in *inbox) load(ctx context.Context) error {
	known := make([]int, 0, len(in.rows))
	for id := range in.rows {
		known = append(known, id)
	}
	var stuck []int64
	for key, l := range in.lanes {
		if l.shed {
			stuck = append(stuck, key)
		}
	}
	limit := max(inboxRows-len(known), 1)
	found, err := in.bot.app.WaitingUpdates(auth.With(ctx, system), in.bot.id(), known, stuck, limit)
	if err != nil {
		return err
	}
	in.full = len(found) == limit
	for _, row := range found {
		e := readEntry(row)
		l := in.lanes[e.lane]
		if l == nil {
			l = &inboxLane{}
			in.lanes[e.lane] = l
		}
		l.queue = append(l.queue, e)
		in.rows[row.ID] = true
		// One that is replayed is older than what waits already.
		if n := len(l.queue); !l.busy && n > 1 && l.queue[n-2].row.ID > row.ID {
			slices.SortFunc(l.queue, func(a, b *entry) int { return cmp.Compare(a.row.ID, b.row.ID) })
		}
	}
	return nil
}

// readEntry decodes a row and finds its lane.
func readEntry(row app.StoredUpdate) *entry {
	e := &entry{row: row, lane: row.Lane}
	e.update, e.fault = decode(row.Body)
	switch {
	case e.fault == nil && e.update.BusinessConnection != nil:
		e.lane = connections
	case e.lane == 0:
		e.lane = int64(-row.ID) // nobody's, so after nobody: rows count to more than chats do
	}
	e.plain = e.fault == nil && plainMessage(e.update)
	return e
}

// dispatch gives work to whoever is free, and returns how long to wait for the next lane that is to be tried again.
func (in *inbox) dispatch(ctx context.Context) time.Duration {
	now := time.Now()
	next := inboxTick
	gate := math.MaxInt
	if l := in.lanes[connections]; l != nil {
		gate = l.queue[0].row.ID
	}
	var ready []int64
	for key, l := range in.lanes {
		switch wait := l.after.Sub(now); {
		case l.busy || l.queue[0].row.ID > gate:
		case wait > 0:
			next = min(next, wait)
		default:
			ready = append(ready, key)
		}
	}
	slices.SortFunc(ready, func(a, b int64) int { return cmp.Compare(in.lanes[a].queue[0].row.ID, in.lanes[b].queue[0].row.ID) })
	if in.recording < recorders {
		if batch, keys := in.gather(ready, gate); len(batch) > 0 {
			in.recording++
			go func() { in.ended <- outcome{keys, in.bot.recordAll(ctx, batch), true} }()
		}
	}
	for _, key := range ready {
		l := in.lanes[key]
		if l.busy || l.queue[0].plain || in.talking == talkers {
			continue
		}
		l.busy = true
		in.talking++
		e := l.queue[0]
		go func() { in.ended <- outcome{[]int64{key}, []result{{e, in.bot.handle(ctx, e)}}, false} }()
	}
	return next
}

// gather takes the plain messages at the head of the lanes.
func (in *inbox) gather(ready []int64, gate int) (batch []*entry, keys []int64) {
	for _, key := range ready {
		l := in.lanes[key]
		for _, e := range l.queue {
			if !e.plain || e.row.ID > gate || len(batch) == maxRecording {
				break
			}
			batch = append(batch, e)
			l.busy = true
		}
		if l.busy {
			keys = append(keys, key)
		}
	}
	return batch, keys
}

// settle takes what is done out of the lanes and has the rest tried again, later if it failed.
func (in *inbox) settle(o outcome) {
	if o.recording {
		in.recording--
	} else {
		in.talking--
	}
	for _, r := range o.results {
		l := in.lanes[r.entry.lane]
		if !r.done {
			l.failures++
			l.after = time.Now().Add(min(firstRetry<<min(l.failures-1, 10), longestRetry))
			continue
		}
		l.queue = slices.DeleteFunc(l.queue, func(e *entry) bool { return e == r.entry })
		l.failures = 0
		delete(in.rows, r.entry.row.ID)
	}
	for _, key := range o.lanes {
		l := in.lanes[key]
		if l.busy = false; l.failures == 0 && l.shed {
			l.shed, in.full = false, true
		}
		if len(l.queue) == 0 {
			delete(in.lanes, key)
			continue
		}
		slices.SortFunc(l.queue, func(a, b *entry) int { return cmp.Compare(a.row.ID, b.row.ID) })
		if l.failures > 0 && key != connections {
			in.shed(l)
		}
	}
}

// shed forgets what waits behind an update that fails; it is read again once that is done.
func (in *inbox) shed(l *inboxLane) {
	for _, e := range l.queue[1:] {
		delete(in.rows, e.row.ID)
	}
	l.queue, l.shed, in.full = l.queue[:1], true, true
}
