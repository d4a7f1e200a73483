package provenance

import (
	"bytes"
	"strings"
	"time"
)

// summaryMark starts the job runner's trailer at the end of a log.
const summaryMark = "=============JOB SUMMARY============="

// Log is an action's log as the job runner keeps it.
type Log struct {
	// Body is the last part of what the action printed, above the summary:
	// whole lines, at most the bytes asked for. Its text is hostile.
	Body string
	// Left says how many lines before it were left out.
	Left int
	// State is how the job ended ("succeeded", "failed"), "" when not said.
	State   string
	JobID   string
	Commit  string
	Created time.Time // zero when not said
	Started time.Time
	Ended   time.Time
	Summary []Fact // every line of the summary, in order
}

// Fact is one line of a log's summary.
type Fact struct{ Name, Value string }

// maxFacts bounds the summary that is read.
const maxFacts = 200

// ReadLog reads a log, keeping at most the given bytes of its body. A log
// without a summary is one whose job has not ended, or was cut off.
func ReadLog(data []byte, most int) *Log {
	l := &Log{}
	body := data
	if at := bytes.LastIndex(data, []byte(summaryMark)); at >= 0 {
		body = data[:at]
		l.readSummary(string(data[at+len(summaryMark):]))
	}
	l.keep(strings.ToValidUTF8(strings.TrimRight(string(body), " \r\n"), "\uFFFD"), most)
	return l
}

// keep cuts the body to its last whole lines.
func (l *Log) keep(body string, most int) {
	if len(body) <= most {
		l.Body = body
		return
	}
	cut := len(body) - most
	if nl := strings.IndexByte(body[cut:], '\n'); nl >= 0 {
		cut += nl + 1
	}
	l.Left = strings.Count(body[:cut], "\n")
	l.Body = strings.ToValidUTF8(body[cut:], "\uFFFD")
}

func (l *Log) readSummary(text string) {
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok || len(l.Summary) >= maxFacts {
			continue
		}
		f := Fact{strings.TrimSpace(name), strings.ToValidUTF8(strings.TrimSpace(value), "\uFFFD")}
		l.Summary = append(l.Summary, f)
		switch f.Name {
		case "state":
			l.State = f.Value
		case "job_id":
			l.JobID = f.Value
		case "commit":
			l.Commit = hexOf(f.Value, 40)
		case "created_at":
			l.Created = moment(f.Value)
		case "started_at":
			l.Started = moment(f.Value)
		case "completed_at":
			l.Ended = moment(f.Value)
		}
	}
}

// moment reads a time as job runners write it: RFC 3339, or seconds since 1970.
func moment(s string) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC()
	}
	if t, err := time.Parse("2006-01-02 15:04:05", s); err == nil {
		return t.UTC()
	}
	return time.Time{}
}
