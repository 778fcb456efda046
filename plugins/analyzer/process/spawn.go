//go:build unix

package process

import (
	"os/exec"
	"runtime"
	"sync"
)

// spawner returns the queue of a thread that never ends. Linux sends Pdeathsig when the *thread* that forked dies, so
// forking on whatever thread runs the goroutine would kill healthy plugins.
var spawner = sync.OnceValue(func() chan<- func() {
	queue := make(chan func())
	go func() {
		runtime.LockOSThread() // never unlocked
		for start := range queue {
			start()
		}
	}()
	return queue
})

// startOnSpawner starts cmd on the long-lived thread.
func startOnSpawner(cmd *exec.Cmd) error {
	done := make(chan error, 1)
	spawner() <- func() { done <- cmd.Start() }
	return <-done
}
