package confine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// process is one child, from outside.
type process struct {
	cmd    *exec.Cmd
	wire   *wire
	in     io.Closer
	said   *head // of its standard error
	jobs   int
	killed atomic.Bool
	gone   sync.Once
}

// start starts a child: command with the memory it may use, in bytes, as its last
// argument.
func start(command []string, memory int64) (*process, error) {
	args := append(append([]string(nil), command[1:]...), strconv.FormatInt(memory, 10))
	cmd := exec.Command(command[0], args...)
	// No secret of the service's environment, and no trace of a crash: it could
	// quote a file.
	cmd.Env = []string{"GOTRACEBACK=none"}
	cmd.Dir = "/"
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	p := &process{cmd: cmd, wire: newWire(out, in), in: in, said: new(head)}
	cmd.Stderr = p.said
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return p, nil
}

// end lets the process go, and waits for it.
func (p *process) end() {
	p.gone.Do(func() {
		_ = p.in.Close()
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
}

// kill ends a process that somebody else waits for.
func (p *process) kill() {
	p.killed.Store(true)
	_ = p.cmd.Process.Kill()
}

// reason says why a process died, once it has.
func (p *process) reason() string {
	switch {
	case p.killed.Load():
		return "it took too long"
	case p.said.has("out of memory"), p.said.has("cannot allocate memory"):
		return "it needed more memory than a file may take"
	}
	return "the process that examined it failed"
}

// head keeps the first bytes that are written to it.
type head struct {
	mu  sync.Mutex
	buf []byte
}

func (h *head) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.buf = append(h.buf, b[:min(len(b), 4096-len(h.buf))]...)
	return len(b), nil
}

func (h *head) has(text string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return bytes.Contains(h.buf, []byte(text))
}

// watch kills the process when ctx ends, or when late says so, until stop is
// called.
func (p *process) watch(ctx context.Context, late func() bool) (stop func()) {
	done := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		every := time.NewTicker(200 * time.Millisecond)
		defer every.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				p.kill()
				return
			case <-every.C:
				if late() {
					p.kill()
					return
				}
			}
		}
	})
	return func() { close(done); group.Wait() }
}
