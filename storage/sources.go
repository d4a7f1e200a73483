package storage

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"sallyport/checks/provenance"
	"sallyport/review"
)

// Where a workspace says what its files are.
const (
	pipelineFile = "project.yaml"
	metadata     = "metadata"
	manifestFile = metadata + "/manifest.json"
	// jobRequestsFile may say what the manifest does not.
	jobRequestsFile = metadata + "/job_requests.json"
)

// Limits on the records of a workspace.
const (
	maxRecord = 64 << 20 // bytes of the pipeline or the manifest
	maxLogs   = 1000     // logs that are hashed
)

// sources is what a workspace says about its files, and what it was read from.
type sources struct {
	*provenance.Sources
	records [2]fs.FileInfo // of the pipeline and the manifest; nil where there is none
	logs    map[string]string
	// broken says what could not even be read: then no level is known, whatever
	// the rest would say.
	broken string
}

func (s *sources) problems() []string {
	if s.broken != "" {
		return []string{s.broken}
	}
	return s.Problems()
}

func (s *sources) origin(name string, d review.Digest) provenance.Origin {
	if s.broken != "" {
		return provenance.Origin{Why: s.broken}
	}
	return s.Origin(name, string(d))
}

// sourcesOf reads the records of a workspace, or returns what was read before
// when they have not changed since.
func (w *Workspaces) sourcesOf(ctx context.Context, dir *os.Root, name review.WorkspaceName) (*sources, error) {
	logs := w.hashLogs(ctx, dir, name)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w.mu.Lock()
	last := w.sources[name]
	w.mu.Unlock()
	if last != nil && last.current(dir, logs) {
		return last, nil
	}
	s := readSources(dir, logs)
	if s.broken != "" {
		return s, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sources[name] = s
	return s, nil
}

func (s *sources) current(dir *os.Root, logs map[string]string) bool {
	for i, name := range [...]string{pipelineFile, manifestFile} {
		info, err := dir.Lstat(name)
		if (err != nil) != (s.records[i] == nil) || err == nil && !unchanged(s.records[i], info) {
			return false
		}
	}
	return maps.Equal(s.logs, logs)
}

func readSources(dir *os.Root, logs map[string]string) *sources {
	s := &sources{logs: logs}
	var text [2][]byte
	for i, name := range [...]string{pipelineFile, manifestFile} {
		var err error
		text[i], s.records[i], err = readRecord(dir, name)
		if err != nil {
			s.broken = fmt.Sprintf("No level is known, because %s cannot be read. %s", name, reason(err))
			return s
		}
	}
	s.Sources = provenance.ReadSources(text[0], text[1])
	s.Logs(logs)
	return s
}

// reason is the message of an error that is meant for people, else "".
func reason(err error) string {
	if review.KindOf(err) == review.Internal {
		return ""
	}
	return err.Error()
}

// readRecord reads a whole file; no bytes and no error when there is none.
func readRecord(dir *os.Root, name string) ([]byte, fs.FileInfo, error) {
	f, err := openRegular(dir, name)
	if review.KindOf(err) == review.NotFound {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer f.Close() // only read from
	if f.info.Size() > maxRecord {
		return nil, nil, refused("It is larger than %d MB.", maxRecord>>20)
	}
	text, err := io.ReadAll(f)
	if text == nil {
		text = []byte{} // an empty file is not the same as none
	}
	return text, f.info, err
}

// hashLogs hashes the job runner's logs, by path.
func (w *Workspaces) hashLogs(ctx context.Context, dir *os.Root, name review.WorkspaceName) map[string]string {
	at, err := enter(dir, metadata)
	if err != nil {
		return nil
	}
	defer at.Close() // only read from
	f, err := at.Open(".")
	if err != nil {
		return nil
	}
	defer f.Close() // only read from
	entries, _ := f.ReadDir(2 * maxLogs)
	logs, left := map[string]string{}, int64(maxHashed)
	for _, entry := range entries {
		file := path.Join(metadata, entry.Name())
		info, err := at.Lstat(entry.Name())
		if err != nil || !strings.HasSuffix(file, ".log") || info.Size() > maxHashFile || len(logs) == maxLogs {
			continue
		}
		if d := w.hashes.of(ctx, dir, name, file, info, &left); d != "" {
			logs[file] = string(d)
		}
	}
	return logs
}

// hashCache remembers the digests of files that have not changed.
type hashCache struct {
	now   review.Clock
	mu    sync.Mutex
	known map[string]knownHash
}

type knownHash struct {
	info   fs.FileInfo
	digest review.Digest
}

const (
	// maxKnown is how many digests are remembered.
	maxKnown = 50_000
	// fresh is how long a file can be written to without its time showing it.
	fresh = 2 * time.Second
)

// of returns the digest of a file that was found to be info, "" when it cannot
// be read or left does not suffice. What it reads it takes from left.
func (c *hashCache) of(ctx context.Context, dir *os.Root, ws review.WorkspaceName, name string, info fs.FileInfo, left *int64) review.Digest {
	key := string(ws) + "/" + name
	c.mu.Lock()
	last, ok := c.known[key]
	c.mu.Unlock()
	if ok && unchanged(last.info, info) {
		return last.digest
	}
	if info.Size() > *left || nameProblem(name) != "" {
		return ""
	}
	*left -= info.Size()
	digest, err := hashFile(ctx, dir, name)
	if err != nil {
		return ""
	}
	if now, err := dir.Lstat(name); err == nil && unchanged(info, now) && c.now().Sub(now.ModTime()) > fresh {
		c.remember(key, knownHash{info, digest})
	}
	return digest
}

func (c *hashCache) remember(key string, h knownHash) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxKnown {
		clear(c.known) // it fills again with what is asked for
	}
	c.known[key] = h
}
