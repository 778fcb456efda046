package host

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// crash lets the plugin die of a message of its own and waits until that is noticed.
func (b *bench) crash(text string) {
	b.t.Helper()
	gone := b.process("p")
	if _, err := b.Analyze(b.t.Context(), "p", "", texts(text)); domain.KindOf(err) != domain.KindUnavailable {
		b.t.Fatalf("got %v", err)
	}
	<-gone
}

func TestThreeFailuresInAnHour(t *testing.T) {
	t.Parallel()
	now := &clock{now: time.Unix(1_790_000_000, 0)}
	b := newBench(t, func(c *Config) { c.Now = now.Now })
	b.mustAdd("1")
	for i, text := range []string{"exit 1", "exit 2", "exit 3"} { // apart: the window forgets
		b.crash(text)
		if results, err := b.Analyze(t.Context(), "p", "", texts("a")); err != nil || results[0].Err != nil {
			t.Fatalf("after crash %d: %v", i, err)
		}
		now.advance(40 * time.Minute)
	}
	if status := b.status("p"); status.State != Running || status.Restarts != 3 || status.Failures != 3 || status.RecentFaults != 1 {
		t.Errorf("got %+v", status)
	}
	b.crash("crash 4")
	if _, err := b.Analyze(t.Context(), "p", "", texts("a")); err != nil {
		t.Fatal(err)
	}
	b.crash("exit 5")
	b.await("p", OutOfService)
	_, err := b.Analyze(t.Context(), "p", "", texts("a"))
	if domain.KindOf(err) != domain.KindUnavailable || !strings.Contains(err.Error(), "p is out of service: ended: exit status 7") {
		t.Errorf("got %v", err)
	}
	if status := b.status("p"); status.PID != 0 || status.LastError == "" {
		t.Errorf("got %+v", status)
	}
	if err := b.Reset(t.Context(), "p"); err != nil {
		t.Fatal(err)
	}
	if results, err := b.Analyze(t.Context(), "p", "", texts("a")); err != nil || results[0].Err != nil {
		t.Errorf("after the reset: %v", err)
	}
}

// TestPoisonousMessageIsHeldBack: the plugin dies of one message in a batch; after two deaths the others are judged.
func TestPoisonousMessageIsHeldBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustAdd("1")
	inputs := texts("a", "b", "exit poison", "c", "d")
	for range 2 {
		gone := b.process("p")
		if _, err := b.Analyze(t.Context(), "p", "", inputs); domain.KindOf(err) != domain.KindUnavailable {
			t.Fatalf("got %v", err)
		}
		<-gone
		b.await("p", Running)
		if _, err := b.Analyze(t.Context(), "p", "", texts("z")); err != nil { // waits for the restart
			t.Fatal(err)
		}
	}
	results, err := b.Analyze(t.Context(), "p", "", inputs)
	if err != nil {
		t.Fatal(err)
	}
	for i, result := range results {
		if held := i == 2; (result.Err != nil) != held {
			t.Errorf("result %d: %+v", i, result)
		}
	}
	if status := b.status("p"); status.State != Running || status.HeldBack != 1 || status.Failures != 2 {
		t.Errorf("got %+v", status)
	}
	b.mustAdd("2") // a new version gets its chance, and dies
	b.crash("exit poison")
}

