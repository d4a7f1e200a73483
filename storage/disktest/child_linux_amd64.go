package disktest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Descriptors that the child gets from its parent.
const (
	rightsFD  = 3 // the listener of notifications goes over it
	controlFD = 4
)

// childMark is set in the environment of the child.
const childMark = "SALLYPORT_DISKTEST_CHILD"

// Disk is the child's end: what its test says to the parent.
type Disk struct {
	t       testing.TB
	control int
}

// left is how long a child may take: a little less than its test has, so that it is
// the child that says where it was.
func left(t *testing.T) time.Duration {
	end, ok := t.Deadline()
	if !ok {
		return 0 // no limit
	}
	return max(time.Until(end)-10*time.Second, time.Second)
}

// Run runs the part of a test that is given, in a process of its own, and fails
// when that fails. It is called first in a test of that name, which ends when Run
// returns nil: in the child. In the parent it returns what was recorded.
func Run(t *testing.T, part func(t *testing.T, d *Disk)) *Record {
	t.Helper()
	if os.Getenv(childMark) == t.Name() {
		part(t, enter(t))
		return nil
	}
	rights, control := pair(t), pair(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1", "-test.timeout="+left(t).String())
	cmd.Env = append(os.Environ(), childMark+"="+t.Name())
	cmd.ExtraFiles = []*os.File{rights[1], control[1]}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = rights[1].Close(), control[1].Close() // the child has its own
	w, err := newWatcher(rights[0])
	if err != nil {
		_ = cmd.Wait() // it says why
		unavailable(t, out.String())
	}
	watched := make(chan error, 1)
	go func() { watched <- w.watch() }()
	w.hear(control[0])
	err = cmd.Wait()
	if failed := <-watched; failed != nil {
		t.Error(failed)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if testing.Verbose() {
		t.Log(out.String())
	}
	return w.record
}

// unavailable ends a test that cannot be run here.
func unavailable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("SALLYPORT_DISKTEST") == "required" {
		t.Fatalf("system calls cannot be watched here:\n%s", why)
	}
	t.Skipf("system calls cannot be watched here:\n%s", why)
}

// pair is two ends of a line that keeps messages apart.
func pair(t *testing.T) [2]*os.File {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return [2]*os.File{os.NewFile(uintptr(fds[0]), "parent"), os.NewFile(uintptr(fds[1]), "child")}
}

// enter puts this process under watch, all its threads and those to come.
func enter(t *testing.T) *Disk {
	t.Helper()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	filter := program()
	p := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	flags := unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_TSYNC | unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
	fd, _, errno := syscall.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, uintptr(flags), uintptr(unsafe.Pointer(&p)))
	if errno != 0 {
		t.Fatalf("seccomp: %v", errno)
	}
	if err := unix.Sendmsg(rightsFD, []byte{1}, unix.UnixRights(int(fd)), nil, 0); err != nil {
		t.Fatal(err)
	}
	_ = unix.Close(int(fd))
	return &Disk{t, controlFD}
}

// program asks about each of the calls that are watched, and lets all others be.
func program() []unix.SockFilter {
	const number, arch = 0, 4 // offsets in struct seccomp_data
	load := func(at uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
	}
	give := func(k uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k} }
	equal := func(k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jt: yes, Jf: no}
	}
	out := []unix.SockFilter{load(arch), equal(unix.AUDIT_ARCH_X86_64, 1, 0), give(unix.SECCOMP_RET_ALLOW), load(number)}
	calls := watchedCalls()
	for i, nr := range calls {
		out = append(out, equal(uint32(nr), uint8(len(calls)-i), 0))
	}
	return append(out, give(unix.SECCOMP_RET_ALLOW), give(unix.SECCOMP_RET_USER_NOTIF))
}

// message is what the child says.
type message struct {
	Do    string // "watch", "fail", "heal", "record", "enough" or "mark"
	Fault Fault
	Text  string
}

func (d *Disk) ask(m message) (seen Seen) {
	d.t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := unix.Write(d.control, text); err != nil {
		d.t.Fatal(err)
	}
	buffer := make([]byte, 1<<12)
	n, err := unix.Read(d.control, buffer)
	if err == nil {
		err = json.Unmarshal(buffer[:n], &seen)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return seen
}

// Watch says which folder is on the disk that fails.
func (d *Disk) Watch(dir string) {
	d.t.Helper()
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		d.t.Fatal(err)
	}
	d.ask(message{Do: "watch", Text: dir})
}

// Fail sets a fault, in the place of one before.
func (d *Disk) Fail(f Fault) { d.t.Helper(); d.ask(message{Do: "fail", Fault: f}) }

// Heal ends the fault, and says what became of it.
func (d *Disk) Heal() Seen { d.t.Helper(); return d.ask(message{Do: "heal"}) }

// Record begins to record. The watched folder is empty. Stop ends it.
func (d *Disk) Record() (stop func()) {
	d.t.Helper()
	d.ask(message{Do: "record"})
	return func() { d.ask(message{Do: "enough"}) }
}

// Mark puts a word in the record, between the calls before and those to come.
func (d *Disk) Mark(word string) { d.t.Helper(); d.ask(message{Do: "mark", Text: word}) }
