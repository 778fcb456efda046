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

// limit bounds what the kernel lets pid take between two looks at its memory, makes it the one that goes when the machine
// itself runs out, and forbids core files, which would hold message texts. Children inherit all three.
func limit(pid int, memory int64) error {
	data := uint64(memory) * 4
	if err := unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: data, Max: data}, nil); err != nil {
		return fmt.Errorf("limit memory: %w", err)
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil); err != nil {
		return fmt.Errorf("forbid core files: %w", err)
	}
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte("500"), 0); err != nil {
		return fmt.Errorf("offer to the kernel's memory killer: %w", err)
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

// family returns pid and its descendants, hardly more than limit.
func family(pid, limit int) []int {
	found := []int{pid}
	for i := 0; i < len(found) && len(found) <= limit; i++ {
		found = append(found, children(found[i])...)
	}
	return found
}

// usage returns the resident bytes of pid and its descendants, and how many processes they are. Pages that several of them
// share are counted for each: it is cheap and never too little.
func usage(pid int) (total int64, processes int) {
	for _, member := range family(pid, 2*maxProcesses) {
		if bytes := resident(member); bytes > 0 { // else it has ended
			processes++
			total += bytes
		}
	}
	return total, processes
}

// resident returns the resident bytes of one process, 0 if there is none.
func resident(pid int) int64 {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}

// fairUsage returns the resident bytes of pid and its descendants in which a page that n processes share counts 1/n for
// each (Linux: proportional set size). It walks page tables, so it is asked only about who seems to take too much.
func fairUsage(pid int) (resident int64) {
	for _, member := range family(pid, 2*maxProcesses) {
		rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", member))
		if err != nil { // it has ended, or the kernel has no such file
			continue
		}
		for line := range bytes.Lines(rollup) {
			if fields := bytes.Fields(line); len(fields) > 1 && string(fields[0]) == "Pss:" {
				kilobytes, _ := strconv.ParseInt(string(fields[1]), 10, 64)
				resident += kilobytes << 10
			}
		}
	}
	return resident
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
