package host

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fincokpi/finco/domain"
)

// beside runs a second plugin, asks it all the time, and reports at the end of the test if it ever had to suffer.
func (b *bench) beside() {
	b.t.Helper()
	if _, err := b.Add(b.t.Context(), b.spec("other", b.path, "1")); err != nil {
		b.t.Fatal(err)
	}
	stop := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if results, err := b.Analyze(context.Background(), "other", "1", texts("a", "b")); err != nil || results[1].Err != nil {
				b.t.Errorf("another plugin: %v", err)
				return
			}
		}
	})
	b.t.Cleanup(func() {
		close(stop)
		asking.Wait()
		if status := b.status("other"); status.Failures != 0 || status.Restarts != 0 || status.Calls == 0 {
			b.t.Errorf("another plugin: %+v", status)
		}
	})
}

// TestChildrenThatMultiplyOrEat count as the plugin's own doing, and none is left.
func TestChildrenThatMultiplyOrEat(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{"bomb": "more than 63 processes", "feed": "MiB of memory, more than its limit of 96 MiB"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(c *Config) { c.Memory = 96 << 20 })
			b.beside()
			b.mustAdd("1")
			gone := b.process("p")
			seconds := "7" + strconv.Itoa(os.Getpid()) + ".25"
			_, err := b.Analyze(t.Context(), "p", "", texts(text+" "+seconds))
			if domain.KindOf(err) != domain.KindUnavailable || !strings.Contains(err.Error(), "analyzer p ") || !strings.Contains(err.Error(), says) {
				t.Errorf("got %v", err)
			}
			<-gone
			for _, child := range sleeping(t, seconds) {
				if fd, err := unix.PidfdOpen(child, 0); err == nil { // else it is gone
					awaitDeath(t, fd)
					_ = unix.Close(fd)
				}
			}
			if results, err := b.Analyze(t.Context(), "p", "", texts("a")); err != nil || results[0].Err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// sleeping returns the processes that sleep for these seconds.
func sleeping(t *testing.T, seconds string) []int {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, path := range lines {
		if line, err := os.ReadFile(path); err == nil && bytes.Equal(line, []byte("sleep\x00"+seconds+"\x00")) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, pid)
		}
	}
	return found
}

// TestDecodersMayRun: 60 children are fine, and so is a limit that they would break if the pages they share counted for each.
func TestDecodersMayRun(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.Memory = 64 << 20 })
	b.mustAdd("1")
	seconds := "8" + strconv.Itoa(os.Getpid()) + ".25"
	if results, err := b.Analyze(t.Context(), "p", "", texts("crowd "+seconds)); err != nil || results[0].Err != nil {
		t.Fatalf("got %v", err)
	}
	if n := len(sleeping(t, seconds)); n != 60 {
		t.Errorf("%d of 60 children live", n)
	}
	if memory := b.status("p").Memory; memory <= 64<<20 {
		t.Errorf("60 children take only %d MiB: this tests nothing", memory>>20)
	}
	answered := b.status("p").Calls
	for range 200 { // the watcher looks several times meanwhile
		if _, err := b.Analyze(t.Context(), "p", "", texts(strings.Split(strings.Repeat("a ", 63), " ")...)); err != nil {
			t.Fatal(err)
		}
	}
	if status := b.status("p"); status.Failures != 0 || status.Restarts != 0 || status.Calls != answered+200 {
		t.Errorf("got %+v", status)
	}
}

// TestFloodOfOutput: tens of megabytes on stdout and stderr neither block the plugin nor fill the log.
func TestFloodOfOutput(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.beside()
	b.mustAdd("1")
	if results, err := b.Analyze(t.Context(), "p", "", texts("flood 16")); err != nil || results[0].Err != nil {
		t.Fatalf("got %v", err)
	}
	b.log.await(t, "plugin lines dropped")
	if size := len(b.log.String()); size > 4<<20 {
		t.Errorf("the log has %d KiB", size>>10)
	}
	if status := b.status("p"); status.Failures != 0 || status.State != Running {
		t.Errorf("got %+v", status)
	}
}

// TestExitsInALoop: a plugin that starts well and then ends by itself, again and again, is given up.
func TestExitsInALoop(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.beside()
	if _, err := b.Add(t.Context(), b.spec("p", b.as("quits"), "1")); err != nil {
		t.Fatal(err)
	}
	b.await("p", OutOfService)
	_, err := b.Analyze(t.Context(), "p", "", texts("a"))
	if domain.KindOf(err) != domain.KindUnavailable || !strings.Contains(err.Error(), "analyzer p is out of service: ended: exit status 9") {
		t.Errorf("got %v", err)
	}
	if status := b.status("p"); status.Failures != 3 || status.Restarts != 2 || status.PID != 0 {
		t.Errorf("got %+v", status)
	}
}

// TestBatchesOfPoison: what kills, hangs, floods and overflows in one batch with sound messages is told apart in the end.
func TestBatchesOfPoison(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.MaxFailures, c.CallTimeout = 100, 2*time.Second })
	b.beside()
	b.mustAdd("1")
	inputs := texts("a", "exit", "b", "hang", "nan", "gigabyte", "c", "panic", "error x", "wrong", "missing", "double", "d", "\xff", "")
	for try := 0; ; try++ {
		results, err := b.Analyze(t.Context(), "p", "", inputs)
		if err != nil {
			if try > 50 || !strings.Contains(err.Error(), "analyzer p ") {
				t.Fatalf("try %d: %v", try, err)
			}
			continue // as a job would
		}
		for i, input := range inputs {
			word, _, _ := strings.Cut(input.Text, " ")
			poison := strings.Contains("exit hang nan gigabyte panic error wrong missing double", word) && word != "" && len(word) > 1
			if (results[i].Err != nil) != poison {
				t.Errorf("%q: %v", input.Text, results[i].Err)
			}
			if poison && strings.Contains("exit hang gigabyte wrong missing double", word) && !strings.Contains(results[i].Err.Message, "analyzer p ") {
				t.Errorf("%q: the reason does not name the plugin: %v", input.Text, results[i].Err)
			}
		}
		break
	}
}
