package storage

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"sallyport/review"
)

// refused says why something on the disk is not read.
func refused(format string, args ...any) error { return review.Errorf(review.Invalid, format, args...) }

// typeProblem says why an entry is no regular file, and "" when it is one.
func typeProblem(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return ""
	case mode&fs.ModeSymlink != 0:
		return "It is a link. Put a copy of the file itself in its place."
	case mode.IsDir():
		return "It is a folder, not a file."
	}
	return "It is a device, a pipe or a socket, not a file."
}

// onDisk gives a file system's errors their kind, and drops the path they name.
func onDisk(err error) error {
	var known *review.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return &review.Error{Kind: review.NotFound, Message: "There is no such file in the workspace.", Err: err}
	case escapes(err), errors.Is(err, syscall.ELOOP):
		return &review.Error{Kind: review.Invalid, Message: "This is a link, and links are not followed.", Err: err}
	case errors.Is(err, fs.ErrPermission):
		return &review.Error{Kind: review.Invalid, Message: "The service is not allowed to read this file.", Err: err}
	}
	return wrap("reading a workspace", err)
}

// escapes reports whether a folder that is kept to itself refused a link, which
// was put in the file's place after the file was looked at. Package os has no
// name for this error.
func escapes(err error) bool {
	var p *fs.PathError
	return errors.As(err, &p) && p.Err != nil && p.Err.Error() == "path escapes from parent"
}

// enter opens a folder within a folder, never through a link: what was opened
// must be what the name stands for without following one.
func enter(in *os.Root, name string) (*os.Root, error) {
	named, err := in.Lstat(name)
	if err != nil {
		return nil, onDisk(err)
	}
	if !named.IsDir() {
		if named.Mode()&fs.ModeSymlink != 0 {
			return nil, refused("The folder is a link, which is not followed.")
		}
		return nil, onDisk(fs.ErrNotExist)
	}
	dir, err := in.OpenRoot(name)
	if err != nil {
		return nil, onDisk(err)
	}
	opened, err := dir.Stat(".")
	if err == nil && !os.SameFile(named, opened) {
		err = refused("The folder changed while it was being opened.")
	}
	if err != nil {
		return nil, errors.Join(onDisk(err), dir.Close())
	}
	return dir, nil
}

// enterPath opens a folder some levels down, each level as enter does. The
// caller closes it; in stays open.
func enterPath(in *os.Root, dirs string) (*os.Root, error) {
	at, err := in.OpenRoot(".")
	if err != nil {
		return nil, onDisk(err)
	}
	if dirs == "." {
		return at, nil
	}
	for name := range strings.SplitSeq(dirs, "/") {
		next, err := enter(at, name)
		at.Close() // only ever read from
		if err != nil {
			return nil, err
		}
		at = next
	}
	return at, nil
}

// openRegular opens the regular file at a path that nameProblem accepts. It
// never follows a link and never waits: a pipe without a writer is refused like
// any other thing that is no file.
func openRegular(in *os.Root, name string) (*steady, error) {
	dir, err := enterPath(in, path.Dir(name))
	if err != nil {
		return nil, err
	}
	s, err := openIn(dir, path.Base(name))
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return s, nil
}

func openIn(dir *os.Root, base string) (*steady, error) {
	named, err := dir.Lstat(base)
	if err != nil {
		return nil, onDisk(err)
	}
	if why := typeProblem(named.Mode()); why != "" {
		return nil, refused("%s", why)
	}
	f, err := dir.OpenFile(base, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, onDisk(err)
	}
	opened, err := f.Stat()
	if err == nil && !(opened.Mode().IsRegular() && os.SameFile(named, opened)) {
		err = refused("The file changed while it was being opened.")
	}
	if err != nil {
		return nil, errors.Join(onDisk(err), f.Close())
	}
	return &steady{f: f, dir: dir, base: base, info: opened}, nil
}

// steady reads a file that must stay as it was when it was opened: at the end,
// or as soon as it yields more than its size, a file that changed is an error
// in place of io.EOF.
type steady struct {
	f    *os.File
	dir  *os.Root
	base string
	info fs.FileInfo
	n    int64
}

func (s *steady) Read(p []byte) (int, error) {
	n, err := s.f.Read(p)
	s.n += int64(n)
	switch {
	case s.n > s.info.Size():
		return n, refused("The file grew while it was being read. Try again when nothing writes to it.")
	case errors.Is(err, io.EOF):
		return n, s.end()
	case err != nil:
		return n, onDisk(err)
	}
	return n, nil
}

// end returns io.EOF when the file is still the one that was opened.
func (s *steady) end() error {
	named, err := s.dir.Lstat(s.base)
	if errors.Is(err, fs.ErrNotExist) {
		return refused("The file was removed while it was being read.")
	}
	if err != nil {
		return onDisk(err)
	}
	if s.n != s.info.Size() || !unchanged(s.info, named) {
		return refused("The file changed while it was being read. Try again when nothing writes to it.")
	}
	return io.EOF
}

// unchanged reports whether two looks at a place found the same file, with the
// same size and time.
func unchanged(before, after fs.FileInfo) bool {
	return os.SameFile(before, after) && before.Size() == after.Size() && before.ModTime().Equal(after.ModTime())
}

func (s *steady) Close() error { return errors.Join(s.f.Close(), s.dir.Close()) }
