package storage

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	gitobject "github.com/go-git/go-git/v5/plumbing/object"

	"sallyport/review"
)

// Limits on what is read of a repository.
const (
	maxCodeFile    = 2 << 20 // bytes of one file shown
	maxCodeFiles   = 20_000  // files of one tree listed
	maxCodeChanges = 500     // files of one comparison
	maxPatch       = 200_000 // bytes of one file's difference shown
)

// Code reads studies' repositories from a folder of mirrors, laid out as their
// addresses are: https://github.com/owner/name is <folder>/owner/name, bare or
// not, with or without ".git". Nothing is ever fetched.
type Code struct{ dir string }

var _ review.Code = (*Code)(nil)

// OpenCode uses the mirrors in a folder.
func OpenCode(dir string) (*Code, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &os.PathError{Op: "open", Path: dir, Err: errors.New("not a folder")}
	}
	return &Code{dir}, nil
}

var errNoCode = review.Errorf(review.NotFound, "No copy of the study's code at that commit is kept here.")

// commit opens the mirror of a repository at a commit. The address comes from a
// workspace and is hostile: only its last two plain names are used.
func (c *Code) commit(repo, hash string) (*gitobject.Commit, error) {
	owner, name, ok := repoNames(repo)
	if !ok || len(hash) != 40 || !plumbing.IsHash(hash) {
		return nil, errNoCode
	}
	for _, folder := range []string{name, name + ".git"} {
		r, err := git.PlainOpenWithOptions(filepath.Join(c.dir, owner, folder), &git.PlainOpenOptions{})
		if err != nil {
			continue
		}
		if found, err := r.CommitObject(plumbing.NewHash(hash)); err == nil {
			return found, nil
		}
	}
	return nil, errNoCode
}

// repoNames returns owner and name of a repository's address.
func repoNames(repo string) (owner, name string, ok bool) {
	u, err := url.Parse(repo)
	if err != nil {
		return "", "", false
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) < 2 {
		return "", "", false
	}
	owner, name = parts[len(parts)-2], strings.TrimSuffix(parts[len(parts)-1], ".git")
	plain := func(s string) bool {
		return s != "" && s != "." && s != ".." && filepath.IsLocal(s) && nameProblem(s) == ""
	}
	return owner, name, plain(owner) && plain(name)
}

// Tree lists the files at a commit, see review.Code.
func (c *Code) Tree(ctx context.Context, repo, commit string) ([]string, error) {
	tree, err := c.tree(repo, commit)
	if err != nil {
		return nil, err
	}
	var names []string
	walker := gitobject.NewTreeWalker(tree, true, nil)
	defer walker.Close()
	for len(names) < maxCodeFiles {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		name, entry, err := walker.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if entry.Mode.IsFile() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func (c *Code) tree(repo, commit string) (*gitobject.Tree, error) {
	at, err := c.commit(repo, commit)
	if err != nil {
		return nil, err
	}
	return at.Tree()
}

// File reads one file at a commit, see review.Code.
func (c *Code) File(_ context.Context, repo, commit, file string) ([]byte, error) {
	tree, err := c.tree(repo, commit)
	if err != nil {
		return nil, err
	}
	f, err := tree.File(path.Clean(file))
	if errors.Is(err, gitobject.ErrFileNotFound) || errors.Is(err, gitobject.ErrEntryNotFound) || errors.Is(err, gitobject.ErrDirectoryNotFound) {
		return nil, review.Errorf(review.NotFound, "There is no such file at that commit.")
	}
	if err != nil {
		return nil, err
	}
	if f.Size > maxCodeFile {
		return nil, review.Errorf(review.TooLarge, "This file is larger than %d MB.", maxCodeFile>>20)
	}
	r, err := f.Reader()
	if err != nil {
		return nil, err
	}
	defer r.Close() // only read from
	return io.ReadAll(io.LimitReader(r, maxCodeFile))
}

// Compare tells what changed between two commits, see review.Code.
func (c *Code) Compare(ctx context.Context, repo, from, to string) ([]review.CodeChange, error) {
	before, err := c.tree(repo, from)
	if err != nil {
		return nil, err
	}
	after, err := c.tree(repo, to)
	if err != nil {
		return nil, err
	}
	changes, err := gitobject.DiffTreeWithOptions(ctx, before, after, gitobject.DefaultDiffTreeOptions)
	if err != nil {
		return nil, err
	}
	var out []review.CodeChange
	for _, change := range changes[:min(len(changes), maxCodeChanges)] {
		one, err := codeChange(ctx, change)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func codeChange(ctx context.Context, change *gitobject.Change) (review.CodeChange, error) {
	out := review.CodeChange{Path: change.To.Name}
	if change.From.Name != change.To.Name {
		out.Was = change.From.Name
	}
	if change.From.TreeEntry.Mode.IsFile() && tooLarge(change.From) || change.To.TreeEntry.Mode.IsFile() && tooLarge(change.To) {
		return out, nil
	}
	patch, err := change.PatchContext(ctx)
	if err != nil {
		return out, err
	}
	for _, s := range patch.Stats() {
		out.Added, out.Removed = out.Added+s.Addition, out.Removed+s.Deletion
	}
	if text := patch.String(); len(text) <= maxPatch {
		out.Patch = text
	}
	return out, nil
}

// tooLarge keeps huge files out of the difference, which takes time that grows
// with their square.
func tooLarge(e gitobject.ChangeEntry) bool {
	f, err := e.Tree.TreeEntryFile(&e.TreeEntry)
	return err != nil || f.Size > maxCodeFile
}
