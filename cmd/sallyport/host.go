package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"sallyport/review"
	"sallyport/review/durable"
)

// host knows of this program and its machine.
type host struct {
	started  time.Time
	database string
	data     string
	folders  []review.Disk // whose space counts, by Folder in words
	paths    []string      // of the same
}

// newHost names what a configuration keeps on this machine.
func newHost(c config, now time.Time) (*host, error) {
	address, err := c.database()
	if err != nil {
		return nil, err
	}
	h := &host{started: now, database: "PostgreSQL", data: c.Data}
	if embedded(address) {
		h.database = "SQLite"
	}
	h.add("data", c.Data)
	if len(c.Sinks) == 0 {
		h.add("exports", c.Exports)
	}
	return h, nil
}

func (h *host) add(words, path string) {
	h.folders = append(h.folders, review.Disk{Folder: words})
	h.paths = append(h.paths, path)
}

// Facts asks anew each time. Reasons name no path: people see them who have no
// business on the machine.
func (h *host) Facts() review.HostFacts {
	out := review.HostFacts{Version: buildVersion(), Database: h.database, Started: h.started, Backup: newestBackup(h.data)}
	for i, d := range h.folders {
		var err error
		if d.Free, d.Total, err = diskSpace(h.paths[i]); err != nil {
			d.Problem = "the system does not say."
		}
		out.Disks = append(out.Disks, d)
	}
	return out
}

// backupMark is a file of the data folder that says when a backup was made last.
const backupMark = "newest-backup"

// markBackup notes that a backup was made.
func markBackup(data string, at time.Time) error {
	return durable.Replace(filepath.Join(data, backupMark), []byte(at.UTC().Format(time.RFC3339)+"\n"), 0o600)
}

// newestBackup is when markBackup was called last, zero when that is not known.
func newestBackup(data string) time.Time {
	text, err := os.ReadFile(filepath.Join(data, backupMark))
	if err != nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
	if err != nil {
		return time.Time{}
	}
	return at
}
