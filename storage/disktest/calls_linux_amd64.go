package disktest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// kind is what a call does, as far as a disk is concerned.
type kind int

const (
	callRead kind = iota + 1
	callWrite
	callTruncate
	callSync
	callClose
	callCreate // or opens for writing
	callMkdir
	callRemove
	callRename
	callLink
)

// callNames are what a test is told.
var callNames = map[kind]string{
	callRead: "read", callWrite: "write", callTruncate: "truncate", callSync: "sync", callClose: "close", callCreate: "create",
	callMkdir: "mkdir", callRemove: "remove", callRename: "rename", callLink: "link",
}

// how says what a system call's number means and where its arguments are: -1 for
// none. A folder's descriptor goes before a relative path.
type how struct {
	kind             kind
	fd               int // of the file
	dir, path        int
	dir2, path2      int
	data, size, from int // of a write: where its bytes are, how many, and to what offset; or a truncation's size
	flags            int
	rmdir            bool
}

func ofFile(k kind, size int) how {
	return how{kind: k, fd: 0, dir: -1, path: -1, dir2: -1, path2: -1, data: 1, size: size, from: -1, flags: -1}
}

func ofName(k kind, dir, path, dir2, path2, flags int) how {
	return how{kind: k, fd: -1, dir: dir, path: path, dir2: dir2, path2: path2, data: -1, size: -1, from: -1, flags: flags}
}

// calls are the system calls that are watched.
func calls() map[int]how {
	pwrite, rmdir := ofFile(callWrite, 2), ofName(callRemove, -1, 0, -1, -1, -1)
	pwrite.from, rmdir.rmdir = 3, true
	return map[int]how{
		unix.SYS_READ: ofFile(callRead, 2), unix.SYS_PREAD64: ofFile(callRead, 2), unix.SYS_GETDENTS64: ofFile(callRead, 2),
		unix.SYS_WRITE: ofFile(callWrite, 2), unix.SYS_PWRITE64: pwrite,
		unix.SYS_FTRUNCATE: ofFile(callTruncate, 1), unix.SYS_FSYNC: ofFile(callSync, -1), unix.SYS_FDATASYNC: ofFile(callSync, -1), unix.SYS_CLOSE: ofFile(callClose, -1),
		unix.SYS_OPEN: ofName(callCreate, -1, 0, -1, -1, 1), unix.SYS_OPENAT: ofName(callCreate, 0, 1, -1, -1, 2),
		unix.SYS_MKDIR: ofName(callMkdir, -1, 0, -1, -1, -1), unix.SYS_MKDIRAT: ofName(callMkdir, 0, 1, -1, -1, -1),
		unix.SYS_UNLINK: ofName(callRemove, -1, 0, -1, -1, -1), unix.SYS_UNLINKAT: ofName(callRemove, 0, 1, -1, -1, -1), unix.SYS_RMDIR: rmdir,
		unix.SYS_RENAME: ofName(callRename, -1, 0, -1, 1, -1), unix.SYS_RENAMEAT: ofName(callRename, 0, 1, 2, 3, -1), unix.SYS_RENAMEAT2: ofName(callRename, 0, 1, 2, 3, -1),
		unix.SYS_LINK: ofName(callLink, -1, 0, -1, 1, -1), unix.SYS_LINKAT: ofName(callLink, 0, 1, 2, 3, -1),
		// Of these nothing is recorded: that they were used is an error then.
		unix.SYS_WRITEV: ofFile(0, -1), unix.SYS_PWRITEV: ofFile(0, -1), unix.SYS_COPY_FILE_RANGE: {kind: 0, fd: 2}, unix.SYS_FALLOCATE: ofFile(0, -1),
		unix.SYS_SENDFILE: ofFile(0, -1), unix.SYS_SPLICE: {kind: 0, fd: 2},
	}
}

func watchedCalls() []int {
	var out []int
	for nr := range calls() {
		out = append(out, nr)
	}
	return out
}

// call is one call of the child, as its kernel sees it.
type call struct {
	how
	pid        int
	args       [6]uint64
	name       string // path below the watched folder; "." for that itself
	name2      string
	makes      bool // the file, if it is not there
	empties    bool
	descriptor string // of the file in /proc
}

