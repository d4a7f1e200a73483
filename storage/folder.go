package storage

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"sallyport/review"
	"sallyport/review/crate"
	"sallyport/review/durable"
)

// Modes of a package: its folder's group is who may carry it on.
const (
	packageDir  = 0o750
	packageFile = 0o440
)

// rubbish begins the name of a folder that is being removed.
const rubbish = ".old-"

// Folder is a review.Sink that puts each package at
// <workspace>/<release>/ below a folder, and the same as <release>.zip beside
// it.
type Folder struct{ root *os.Root }

var _ review.Sink = (*Folder)(nil)

// OpenFolder opens the folder that packages are put into, made when it is not
// there.
func OpenFolder(dir string) (*Folder, error) {
	err := durable.Folder(dir, packageDir)
	if err != nil {
		return nil, fmt.Errorf("storage: opening the release folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("storage: opening the release folder: %w", err)
	}
	return &Folder{root}, nil
}

// Close lets go of the folder.
func (f *Folder) Close() error { return f.root.Close() }

// Deliver writes the package under another name, flushes it and renames it. A
// package that is there already is compared, byte by byte, and left alone; one
// that differs is ErrCorrupt. The location is "<workspace>/<release>".
func (f *Folder) Deliver(ctx context.Context, p *review.Package) (string, error) {
	workspace, id := string(p.Release.Workspace), p.Release.ID
	if err := folderNames(workspace, id); err != nil {
		return "", err
	}
	location := path.Join(workspace, id)
	if err := f.deliver(ctx, workspace, id, p); err != nil {
		return "", fmt.Errorf("storage: delivering %s: %w", location, err)
	}
	return location, nil
}

func (f *Folder) deliver(ctx context.Context, workspace, id string, p *review.Package) error {
	dir, err := f.enter(workspace)
	if err != nil {
		return err
	}
	defer dir.Close() // what was written is flushed by then
	if _, err := dir.Lstat(id + withdrawnNote); err == nil {
		return errWithdrawn()
	}
	if err := removeStale(dir, id); err != nil {
		return err
	}
	return placeParts(dir, id, []packagePart{
		{id, func() error { return wholePackage(ctx, dir, id, p) }, func(name string) error { return writePackage(ctx, dir, name, p) }},
		{id + ".zip", func() error { return wholeZIP(ctx, dir, id, p) }, func(name string) error { return writeZIP(ctx, dir, name, id, p) }},
	})
}

// packagePart is one of the two forms of a package.
type packagePart struct {
	name  string
	whole func() error // holds the one that is there to what it should be
	write func(temporary string) error
}

// placeParts writes the parts that are not there under other names, and renames
// them when all are written. One that is there is compared and left alone.
func placeParts(dir *os.Root, id string, parts []packagePart) (err error) {
	type half struct{ name, temporary string }
	var written []half
	defer func() {
		for _, w := range written {
			err = errors.Join(err, dir.RemoveAll(w.temporary))
		}
	}()
	for _, part := range parts {
		_, err := dir.Lstat(part.name)
		switch {
		case err == nil:
			if err := part.whole(); err != nil {
				return fmt.Errorf("the package that is there: %w", err)
			}
		case errors.Is(err, fs.ErrNotExist):
			written = append(written, half{part.name, unfinished + id + "-" + rand.Text()})
			if err := part.write(written[len(written)-1].temporary); err != nil {
				return err
			}
		default:
			return err
		}
	}
	for len(written) > 0 {
		if err := dir.Rename(written[0].temporary, written[0].name); err != nil {
			return err
		}
		written = written[1:]
	}
	return syncDir(dir, ".") // also when an earlier try renamed and did not flush
}

// removeStale removes what earlier tries at a release left half written. It is
// renamed first: another worker that is still at it, or about to give it the
// release's name, then fails, rather than publish a folder that is being
// emptied.
func removeStale(dir *os.Root, id string) error {
	entries, err := fs.ReadDir(dir.FS(), ".")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, unfinished+id+"-") {
			name = rubbish + id + "-" + rand.Text()
			if err := dir.Rename(entry.Name(), name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if strings.HasPrefix(name, rubbish+id+"-") {
			if err := dir.RemoveAll(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// wholePackage holds the package that is there to what it should be.
func wholePackage(ctx context.Context, dir *os.Root, id string, p *review.Package) error {
	at, err := enter(dir, id)
	if err != nil {
		return err
	}
	defer at.Close() // only read from
	want := map[string]review.Digest{}
	for _, e := range p.Entries {
		want[e.Path] = e.SHA256
	}
	err = fs.WalkDir(at.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		d, err := hashFile(ctx, at, name)
		if err == nil && d != want[name] {
			err = fmt.Errorf("%w: %s", review.ErrCorrupt, name)
		}
		delete(want, name)
		return err
	})
	if err == nil && len(want) > 0 {
		err = fmt.Errorf("%w: %d files are missing", review.ErrCorrupt, len(want))
	}
	return err
}

// wholeZIP holds the ZIP that is there to the one that would be written.
func wholeZIP(ctx context.Context, dir *os.Root, id string, p *review.Package) error {
	found, err := hashFile(ctx, dir, id+".zip")
	if err != nil {
		return err
	}
	want := sha256.New()
	if err := crate.WriteZIP(ctx, want, id, p.Entries); err != nil {
		return err
	}
	if review.Digest(hex.EncodeToString(want.Sum(nil))) != found {
		return fmt.Errorf("%w: %s.zip", review.ErrCorrupt, id)
	}
	return nil
}

func hashOf(data []byte) review.Digest {
	sum := sha256.Sum256(data)
	return review.Digest(hex.EncodeToString(sum[:]))
}

// hashFile reads a regular file to its end.
func hashFile(ctx context.Context, in *os.Root, name string) (review.Digest, error) {
	f, err := openRegular(in, name)
	if err != nil {
		return "", err
	}
	defer f.Close() // only read from
	sum := sha256.New()
	if _, err := io.Copy(sum, review.Interruptible(ctx, f)); err != nil {
		return "", err
	}
	return review.Digest(hex.EncodeToString(sum.Sum(nil))), nil
}

// writePackage writes the whole package and flushes every file and folder.
func writePackage(ctx context.Context, in *os.Root, name string, p *review.Package) error {
	if err := in.Mkdir(name, packageDir); err != nil {
		return err
	}
	dir, err := in.OpenRoot(name)
	if err != nil {
		return err
	}
	defer dir.Close() // what was written is flushed by then
	for _, e := range p.Entries {
		if why := nameProblem(e.Path); why != "" {
			return fmt.Errorf("a file's name: %s", why)
		}
		if err := dir.MkdirAll(path.Dir(e.Path), packageDir); err != nil {
			return err
		}
		if err := writeFlushed(dir, e.Path, func(w io.Writer) error { return copyEntry(ctx, w, e) }); err != nil {
			return err
		}
	}
	return fs.WalkDir(dir.FS(), ".", func(at string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return syncDir(dir, at)
	})
}

// writeZIP writes the package as a ZIP.
func writeZIP(ctx context.Context, in *os.Root, name, id string, p *review.Package) error {
	return writeFlushed(in, name, func(w io.Writer) error { return crate.WriteZIP(ctx, w, id, p.Entries) })
}

// copyEntry writes one file's bytes, and holds them to its digest and size.
func copyEntry(ctx context.Context, w io.Writer, e review.Entry) error {
	from, err := e.Open(ctx)
	if err != nil {
		return err
	}
	defer from.Close() // only read from
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, sum), review.Interruptible(ctx, from))
	if err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != string(e.SHA256) || n != e.Size {
		return fmt.Errorf("%w: a file to be released", review.ErrCorrupt)
	}
	return nil
}

func writeFlushed(dir *os.Root, name string, write func(io.Writer) error) error {
	f, err := dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, packageFile)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// RemovePackage removes a package whose time is over, and says nothing there; a
// deletion that was cut short goes on.
func (f *Folder) RemovePackage(_ context.Context, rel *review.Release, _ string) error {
	workspace, id := string(rel.Workspace), rel.ID
	if err := folderNames(workspace, id); err != nil {
		return err
	}
	dir, err := f.enter(workspace)
	if err != nil {
		return fmt.Errorf("storage: removing a package: %w", err)
	}
	defer dir.Close() // what was written is flushed by then
	if err := discard(dir, id); err != nil {
		return fmt.Errorf("storage: removing a package: %w", err)
	}
	return nil
}

// Withdraw removes a package, and leaves a note at "<release>.withdrawn.txt" in
// its place, where no package of that release is put again. A deletion that was
// cut short goes on.
func (f *Folder) Withdraw(_ context.Context, rel *review.Release, _ string) (string, error) {
	workspace, id := string(rel.Workspace), rel.ID
	if err := folderNames(workspace, id); err != nil {
		return "", err
	}
	if err := f.withdraw(workspace, id, review.Tombstone(rel)); err != nil {
		return "", fmt.Errorf("storage: withdrawing %s: %w", path.Join(workspace, id), err)
	}
	return "The package was deleted from the folder, and a note says so in its place. Copies that somebody made before are not reached by this.", nil
}

func (f *Folder) withdraw(workspace, id string, note []byte) error {
	dir, err := f.enter(workspace)
	if err != nil {
		return err
	}
	defer dir.Close() // what was written is flushed by then
	if err := putFile(dir, id, id+withdrawnNote, note); err != nil {
		return err
	}
	return discard(dir, id)
}

// discard removes a package's folder and its ZIP, each in one step as far as
// others can see.
func discard(dir *os.Root, id string) error {
	for _, name := range []string{id, id + ".zip"} {
		if err := dir.Rename(name, rubbish+id+"-"+rand.Text()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := syncDir(dir, "."); err != nil {
		return err
	}
	if err := removeStale(dir, id); err != nil {
		return err
	}
	return syncDir(dir, ".")
}

// withdrawnNote ends the name of the note that says that a package was taken back.
const withdrawnNote = ".withdrawn.txt"

// putFile writes a file beside its place and renames it; what was there before
// is replaced whole.
func putFile(dir *os.Root, id, name string, data []byte) error {
	temporary := unfinished + id + "-" + rand.Text()
	err := writeFlushed(dir, temporary, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	if err == nil {
		err = dir.Rename(temporary, name)
	}
	if err != nil {
		return errors.Join(err, dir.RemoveAll(temporary))
	}
	return syncDir(dir, ".")
}

// enter opens a workspace's folder, made when it is not there.
func (f *Folder) enter(workspace string) (*os.Root, error) {
	if err := f.root.Mkdir(workspace, packageDir); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := syncDir(f.root, "."); err != nil {
		return nil, err
	}
	return enter(f.root, workspace)
}

// folderNames refuses names that lead elsewhere.
func folderNames(names ...string) error {
	for _, element := range names {
		if why := nameProblem(element); why != "" || strings.ContainsAny(element, "/") || strings.HasPrefix(element, ".") {
			return fmt.Errorf("storage: delivering: %q cannot name a folder", element)
		}
	}
	return nil
}
