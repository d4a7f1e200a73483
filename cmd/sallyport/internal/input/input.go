package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sallyport/checks"
)

// maxFiles bounds one run. A release folder holds tens of files; a hundred
// thousand is somebody's whole disk.
const maxFiles = 100_000

// Entry is one file to read. Path is as given, joined below a folder.
type Entry struct {
	Path string
	// Below is the part of Path under the folder that was given, or the last
	// element of a file that was given by name: where its output belongs.
	Below string
	// Problem says why it cannot be read (a link, a device), or is empty.
	Problem string
}

// Skipped is something that was left alone, and why.
type Skipped struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// Collect lists the files that paths name, in the order given and by name
// within a folder, each once. A path that does not exist, or a folder that
// cannot be read, is an error: half a list would look like the whole.
func Collect(ctx context.Context, paths []string) ([]Entry, []Skipped, error) {
	c := collector{ctx: ctx, seen: map[string]bool{}}
	for _, p := range paths {
		if err := c.add(p); err != nil {
			return nil, nil, err
		}
	}
	return c.entries, c.skipped, nil
}

type collector struct {
	ctx     context.Context
	seen    map[string]bool // by cleaned path
	entries []Entry
	skipped []Skipped
}

// add takes one path of the command line. A folder may be named through a
// link, as people do; a file may not, because a release folder refuses links.
func (c *collector) add(given string) error {
	if given == "" {
		return errors.New("an empty path was given")
	}
	info, err := os.Lstat(given)
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		if target, err := os.Stat(given); err == nil && target.IsDir() {
			info = target
		}
	}
	if info.IsDir() {
		return c.walk(given, "")
	}
	return c.file(given, filepath.Base(given), info.Mode())
}

// walk lists a folder. root keeps the spelling that was given.
func (c *collector) walk(root, below string) error {
	dir := join(root, below)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		name := join(below, e.Name())
		if err := c.entry(root, name, e); err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) entry(root, name string, e fs.DirEntry) error {
	switch {
	case strings.HasPrefix(e.Name(), "."):
		c.skipped = append(c.skipped, Skipped{join(root, name), "hidden: name it to have it checked"})
		return nil
	case e.IsDir():
		return c.walk(root, name)
	default:
		return c.file(join(root, name), name, e.Type())
	}
}

func (c *collector) file(path, below string, mode fs.FileMode) error {
	key := filepath.Clean(path)
	if c.seen[key] {
		return nil
	}
	c.seen[key] = true
	if len(c.entries) == maxFiles {
		return fmt.Errorf("more than %d files: name a smaller folder", maxFiles)
	}
	c.entries = append(c.entries, Entry{Path: path, Below: below, Problem: notRegular(mode)})
	return nil
}

// join puts a name below a folder without changing how the folder was spelled.
func join(dir, name string) string {
	switch {
	case dir == "":
		return name
	case name == "":
		return dir
	case strings.HasSuffix(dir, string(filepath.Separator)):
		return dir + name
	default:
		return dir + string(filepath.Separator) + name
	}
}

// notRegular says what is wrong with anything but an ordinary file.
func notRegular(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return ""
	case mode&fs.ModeSymlink != 0:
		return "a link: links are not followed; put the file itself there"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe, not a file"
	case mode&fs.ModeSocket != 0:
		return "a socket, not a file"
	case mode&fs.ModeDevice != 0:
		return "a device, not a file"
	default:
		return "not an ordinary file"
	}
}

// Open opens the entry's file, and refuses what is no longer the ordinary file
// that was listed.
func (e Entry) Open() (io.ReadCloser, error) {
	if e.Problem != "" {
		return nil, checks.Unreadable(e.Problem)
	}
	listed, err := os.Lstat(e.Path)
	if err != nil {
		return nil, plain(err)
	}
	if p := notRegular(listed.Mode()); p != "" {
		return nil, checks.Unreadable(p)
	}
	f, err := os.Open(e.Path)
	if err != nil {
		return nil, plain(err)
	}
	opened, err := f.Stat()
	if err != nil || !os.SameFile(listed, opened) {
		_ = f.Close()
		return nil, checks.Unreadable("the file changed while it was being opened")
	}
	return f, nil
}

// plain drops the path from a file error: it is shown beside it anyway.
func plain(err error) error {
	var pe *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return checks.Unreadable("the file is no longer there")
	case errors.Is(err, fs.ErrPermission):
		return checks.Unreadable("no permission to read the file")
	case errors.As(err, &pe):
		return checks.Unreadable(pe.Err.Error())
	default:
		return err
	}
}

// Files makes the entries a set's files. Those with a problem stay in it: the
// run reports them as incomplete, so that none goes missing without a word.
func Files(entries []Entry) []checks.File {
	files := make([]checks.File, len(entries))
	for i, e := range entries {
		files[i] = checks.File{Path: e.Path, Open: e.Open}
	}
	return files
}
