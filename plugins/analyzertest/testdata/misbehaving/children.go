package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// childEnv makes this program a child that eats, as a decoder might that was handed a zip bomb.
const childEnv = "MISBEHAVING_CHILD"

// fork leaves a child behind that holds the pipes, and tells its number.
func fork(_ context.Context, _ string, r *analyzer.Result) error {
	child := exec.Command("sleep", "1000")
	child.Stderr = os.NewFile(2, "stderr")
	if err := child.Start(); err != nil {
		return err
	}
	r.Outcomes[0].Label = fmt.Sprint(child.Process.Pid)
	return nil
}

// crowd starts as many children as are allowed, each of which sleeps for the seconds of the argument.
func crowd(_ context.Context, seconds string, _ *analyzer.Result) error {
	return sleepers(60, seconds, false)
}

// bomb starts more than are allowed, every other one in a session of its own, and goes on.
func bomb(ctx context.Context, seconds string, _ *analyzer.Result) error {
	if err := sleepers(150, seconds, true); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func sleepers(n int, seconds string, leave bool) error {
	for i := range n {
		child := exec.Command("sleep", seconds)
		child.SysProcAttr = &syscall.SysProcAttr{Setsid: leave && i%2 == 0}
		if err := child.Start(); err != nil {
			return err
		}
	}
	return nil
}

// feed lets a child take memory until somebody stops it.
func feed(ctx context.Context, _ string, _ *analyzer.Result) error {
	child := exec.CommandContext(ctx, os.Args[0])
	child.Env = append(os.Environ(), childEnv+"=1")
	return child.Run()
}

// flood prints as many MiB as the argument says, each in four ways, and then answers.
func flood(_ context.Context, mebibytes string, _ *analyzer.Result) error {
	n, err := strconv.Atoi(mebibytes)
	if err != nil {
		return err
	}
	line := strings.Repeat("x", 1023)
	for _, to := range []*os.File{os.Stderr, os.Stdout, os.NewFile(2, "stderr"), os.NewFile(1, "stdout")} {
		for i := range n << 10 {
			end := "\n"
			if i%2 == 0 { // lines of several KiB
				end = "y"
			}
			if _, err := to.WriteString(line + end); err != nil {
				return err
			}
		}
	}
	return nil
}
