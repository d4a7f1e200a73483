package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"sallyport/checks/provenance"
	"sallyport/review"
)

// outputs is the folder that the pipeline writes to.
const outputs = "output"

// Limits of one listing. A workspace beyond them is shown in part, and says so.
const (
	maxEntries  = 5000
	maxDepth    = 12
	maxHashFile = 32 << 20  // bytes of one file hashed to find its origin
	maxHashed   = 512 << 20 // bytes hashed for one listing
)

// listing is one listing being made.
type listing struct {
	workspaces *Workspaces
	dir        *os.Root
	out        *review.Workspace
	sources    *sources
	entries    int
	hashLeft   int64
}

func (l *listing) problem(format string, args ...any) {
	l.out.Problems = append(l.out.Problems, fmt.Sprintf(format, args...))
}

// list reads the release folders first, so that a flood of outputs does not
// hide them.
func (l *listing) list(ctx context.Context) (err error) {
	if l.sources, err = l.workspaces.sourcesOf(ctx, l.dir, l.out.Name); err != nil {
		return err
	}
	l.out.Problems = append(l.out.Problems, l.sources.problems()...)
	top, err := l.read(l.dir)
	if err != nil {
		return onDisk(err)
	}
	if len(top) > maxEntries {
		l.problem("The workspace's own folder holds more than %d entries. Some are left out.", maxEntries)
	}
	var folders []string
	for _, entry := range top {
		name := entry.Name()
		if name != outputs && !provenance.IsRelease(name+"/file") {
			continue
		}
		switch {
		case nameProblem(name) != "":
			l.problem("The folder %s is left out. %s", shown(name), nameProblem(name))
		case !entry.IsDir():
			l.problem("%s is left out, because it is not a folder.", name)
		case name != outputs:
			l.out.Releases = append(l.out.Releases, name)
		default:
			folders = append(folders, name)
		}
	}
	slices.SortFunc(l.out.Releases, byDate)
	for _, name := range append(slices.Clone(l.out.Releases), folders...) {
		if err := l.walk(ctx, l.dir, name, 1); err != nil {
			return err
		}
	}
	slices.SortFunc(l.out.Files, func(a, b review.WorkspaceFile) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

// byDate orders release folders by the digits of their names, whatever parts
// the digits: "release" is before every dated one.
func byDate(a, b string) int {
	digits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, s)
	}
	return cmp.Or(strings.Compare(digits(a), digits(b)), strings.Compare(a, b))
}

// read lists a folder as far as the limit on entries allows.
func (l *listing) read(dir *os.Root) ([]fs.DirEntry, error) {
	f, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read from
	entries, err := f.ReadDir(maxEntries - l.entries + 1)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}

// walk lists the folder called name within in; its path in the workspace ends
// in name too.
func (l *listing) walk(ctx context.Context, in *os.Root, where string, depth int) error {
	if l.entries > maxEntries {
		return nil
	}
	dir, err := enter(in, path.Base(where))
	if err != nil {
		return l.skip(where, err)
	}
	defer dir.Close() // only read from
	entries, err := l.read(dir)
	if err != nil {
		return l.skip(where, onDisk(err))
	}
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if l.entries++; l.entries > maxEntries {
			if l.entries == maxEntries+1 {
				l.problem("The workspace holds more than %d files and folders. The others are not shown.", maxEntries)
			}
			return nil
		}
		name := path.Join(where, entry.Name())
		if entry.IsDir() && nameProblem(name) == "" {
			if depth == maxDepth {
				l.problem("%s is left out, because folders lie more than %d deep.", name, maxDepth)
				continue
			}
			if err := l.walk(ctx, dir, name, depth+1); err != nil {
				return err
			}
			continue
		}
		l.file(ctx, dir, name)
	}
	return nil
}

// skip makes a problem of what is wrong with a folder, and passes on faults.
func (l *listing) skip(where string, err error) error {
	switch review.KindOf(err) {
	case review.Invalid, review.NotFound:
		l.problem("The folder %s is left out. %s", where, err)
		return nil
	}
	return err
}

// file lists one entry that is no folder, or has a name that is refused.
func (l *listing) file(ctx context.Context, dir *os.Root, name string) {
	f := review.WorkspaceFile{Path: name, Release: provenance.IsRelease(name)}
	info, err := dir.Lstat(path.Base(name))
	switch {
	case nameProblem(name) != "":
		f.Path, f.Problem = shown(name), nameProblem(name)
	case err != nil:
		f.Problem = onDisk(err).Error()
	default:
		f.Problem = typeProblem(info.Mode())
	}
	if err == nil {
		f.Size, f.Modified = info.Size(), info.ModTime().UTC()
	}
	if f.Problem == "" {
		f.Digest = l.digest(ctx, name, info)
		f.Origin = l.sources.origin(name, f.Digest)
	}
	l.out.Files = append(l.out.Files, f)
}

// digest hashes a release file within the limits; "" is unknown, and so is
// then the file's origin.
func (l *listing) digest(ctx context.Context, name string, info fs.FileInfo) review.Digest {
	if !provenance.IsRelease(name) || info.Size() > maxHashFile {
		return ""
	}
	return l.workspaces.hashes.of(ctx, l.dir, l.out.Name, name, info, &l.hashLeft)
}
