package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"sallyport/checks"
	"sallyport/checks/provenance"
	"sallyport/cmd/sallyport/internal/input"
	"sallyport/review"
	"sallyport/storage"
)

// addOrigins looks up where each file comes from in a workspace's own records.
// A file that lies elsewhere, or cannot be read, is of unknown level.
func addOrigins(ctx context.Context, a *app, workspace string, entries []input.Entry, files []checks.File) (err error) {
	dir, err := filepath.Abs(workspace)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir) // whoever names a link means what it leads to
	}
	if err != nil {
		return fmt.Errorf("workspace: %w", err)
	}
	workspaces, err := storage.OpenWorkspaces(filepath.Dir(dir), a.now)
	if err != nil {
		return fmt.Errorf("workspace: %w", err)
	}
	defer func() { err = errors.Join(err, workspaces.Close()) }()
	origins := make([]provenance.Origin, len(entries))
	var refs []review.FileRef
	var at []int // which entry each of refs is
	for i, e := range entries {
		ref, why := refOf(dir, e)
		if origins[i].Why = why; why == "" {
			refs, at = append(refs, ref), append(at, i)
		}
	}
	found, err := workspaces.Origins(ctx, review.WorkspaceName(filepath.Base(dir)), refs)
	if err != nil {
		return fmt.Errorf("workspace %s: %w", workspace, err)
	}
	for i, origin := range found {
		origins[at[i]] = origin
	}
	for i := range files {
		files[i].Origin = &origins[i]
	}
	return nil
}

// refOf names a file by its path in the workspace and its contents, or says why
// it cannot be looked up there.
func refOf(dir string, e input.Entry) (ref review.FileRef, why string) {
	abs, err := filepath.Abs(e.Path)
	if err != nil {
		return ref, "Its place could not be worked out."
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(abs))
	if err != nil {
		return ref, "Its place could not be worked out."
	}
	rel, err := filepath.Rel(dir, filepath.Join(folder, filepath.Base(abs)))
	if err != nil || !filepath.IsLocal(rel) {
		return ref, "It lies outside the workspace."
	}
	r, err := e.Open()
	if err != nil {
		return ref, "It could not be read: " + err.Error() + "."
	}
	defer r.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		return ref, "It could not be read."
	}
	return review.FileRef{Path: filepath.ToSlash(rel), Digest: review.Digest(hex.EncodeToString(sum.Sum(nil)))}, ""
}
