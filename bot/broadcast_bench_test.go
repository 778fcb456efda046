package bot

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
)

// BenchmarkBroadcastBesideReplies sends a broadcast to 10 000 people against a server that takes 50 to 200 ms a call, for so long, and
// meanwhile puts replies into the outbox, five at once in every second. Measured are how long the messages take to be made, how
// many a second of the broadcast go out, of the limit of 25, and how long a reply takes from being put until Telegram has it.
func BenchmarkBroadcastBesideReplies(b *testing.B) {
	const people, span = 10_000, 12 * time.Second
	p := newPost(b)
	p.hire(people)
	p.answer = func(c sending) (int, string) {
		time.Sleep(50*time.Millisecond + time.Duration(len(c.chat)*7919+int(c.at.UnixMicro()))%151*time.Millisecond)
		return 200, sent
	}
	p.run()
	for b.Loop() {
		began := time.Now()
		id := p.broadcast(app.BroadcastInput{Text: fmt.Sprint("Ertaga yig'ilish ", began)})
		made := time.Since(began)
		delays := p.replies(began, span)
		rate := p.rate()
		if _, err := p.App.CancelBroadcast(p.As(apptest.Botir), id); err != nil {
			b.Fatal(err)
		}
		slices.Sort(delays)
		b.ReportMetric(made.Seconds()*1000, "ms/10000-made")
		b.ReportMetric(rate/broadcastsPerSecond, "rate/25")
		b.ReportMetric(delays[len(delays)/2].Seconds()*1000, "ms/reply-median")
		b.ReportMetric(delays[len(delays)-1].Seconds(), "slowest-reply-s")
	}
}

// rate is how many calls of broadcasts came a second, from the first to the last.
func (p *post) rate() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	var times []time.Time
	for _, c := range p.calls {
		if strings.HasPrefix(c.text, "Ertaga") {
			times = append(times, c.at)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return float64(len(times)-1) / times[len(times)-1].Sub(times[0]).Seconds()
}

// replies puts five replies a second to other chats and returns how long each took until the server had the call.
func (p *post) replies(began time.Time, span time.Duration) []time.Duration {
	p.t.Helper()
	put := map[string]time.Time{}
	for second := 0; time.Since(began) < span; second++ {
		for i := range 5 {
			text := fmt.Sprintf("reply %d %d %d", began.UnixNano(), second, i)
			put[text] = time.Now()
			p.put(int64(9_000_000+5*second+i), app.PriorityReply, text)
		}
		time.Sleep(time.Until(began.Add(time.Duration(second+1) * time.Second)))
	}
	there := map[string]time.Time{}
	p.until("every reply is there", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range p.calls {
			there[c.text] = c.at
		}
		for text := range put {
			if there[text].IsZero() {
				return false
			}
		}
		return true
	})
	var out []time.Duration
	for text, at := range put {
		out = append(out, there[text].Sub(at))
	}
	return out
}