// TestKillFromOutsideIsNoSuspicion: kill -9 of a plugin says nothing about the messages it was judging.
func TestKillFromOutsideIsNoSuspicion(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustAdd("1")
	gone := b.process("p")
	answered := make(chan error, 1)
	go func() {
		_, err := b.Analyze(context.Background(), "p", "", texts("hang"))
		answered <- err
	}()
	s, err := b.slot("p")
	if err != nil {
		t.Fatal(err)
	}
	s.inFlight <- struct{}{} // a token is free, or the call has not begun: either way the kill may come
	<-s.inFlight
	if err := syscall.Kill(b.status("p").PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-gone
	b.await("p", Running)
	if got := s.suspects.of(texts("hang")[0]); got != 0 {
		t.Errorf("suspected %d times", got)
	}
	b.Remove(ended(t), "p")
	if err := <-answered; domain.KindOf(err) != domain.KindUnavailable {
		t.Errorf("got %v", err)
	}
}

// ended returns a context that has ended.
func ended(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestHangAndFreeze(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"hang", "freeze"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(c *Config) { c.CallTimeout, c.HealthTimeout = time.Second, time.Second })
			b.mustAdd("1")
			gone := b.process("p")
			_, err := b.Analyze(t.Context(), "p", "", texts(text))
			if domain.KindOf(err) != domain.KindUnavailable {
				t.Fatalf("got %v", err)
			}
			if text == "freeze" {
				<-gone // a frozen one is killed and replaced ...
				b.await("p", Running)
			}
			if results, err := b.Analyze(t.Context(), "p", "", texts("a")); err != nil || results[0].Err != nil {
				t.Errorf("afterwards: %v", err)
			}
			if status := b.status("p"); status.Failures != 1 { // ... which is one failure, not two
				t.Errorf("got %+v", status)
			}
		})
	}
}

func TestFrozenPluginIsStopped(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustAdd("1")
	pid := b.status("p").PID
	fd := openPID(t, pid)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	b.Close(t.Context())
	awaitDeath(t, fd)
}

// TestIdleFreezeIsNoticed: health checks find a plugin that nobody calls.
func TestIdleFreezeIsNoticed(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.HealthEvery, c.HealthTimeout = 50*time.Millisecond, time.Second })
	b.mustAdd("1")
	gone := b.process("p")
	if err := syscall.Kill(b.status("p").PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	<-gone
	if _, err := b.Analyze(t.Context(), "p", "", texts("a")); err != nil {
		t.Error(err)
	}
}

func TestCallersDeadlineIsNoFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustAdd("1")
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if _, err := b.Analyze(ctx, "p", "", texts("hang")); domain.KindOf(err) != domain.KindUnavailable {
			t.Errorf("got %v", err)
		}
		cancel()
	}
	if status := b.status("p"); status.Failures != 0 || status.State != Running {
		t.Errorf("got %+v", status)
	}
}

func TestCallsThatFailTogetherAreOneFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.InFlight, c.CallTimeout = 8, 500*time.Millisecond })
	b.mustAdd("1")
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			if _, err := b.Analyze(t.Context(), "p", "", texts("hang "+strconv.Itoa(i))); err == nil {
				t.Error("it answered")
			}
		})
	}
	callers.Wait()
	if status := b.status("p"); status.Failures != 1 || status.State != Running {
		t.Errorf("got %+v", status)
	}
}

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"eat", "gigabyte"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(c *Config) { c.Memory = 64 << 20 })
			b.mustAdd("1")
			gone := b.process("p")
			_, err := b.Analyze(t.Context(), "p", "", texts(text))
			if domain.KindOf(err) != domain.KindUnavailable || !strings.Contains(err.Error(), "analyzer p ") {
				t.Errorf("got %v", err)
			}
			<-gone
			if results, err := b.Analyze(t.Context(), "p", "", []analyzer.Input{{ID: "a", Text: "a"}}); err != nil || results[0].Err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// TestChildrenDieWithThePlugin, though they hold its pipes.
func TestChildrenDieWithThePlugin(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustAdd("1")
	results, err := b.Analyze(t.Context(), "p", "", texts("fork"))
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(results[0].Outcomes[0].Label)
	if err != nil {
		t.Fatal(err)
	}
	fd := openPID(t, child)
	b.crash("exit")
	awaitDeath(t, fd)
}

// TestNoOrphanAfterKillOfTheHost kills a host in another process as nothing can be caught: kill -9.
func TestNoOrphanAfterKillOfTheHost(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	host := exec.Command(self)
	host.Env = append(os.Environ(), helperEnv+"="+misbehaving, "TMPDIR="+t.TempDir())
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(line)
	}
	fd := openPID(t, pid)
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	awaitDeath(t, fd)
	_ = host.Wait() // "signal: killed"
}
