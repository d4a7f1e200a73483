package storage

import (
	"bytes"
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
)

// Modes of a package: its folder's group is who may carry it on.
const (
	packageDir  = 0o750
	packageFile = 0o440
)

// rubbish begins the name of a folder that is being removed.
const rubbish = ".old-"

// Folder is a review.Sink that puts each package at
// <workspace>/<release>/ below a folder: the files under files/, and
// manifest.json beside them.
type Folder struct{ root *os.Root }

var _ review.Sink = (*Folder)(nil)

// OpenFolder opens the folder that packages are put into, made when it is not
// there.
func OpenFolder(dir string) (*Folder, error) {
	err := os.MkdirAll(dir, packageDir)
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
		return review.Errorf(review.Conflict, "This release was withdrawn, and is not put out again.")
	}
	if err := removeStale(dir, id); err != nil {
		return err
	}
	if done, err := delivered(ctx, dir, id, p); done || err != nil {
		return err
	}
	temporary := unfinished + id + "-" + rand.Text()
	err = writePackage(ctx, dir, temporary, p)
	if err == nil {
		err = dir.Rename(temporary, id)
	}
	if err != nil {
		return errors.Join(err, dir.RemoveAll(temporary))
	}
	return syncDir(dir, ".")
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

// delivered reports whether the package is there, whole and as it should be.
func delivered(ctx context.Context, dir *os.Root, id string, p *review.Package) (bool, error) {
	at, err := enter(dir, id)
	if review.KindOf(err) == review.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer at.Close() // only read from
	want := map[string]review.Digest{"manifest.json": hashOf(p.Manifest)}
	for _, file := range p.Release.Files {
		want[path.Join("files", file.Path)] = file.SHA256
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
	if err != nil {
		return false, fmt.Errorf("the package that is there: %w", err)
	}
	return true, syncDir(dir, ".") // the rename may not have been flushed
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
	if _, err := io.Copy(sum, interruptible{ctx, f}); err != nil {
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
	for _, file := range p.Release.Files {
		if why := nameProblem(file.Path); why != "" {
			return fmt.Errorf("a file's name: %s", why)
		}
		target := path.Join("files", file.Path)
		if err := dir.MkdirAll(path.Dir(target), packageDir); err != nil {
			return err
		}
		if err := writeReleased(ctx, dir, target, file, p); err != nil {
			return err
		}
	}
	if err := writeFlushed(dir, "manifest.json", bytes.NewReader(p.Manifest)); err != nil {
		return err
	}
	return fs.WalkDir(dir.FS(), ".", func(at string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return syncDir(dir, at)
	})
}

// writeReleased writes one file, and holds it to the release's digest and size.
func writeReleased(ctx context.Context, dir *os.Root, target string, file review.ReleasedFile, p *review.Package) error {
	from, err := p.Open(ctx, file.SHA256)
	if err != nil {
		return err
	}
	defer from.Close() // only read from
	sum := sha256.New()
	counted := &counter{r: io.TeeReader(interruptible{ctx, from}, sum)}
	if err := writeFlushed(dir, target, counted); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != string(file.SHA256) || counted.n != file.Size {
		return fmt.Errorf("%w: a file to be released", review.ErrCorrupt)
	}
	return nil
}

func writeFlushed(dir *os.Root, name string, r io.Reader) error {
	f, err := dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, packageFile)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// counter counts what is read through it.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
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
	if err := putFile(dir, id+withdrawnNote, note); err != nil {
		return err
	}
	return discard(dir, id)
}

// discard removes a package's folder, in one step as far as others can see.
func discard(dir *os.Root, id string) error {
	if err := dir.Rename(id, rubbish+id+"-"+rand.Text()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
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
func putFile(dir *os.Root, name string, data []byte) error {
	temporary := unfinished + name + "-" + rand.Text()
	err := writeFlushed(dir, temporary, bytes.NewReader(data))
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
