package provenance

import (
	"encoding/hex"
	"fmt"
	"math"
	"path"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"sallyport/checks/strictjson"
)

// Limits on a manifest. A workspace of ten thousand outputs writes about 5 MB.
const (
	maxManifestBytes   = 32 << 20
	maxManifestOutputs = 100_000
	maxPath            = 4096 // bytes
)

// Manifest is what the job runner says about a workspace's outputs.
type Manifest struct {
	Workspace string
	Repo      string
	Outputs   map[string]Entry // by path, "output/t.csv"
	// Skipped counts entries that were left out because their path is not one
	// that a workspace can hold.
	Skipped int
}

// Entry is one output. What the manifest leaves out is zero.
type Entry struct {
	Level       Level // as written; see Level.Known
	JobID       string
	JobRequest  string
	Action      string
	User        string
	Repo        string
	Commit      string // 40 hex digits, or ""
	Size        int64
	Timestamp   time.Time // to the microsecond, UTC; zero when absent or absurd
	ContentHash string    // lower-case hex SHA-256, or ""
	// Excluded says that the job runner kept the file back; the file on disk is
	// the path with ".txt" after it, and holds the reason.
	Excluded bool
	Message  string
	Rows     *int64 // nil when not a table
	Columns  *int64
	// OutOfDate says that the action has run again since, or that this output
	// was left behind by an earlier run.
	OutOfDate bool
}

// manifestJSON and entryJSON are the manifest as the job runner writes it.
type manifestJSON struct {
	Workspace *string              `json:"workspace"`
	Repo      *string              `json:"repo"`
	Outputs   map[string]entryJSON `json:"outputs"`
}

type entryJSON struct {
	Level       *string  `json:"level"`
	JobID       *string  `json:"job_id"`
	JobRequest  *string  `json:"job_request"`
	Action      *string  `json:"action"`
	User        *string  `json:"user"`
	Repo        *string  `json:"repo"`
	Commit      *string  `json:"commit"`
	Size        *float64 `json:"size"`
	Timestamp   *float64 `json:"timestamp"`
	ContentHash *string  `json:"content_hash"`
	Excluded    *bool    `json:"excluded"`
	Message     *string  `json:"message"`
	RowCount    *float64 `json:"row_count"`
	ColCount    *float64 `json:"col_count"`
	OldAction   *bool    `json:"out_of_date_action"`
	OldOutput   *bool    `json:"out_of_date_output"`
}

// ReadManifest reads a metadata/manifest.json. Every field may be absent or
// null, "outputs" included. An error is a reason in plain words that quotes
// nothing of the file.
func ReadManifest(data []byte) (*Manifest, error) {
	if len(data) > maxManifestBytes {
		return nil, fmt.Errorf("manifest.json: the file is larger than %d MB", maxManifestBytes>>20)
	}
	var j manifestJSON
	if err := strictjson.Unmarshal(data, &j); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	if len(j.Outputs) > maxManifestOutputs {
		return nil, fmt.Errorf("manifest.json: it lists more than %d outputs", maxManifestOutputs)
	}
	m := &Manifest{Workspace: deref(j.Workspace), Repo: deref(j.Repo), Outputs: make(map[string]Entry, len(j.Outputs))}
	for p, e := range j.Outputs {
		if !cleanPath(p) {
			m.Skipped++
			continue
		}
		m.Outputs[p] = e.entry()
	}
	return m, nil
}

func (e *entryJSON) entry() Entry {
	return Entry{
		Level: Level(deref(e.Level)), JobID: deref(e.JobID), JobRequest: deref(e.JobRequest),
		Action: deref(e.Action), User: deref(e.User), Repo: deref(e.Repo),
		Commit: hexOf(deref(e.Commit), 40), Size: deref(whole(e.Size)),
		Timestamp: timestamp(e.Timestamp), ContentHash: hexOf(deref(e.ContentHash), 64),
		Excluded: deref(e.Excluded), Message: deref(e.Message),
		Rows: whole(e.RowCount), Columns: whole(e.ColCount),
		OutOfDate: deref(e.OldAction) || deref(e.OldOutput),
	}
}

// Paths lists the outputs' paths in order.
func (m *Manifest) Paths() []string {
	out := make([]string, 0, len(m.Outputs))
	for p := range m.Outputs {
		out = append(out, p)
	}
	sort.Strings(out)
	return out
}

// cleanPath says whether p is a relative path inside a workspace, written the
// one way it can be.
func cleanPath(p string) bool {
	return p != "" && len(p) <= maxPath && utf8.ValidString(p) && !strings.ContainsAny(p, "\x00\\") &&
		p != "." && p == path.Clean(p) && p[0] != '/' && p != ".." && !strings.HasPrefix(p, "../")
}

func deref[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}

// whole turns a JSON number into a count; what is not one is as good as absent.
func whole(f *float64) *int64 {
	if f == nil || !(*f >= 0 && *f < 1<<53) || *f != math.Trunc(*f) {
		return nil
	}
	n := int64(*f)
	return &n
}

// hexOf returns s in lower case when it is n hex digits, else "".
func hexOf(s string, n int) string {
	if len(s) != n {
		return ""
	}
	if _, err := hex.DecodeString(s); err != nil {
		return ""
	}
	return strings.ToLower(s)
}

// timestamp reads seconds since 1970 with a fraction. Years beyond 9999 do not
// survive being written down, so they count as absent.
func timestamp(f *float64) time.Time {
	if f == nil || !(*f > 0 && *f < 253_402_300_800) {
		return time.Time{}
	}
	return time.UnixMicro(int64(math.Round(*f * 1e6))).UTC()
}
