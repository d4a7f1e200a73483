package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"sallyport/checks"
	"sallyport/checks/provenance"
	"sallyport/cmd/sallyport/internal/input"
)

// maxRecord bounds project.yaml and the manifest, which are read whole.
const maxRecord = 64 << 20

// addOrigins looks up where each file comes from in a workspace's own records.
// A file that lies elsewhere, or cannot be read, is of unknown level.
func addOrigins(workspace string, entries []input.Entry, files []checks.File) error {
	dir, err := filepath.Abs(workspace)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("workspace: %w", err)
	}
	defer root.Close()
	sources, err := readSources(root)
	if err != nil {
		return fmt.Errorf("workspace %s: %w", workspace, err)
	}
	for i, e := range entries {
		origin := originOf(sources, dir, e)
		files[i].Origin = &origin
	}
	return nil
}

func originOf(sources *provenance.Sources, dir string, e input.Entry) provenance.Origin {
	abs, err := filepath.Abs(e.Path)
	if err != nil {
		return provenance.Origin{Why: "Its place could not be worked out."}
	}
	rel, err := filepath.Rel(dir, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return provenance.Origin{Why: "It lies outside the workspace."}
	}
	r, err := e.Open()
	if err != nil {
		return provenance.Origin{Why: "It could not be read: " + err.Error() + "."}
	}
	defer r.Close()
	sum, err := digest(r)
	if err != nil {
		return provenance.Origin{Why: "It could not be read."}
	}
	return sources.Origin(filepath.ToSlash(rel), sum)
}

// readSources reads the pipeline, the manifest and the digests of the job
// runner's logs. What does not exist is nil; nothing outside root is read.
func readSources(root *os.Root) (*provenance.Sources, error) {
	project, err := readRecord(root, "project.yaml")
	if err != nil {
		return nil, err
	}
	manifest, err := readRecord(root, "metadata/manifest.json")
	if err != nil {
		return nil, err
	}
	sources := provenance.ReadSources(project, manifest)
	sources.Logs(logDigests(root))
	return sources, nil
}

func readRecord(root *os.Root, name string) ([]byte, error) {
	f, err := openRegular(root, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxRecord+1))
	if err == nil && len(data) > maxRecord {
		err = fmt.Errorf("%s is larger than %d MB", name, maxRecord>>20)
	}
	return data, err
}

// openRegular opens an ordinary file below root, and nothing that would wait.
func openRegular(root *os.Root, name string) (*os.File, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not an ordinary file", name)
	}
	return root.Open(name)
}

// logDigests hashes metadata/*.log. A log that cannot be read is left out, and
// a copy of it is then of unknown level.
func logDigests(root *os.Root) map[string]string {
	digests := map[string]string{}
	names, err := fs.Glob(root.FS(), "metadata/*.log")
	if err != nil {
		return digests
	}
	for _, name := range names {
		f, err := openRegular(root, path.Clean(name))
		if err != nil {
			continue
		}
		if sum, err := digest(f); err == nil {
			digests[name] = sum
		}
		_ = f.Close()
	}
	return digests
}

func digest(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
