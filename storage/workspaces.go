package storage

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"sallyport/checks/provenance"
	"sallyport/review"
)

// Workspaces is a review.Workspaces over a folder that holds one folder for
// each workspace. It only reads, and only what no link leads to.
type Workspaces struct {
	root   *os.Root
	hashes hashCache

	mu      sync.Mutex
	sources map[review.WorkspaceName]*sources // as last read
}

var _ review.Workspaces = (*Workspaces)(nil)

// OpenWorkspaces opens the folder of workspaces. Now tells whether a file was
// written to so lately that its digest is not worth remembering.
func OpenWorkspaces(dir string, now review.Clock) (*Workspaces, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("storage: opening workspaces: %w", err)
	}
	return &Workspaces{
		root:    root,
		hashes:  hashCache{now: now, known: map[string]knownHash{}},
		sources: map[review.WorkspaceName]*sources{},
	}, nil
}

// Close lets go of the folder.
func (w *Workspaces) Close() error { return w.root.Close() }

// folder opens one workspace.
func (w *Workspaces) folder(name review.WorkspaceName) (*os.Root, error) {
	none := review.Errorf(review.NotFound, "There is no such workspace.")
	if nameProblem(string(name)) != "" || strings.Contains(string(name), "/") {
		return nil, none
	}
	dir, err := enter(w.root, string(name))
	if review.KindOf(err) == review.NotFound {
		return nil, none
	}
	return dir, err
}

// Workspace lists a workspace, see review.Workspaces. Release files are hashed
// to find the outputs that they are copies of, as far as the limits go.
func (w *Workspaces) Workspace(ctx context.Context, name review.WorkspaceName) (*review.Workspace, error) {
	dir, err := w.folder(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close() // only read from
	l := &listing{workspaces: w, dir: dir, out: &review.Workspace{Name: name}, hashLeft: maxHashed}
	if err := l.list(ctx); err != nil {
		return nil, err
	}
	return l.out, nil
}

// Open opens one file for reading, see review.Workspaces.
func (w *Workspaces) Open(_ context.Context, name review.WorkspaceName, file string) (io.ReadCloser, error) {
	if why := nameProblem(file); why != "" {
		return nil, refused("%s", why)
	}
	if !provenance.IsRelease(file) && !strings.HasPrefix(file, outputs+"/") {
		return nil, refused("Only files of a release folder or of %s/ can be read.", outputs)
	}
	dir, err := w.folder(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close() // only read from
	f, err := openRegular(dir, file)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Origins finds origins, see review.Workspaces.
func (w *Workspaces) Origins(ctx context.Context, name review.WorkspaceName, files []review.FileRef) ([]provenance.Origin, error) {
	dir, err := w.folder(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close() // only read from
	src, err := w.sourcesOf(ctx, dir, name)
	if err != nil {
		return nil, err
	}
	found := make([]provenance.Origin, len(files))
	for i, f := range files {
		found[i] = src.origin(f.Path, f.Digest)
	}
	return found, nil
}

// Records reads what a workspace says about its runs, see review.Workspaces.
func (w *Workspaces) Records(ctx context.Context, name review.WorkspaceName) (*review.Records, error) {
	dir, err := w.folder(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close() // only read from
	src, err := w.sourcesOf(ctx, dir, name)
	if err != nil {
		return nil, err
	}
	out := &review.Records{Sources: src.Sources}
	if src.broken != "" {
		out.Sources, out.Problems = provenance.ReadSources(nil, nil), []string{src.broken}
		return out, nil
	}
	text, _, err := readRecord(dir, jobRequestsFile)
	if err == nil && text != nil {
		out.Recorded, err = provenance.ReadJobRequests(text)
	}
	if err != nil {
		out.Problems = append(out.Problems, err.Error())
	}
	return out, nil
}

// Log reads an action's log, see review.Workspaces.
func (w *Workspaces) Log(_ context.Context, name review.WorkspaceName, action string) ([]byte, error) {
	none := review.Errorf(review.NotFound, "There is no log of that action.")
	if nameProblem(action) != "" || strings.Contains(action, "/") {
		return nil, none
	}
	dir, err := w.folder(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close() // only read from
	text, _, err := readRecord(dir, metadata+"/"+action+".log")
	if err == nil && text == nil {
		return nil, none
	}
	return text, err
}