// understand reads what a call is about; false when it is nothing below the
// folder, or changes nothing and reads nothing.
func understand(h how, root string, pid int, args [6]uint64) (*call, bool) {
	c := &call{how: h, pid: pid, args: args}
	if h.fd >= 0 {
		c.descriptor = fmt.Sprint(int32(args[h.fd]))
		path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, c.descriptor))
		c.name = below(root, path)
		if err != nil || c.name == "" {
			return nil, false
		}
		return c, h.kind != callClose || c.writable()
	}
	if h.kind == callCreate {
		flags := args[h.flags]
		c.makes, c.empties = flags&unix.O_CREAT != 0, flags&unix.O_TRUNC != 0
		if flags&(unix.O_CREAT|unix.O_TRUNC|unix.O_WRONLY|unix.O_RDWR) == 0 {
			return nil, false
		}
	}
	c.name = below(root, c.resolve(h.dir, h.path))
	if h.path2 >= 0 {
		c.name2 = below(root, c.resolve(h.dir2, h.path2))
	}
	return c, c.name != ""
}

// below is a path as seen from the folder; "" when it is not below it, or is the
// part of SQLite's that is in memory.
func below(root, path string) string {
	rel, err := filepath.Rel(root, path)
	if root == "" || err != nil || rel == ".." || strings.HasPrefix(rel, "../") || strings.HasSuffix(rel, "-shm") || strings.HasSuffix(rel, " (deleted)") {
		return ""
	}
	return rel
}

// resolve reads a path of the child's, and makes it whole.
func (c *call) resolve(dir, path int) string {
	name := c.text(c.args[path])
	if filepath.IsAbs(name) || name == "" {
		return name
	}
	at := "cwd"
	if dir >= 0 && int32(c.args[dir]) != unix.AT_FDCWD {
		at = fmt.Sprintf("fd/%d", int32(c.args[dir]))
	}
	base, err := os.Readlink(fmt.Sprintf("/proc/%d/%s", c.pid, at))
	if err != nil {
		return ""
	}
	return filepath.Join(base, name)
}

// text reads a string of the child's memory.
func (c *call) text(at uint64) string {
	var out []byte
	for len(out) < unix.PathMax {
		step := 4096 - int(at+uint64(len(out)))%4096 // not beyond the page, which may be the last
		part, err := c.memory(at+uint64(len(out)), step)
		if err != nil {
			return ""
		}
		if end := bytes.IndexByte(part, 0); end >= 0 {
			return string(append(out, part[:end]...))
		}
		out = append(out, part...)
	}
	return ""
}

func (c *call) memory(at uint64, n int) ([]byte, error) {
	out := make([]byte, n)
	if n == 0 {
		return out, nil
	}
	local := []unix.Iovec{{Base: &out[0]}}
	local[0].SetLen(n)
	got, err := unix.ProcessVMReadv(c.pid, local, []unix.RemoteIovec{{Base: uintptr(at), Len: n}}, 0)
	if err == nil && got != n {
		err = unix.EFAULT
	}
	return out, err
}

// info reads one line of what the kernel knows of the descriptor, a number in a base.
func (c *call) info(line string, base int) uint64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%s", c.pid, c.descriptor))
	if err != nil {
		return 0
	}
	for _, l := range strings.Split(string(text), "\n") {
		if value, ok := strings.CutPrefix(l, line+":"); ok {
			n, _ := strconv.ParseUint(strings.TrimSpace(value), base, 64) // 0 when it is none
			return n
		}
	}
	return 0
}

func (c *call) writable() bool { return c.info("flags", 8)&(unix.O_WRONLY|unix.O_RDWR) != 0 }

// bytes are those that a write writes, and where.
func (c *call) bytes() (data []byte, offset int64, err error) {
	data, err = c.memory(c.args[c.data], int(c.args[c.size]))
	switch {
	case c.from >= 0:
		offset = int64(c.args[c.from])
	case c.info("flags", 8)&unix.O_APPEND != 0:
		offset = -1
	default:
		offset = int64(c.info("pos", 10))
	}
	return data, offset, err
}

// String names the call and the file.
func (c *call) String() string {
	if c.kind == 0 {
		return "write " + c.name
	}
	return strings.TrimSpace(callNames[c.kind] + " " + c.name + " " + c.name2)
}
