package disktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// notice and verdict are struct seccomp_notif and struct seccomp_notif_resp.
type notice struct {
	id        uint64
	pid, _    uint32
	nr        int32
	_         uint32
	_         uint64 // instruction pointer
	arguments [6]uint64
}

type verdict struct {
	id    uint64
	val   int64
	err   int32
	flags uint32
}

// watcher answers for each call of the child.
type watcher struct {
	listener int
	calls    map[int]how

	mu     sync.Mutex
	root   string
	fault  Fault
	seen   Seen
	record *Record // what was recorded, or nil
	on     bool    // more is to be recorded
}

// newWatcher gets the listener from the child.
func newWatcher(from *os.File) (*watcher, error) {
	defer from.Close() // only read from
	buffer, rights := make([]byte, 1), make([]byte, unix.CmsgSpace(4))
	n, rightsN, _, _, err := unix.Recvmsg(int(from.Fd()), buffer, rights, 0)
	if err == nil && n == 0 {
		err = errors.New("the child is not watched")
	}
	if err != nil {
		return nil, err
	}
	messages, err := unix.ParseSocketControlMessage(rights[:rightsN])
	if err != nil || len(messages) != 1 {
		return nil, errors.Join(err, errors.New("the child sent no listener"))
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return nil, err
	}
	return &watcher{listener: fds[0], calls: calls()}, nil
}

// watch answers until the last process of the child has ended.
func (w *watcher) watch() error {
	defer unix.Close(w.listener)
	for {
		fds := []unix.PollFd{{Fd: int32(w.listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil {
			return err
		}
		if fds[0].Revents&unix.POLLIN == 0 {
			return nil
		}
		var n notice
		if errno := w.control(unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)); errno != 0 {
			continue // the process was killed, or interrupted: it asks again
		}
		v := w.decide(&n)
		v.id = n.id
		_ = w.control(unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&v)) // fails for a process that was killed
	}
}

func (w *watcher) control(request uintptr, at unsafe.Pointer) syscall.Errno {
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(w.listener), request, uintptr(at))
	return errno
}

// decide lets a call through or has it fail.
func (w *watcher) decide(n *notice) verdict {
	w.mu.Lock()
	defer w.mu.Unlock()
	through := verdict{flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
	h, known := w.calls[int(n.nr)]
	if !known || w.root == "" {
		return through
	}
	c, ours := understand(h, w.root, int(n.pid), n.arguments)
	if !ours {
		return through
	}
	if (c.kind == callRead) == w.fault.Reads {
		w.seen.Calls++
		if v, failed := w.spoil(c); failed {
			return v
		}
	}
	if w.on && c.kind != callRead && c.kind != callClose {
		w.record.add(c)
	}
	return through
}

// spoil answers a call that is to fail.
func (w *watcher) spoil(c *call) (verdict, bool) {
	f := w.fault
	at, after := w.seen.Calls == f.At, w.seen.Calls > f.At && (f.On || f.Half)
	if f.At == 0 || !at && !after {
		return verdict{}, false
	}
	if w.seen.Hit == "" {
		w.seen.Hit = c.String()
	}
	if at && f.Half && c.kind == callWrite {
		if n, err := c.half(); err == nil {
			return verdict{val: n}, true
		}
	}
	return verdict{err: -int32(f.Err)}, true
}

// half writes the first half of what the call would have.
func (c *call) half() (int64, error) {
	data, offset, err := c.bytes()
	if err != nil || len(data) < 2 {
		return 0, errors.Join(err, errors.New("too little to halve"))
	}
	process, err := unix.PidfdOpen(c.pid, 0)
	if err != nil {
		process, err = unix.PidfdOpen(group(c.pid), 0)
	}
	if err != nil {
		return 0, err
	}
	defer unix.Close(process)
	fd, err := unix.PidfdGetfd(process, int(int32(c.args[c.fd])), 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	data = data[:len(data)/2]
	var n int
	if c.from >= 0 {
		n, err = unix.Pwrite(fd, data, offset)
	} else {
		n, err = unix.Write(fd, data) // the descriptor's offset is shared
	}
	return int64(n), err
}

// group is the process of a thread.
func group(thread int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread))
	if err != nil {
		return thread
	}
	var id int
	for line := range strings.Lines(string(text)) {
		if _, err := fmt.Sscanf(line, "Tgid: %d", &id); err == nil {
			return id
		}
	}
	return thread
}

// hear does what the child says until it has ended.
func (w *watcher) hear(control *os.File) {
	defer control.Close() // the child has ended
	buffer := make([]byte, 1<<16)
	for {
		n, err := control.Read(buffer)
		if n <= 0 || err != nil {
			return
		}
		var m message
		if json.Unmarshal(buffer[:n], &m) != nil {
			return
		}
		text, err := json.Marshal(w.do(m))
		if err == nil {
			_, err = control.Write(text)
		}
		if err != nil {
			return
		}
	}
}

func (w *watcher) do(m message) Seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen
	switch m.Do {
	case "watch":
		w.root = m.Text
	case "fail":
		w.fault, w.seen = m.Fault, Seen{}
	case "heal":
		w.fault, w.seen = Fault{}, Seen{}
	case "record":
		w.record, w.on = new(Record), true
	case "enough":
		w.on = false
	case "mark":
		w.record.mark(m.Text)
	}
	return seen
}
