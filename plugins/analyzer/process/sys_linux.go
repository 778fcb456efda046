package process

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes gives the child a process group of its own and ties its life to ours.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// limit bounds what the kernel lets pid take between two looks at its memory, and forbids core files, which would
// hold message texts.
func limit(pid int, memory int64) error {
	data := uint64(memory) * 4
	if err := unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: data, Max: data}, nil); err != nil {
		return fmt.Errorf("limit memory: %w", err)
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil); err != nil {
		return fmt.Errorf("forbid core files: %w", err)
	}
	return nil
}

// awaitExit returns when cmd has ended, without reaping it: until then its group's number cannot be given to others.
func awaitExit(cmd *exec.Cmd) {
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return
		}
	}
}

// usage returns the resident bytes of pid and its descendants, and how many processes they are.
func usage(pid int) (resident int64, processes int) {
	pending := []int{pid}
	for len(pending) > 0 && processes < maxProcesses*2 {
		next := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", next))
		if err != nil {
			continue
		}
		processes++
		if fields := bytes.Fields(statm); len(fields) > 1 {
			pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
			resident += pages * int64(os.Getpagesize())
		}
		pending = append(pending, children(next)...)
	}
	return resident, processes
}

func children(pid int) []int {
	var found []int
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, task := range tasks {
		list, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, task.Name()))
		for _, field := range bytes.Fields(list) {
			if child, err := strconv.Atoi(string(field)); err == nil {
				found = append(found, child)
			}
		}
	}
	return found
}
