package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// study is one workspace to make.
type study struct {
	name, project, title, number, repo string

	user          string // who ran it, "rowan" when empty
	first, commit string // of the code, see mirror; outputs are of the second

	pipeline string // project.yaml
	outputs  []output
	// copies maps a path in a release folder to the output it is a copy of.
	copies map[string]string
	// links maps a path to what a symbolic link there points to.
	links map[string]string
}

// output is what one action wrote.
type output struct {
	path, action, level string
	data                []byte
	// aside says that the manifest knows the output and the folder does not
	// hold it: highly sensitive data stay where they were made.
	aside bool
	// stale says that the action has changed since.
	stale bool
}

// ran is when the demo's jobs were run.
var ran = time.Date(2026, time.November, 17, 8, 30, 0, 0, time.UTC)

// entry is one output in the job runner's manifest.
type entry struct {
	Level       string  `json:"level"`
	JobID       string  `json:"job_id"`
	JobRequest  string  `json:"job_request"`
	Action      string  `json:"action"`
	User        string  `json:"user"`
	Repo        string  `json:"repo"`
	Commit      string  `json:"commit"`
	Size        int     `json:"size"`
	Timestamp   float64 `json:"timestamp"`
	ContentHash string  `json:"content_hash"`
	Excluded    bool    `json:"excluded"`
	Message     *string `json:"message"`
	RowCount    *int    `json:"row_count"`
	ColCount    *int    `json:"col_count"`
	StaleAction bool    `json:"out_of_date_action"`
	StaleOutput bool    `json:"out_of_date_output"`
}

// write lays the workspace out under dir.
func (s study) write(dir string) error {
	manifest := map[string]entry{}
	byPath := map[string][]byte{}
	actions := map[string]bool{}
	for i, o := range s.outputs {
		manifest[o.path] = s.entry(i, o)
		byPath[o.path] = o.data
		actions[o.action] = true
		if !o.aside {
			if err := writeFile(dir, o.path, o.data); err != nil {
				return err
			}
		}
	}
	for action := range actions {
		byPath["metadata/"+action+".log"] = s.log(action)
		if err := writeFile(dir, "metadata/"+action+".log", s.log(action)); err != nil {
			return err
		}
	}
	for to, from := range s.copies {
		if err := writeFile(dir, to, byPath[from]); err != nil {
			return err
		}
	}
	for at, target := range s.links {
		if err := os.Symlink(target, filepath.Join(dir, filepath.FromSlash(at))); err != nil {
			return err
		}
	}
	if err := writeFile(dir, "project.yaml", []byte(s.pipeline)); err != nil {
		return err
	}
	jobs, err := s.jobRequests()
	if err != nil {
		return err
	}
	if err := writeFile(dir, "metadata/job_requests.json", jobs); err != nil {
		return err
	}
	text, err := json.MarshalIndent(map[string]any{"workspace": s.name, "repo": s.repo, "outputs": manifest}, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(dir, "metadata/manifest.json", text)
}

func (s study) entry(i int, o output) entry {
	sum := sha256.Sum256(o.data)
	e := entry{
		Level: o.level, JobID: pseudoID(s.name, "request", o.action), JobRequest: pseudoID(s.name, "request"), Action: o.action,
		User: s.ranBy(), Repo: s.repo, Commit: s.commit, Size: len(o.data),
		Timestamp:   float64(ran.Add(time.Duration(i) * 4 * time.Minute).Unix()),
		ContentHash: hex.EncodeToString(sum[:]), StaleAction: o.stale, StaleOutput: o.stale,
	}
	if o.stale {
		e.JobID, e.JobRequest, e.Commit = pseudoID(s.name, "earlier", o.action), pseudoID(s.name, "earlier"), s.first
	}
	if path.Ext(o.path) == ".csv" {
		lines := strings.Split(strings.TrimRight(string(o.data), "\n"), "\n")
		rows, columns := len(lines)-1, strings.Count(lines[0], ",")+1
		e.RowCount, e.ColCount = &rows, &columns
	}
	return e
}

// pseudoID is a sixteen-letter identifier in the manner of the job runner's.
func pseudoID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	var b strings.Builder
	for _, c := range sum[:16] {
		b.WriteByte("abcdefghijklmnopqrstuvwxyz234567"[c%32])
	}
	return b.String()
}

// log is an action's log with the job runner's trailer.
func (s study) log(action string) []byte {
	stamp := func(minutes int) string {
		return ran.Add(time.Duration(minutes) * time.Minute).Format("2006-01-02T15:04:05.000000000Z")
	}
	lines := []string{
		stamp(0) + " Reading the study population",
		stamp(1) + " " + action + ": filters applied, tables prepared",
		stamp(3) + " " + action + ": counts redacted and rounded",
		stamp(4) + " Wrote the outputs of " + action,
		"\x1b[32m" + stamp(4) + " " + action + " completed successfully\x1b[0m",
		"", "=============JOB SUMMARY=============",
		"state: succeeded", "job_id: " + pseudoID(s.name, "request", action), "commit: " + s.commit, "docker_image_id: sha256:" + pseudoID(action, "image"),
		"exit_code: 0", "created_at: " + ran.Format(time.RFC3339), "completed_at: " + ran.Add(5*time.Minute).Format(time.RFC3339), "",
	}
	return []byte(strings.Join(lines, "\n"))
}

func writeFile(dir, name string, data []byte) error {
	full := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	return os.WriteFile(full, data, 0o644)
}
