//go:build unix && !linux

package process

import (
	"os/exec"
	"syscall"
)

// attributes gives the child a process group of its own. Pdeathsig exists on Linux only: elsewhere (a developer's
// machine) a plugin notices the death of its host when its connection ends.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func limit(int, int64) error { return nil }

// awaitExit reaps cmd; the later Wait of the caller then only says that it was called before.
func awaitExit(cmd *exec.Cmd) { _ = cmd.Wait() }

func family(pid, _ int) []int { return []int{pid} }

func usage(int) (total int64, processes int) { return 0, 0 }

func resident(int) int64 { return 0 }

func fairUsage(int) int64 { return 0 }
