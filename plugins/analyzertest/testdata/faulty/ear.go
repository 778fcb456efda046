package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// ear is a listener with one fault.
type ear struct {
	busy  sync.Mutex
	hoard [][]byte
}

func (*ear) Describe() analyzer.Description {
	return analyzer.Description{Name: "ear", Version: "1", Kinds: []analyzer.Kind{analyzer.Transcript}, Audio: true}
}

// alone is held for as long as the process lives: a listener that nothing holds is closed when memory is collected.
var alone net.Listener

func (*ear) Configure(json.RawMessage) error {
	switch {
	case has("ear-alone"):
		var err error
		alone, err = net.Listen("unix", fmt.Sprintf("@finco-ear-%d", os.Getppid()))
		return err
	case has("ear-stale"):
		if _, err := os.Stat("lock"); err == nil {
			return errors.New("it runs already")
		}
	}
	return nil
}

func (*ear) Analyze(context.Context, []analyzer.Input) ([]analyzer.Result, error) {
	return nil, errors.New("this plugin listens")
}

func (e *ear) Listen(ctx context.Context, input analyzer.Input, audio analyzer.Audio) ([]analyzer.Outcome, error) {
	switch id, _, _ := strings.Cut(input.ID, "-"); {
	case has("ear-deaf"):
		return nil, errors.New("no")
	case has("ear-late") && id == "deadline", has("ear-late") && id == "silence":
		e.busy.Lock() // and nobody unlocks after a deadline
		if id == "silence" {
			e.busy.Unlock()
		}
	case has("ear-crowd"):
		if !e.busy.TryLock() {
			return nil, errors.New("one at a time")
		}
		defer e.busy.Unlock()
	case has("ear-stale") && id == "killed":
		if err := os.WriteFile("lock", nil, 0o600); err != nil {
			return nil, err
		}
	case has("ear-child") && id == "cancel":
		if err := exec.Command("sleep", "100").Start(); err != nil {
			return nil, err
		}
	}
	sound, err := e.read(audio)
	if err != nil {
		return nil, err
	}
	return e.say(sound)
}

func (e *ear) read(audio analyzer.Audio) ([]byte, error) {
	if !has("ear-whole") {
		head, err := io.ReadAll(io.LimitReader(audio.Reader, 64<<10))
		if err == nil {
			_, err = io.Copy(io.Discard, audio.Reader)
		}
		for has("ear-cut") && errors.Is(err, io.ErrUnexpectedEOF) { // waits for the rest
			time.Sleep(time.Second)
		}
		return head, err
	}
	return io.ReadAll(audio.Reader)
}

func (e *ear) say(sound []byte) ([]analyzer.Outcome, error) {
	text := ""
	switch {
	case has("ear-invents") && len(sound) == 0:
		text = "Thank you for watching!"
	case has("ear-noise") && len(sound) > 0 && !strings.HasPrefix(string(sound), "OggS"):
		text = "Thank you for watching!"
	case has("ear-exits") && strings.HasPrefix(string(sound), "OggS\x00\x02\x00") && len(sound) == 100:
		os.Exit(6)
	case has("ear-hoards"):
		page := make([]byte, 128<<10)
		for i := range page {
			page[i] = 1
		}
		e.busy.Lock()
		defer e.busy.Unlock()
		e.hoard = append(e.hoard, page)
	}
	return []analyzer.Outcome{{Kind: analyzer.Transcript, Text: text}}, nil
}
