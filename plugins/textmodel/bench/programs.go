package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// rivals finds the programs wanted (none named: all); ours, if no file is named, is built into dir from the module that this
// program is run in. What is missing is said in one line, with how to get it.
func rivals(ctx context.Context, finco, dir string, among []string) ([]rival, error) {
	wanted := func(r rival) bool { return len(among) == 0 || slices.Contains(among, r.name()) }
	var missing []string
	find := func(program, pkg string) string {
		path, err := exec.LookPath(program)
		if err != nil {
			how := "apt-get install " + pkg
			if pkg == "" {
				how = "leave -finco out to have it built"
			}
			missing = append(missing, program+" ("+how+")")
		}
		return path
	}
	var out []rival
	if wanted(ours{}) {
		if finco != "" {
			finco = find(finco, "")
		}
		out = append(out, &ours{finco})
	}
	if wanted(fastText{}) {
		out = append(out, fastText{find("fasttext", "fasttext")})
	}
	if wanted(liblinear{}) {
		out = append(out, liblinear{find("liblinear-train", "liblinear-tools"), find("liblinear-predict", "liblinear-tools")})
	}
	switch {
	case len(missing) > 0:
		return nil, fmt.Errorf("not installed: %s", strings.Join(missing, ", "))
	case len(out) == 0:
		return nil, fmt.Errorf("-among names none of the programs")
	}
	if own, ok := out[0].(*ours); ok && own.program == "" {
		own.program = filepath.Join(dir, "finco")
		if _, _, err := run(ctx, "go", "build", "-o", own.program, "github.com/fincokpi/finco/cmd/finco"); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// run runs a program on one processor and returns what it says and the processor's time that it took, which other work on the
// machine changes less than the clock's. An error has the last line of its complaint.
func run(ctx context.Context, program string, args ...string) (string, time.Duration, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "OMP_NUM_THREADS=1")
	var out, complaint strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(complaint.String()), "\n")
		return "", 0, fmt.Errorf("%s: %w: %s", filepath.Base(program), err, lines[len(lines)-1])
	}
	return out.String(), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// spent is the processor's time that this process took so far.
func spent() (time.Duration, error) {
	var used syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), err
}

func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// lineWriter keeps the first error to its end.
type lineWriter struct {
	*bufio.Writer
	err error
}

func newLineWriter(f *os.File) *lineWriter { return &lineWriter{Writer: bufio.NewWriterSize(f, 1<<16)} }

func (w *lineWriter) line(text string) {
	if w.err == nil {
		_, w.err = w.WriteString(text + "\n")
	}
}

func (w *lineWriter) close(f *os.File) error {
	if err := w.Flush(); w.err == nil {
		w.err = err
	}
	if err := f.Close(); w.err == nil {
		w.err = err
	}
	return w.err
}
