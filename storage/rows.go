package storage

import (
	"encoding/json"
	"fmt"
	"time"

	"sallyport/checks/provenance"
	"sallyport/policy"
	"sallyport/review"
)

// A row is one row of a table: flat, and comparable, so that a changed row is
// known by ==. Its fields are named after its columns.

type requestRow struct {
	ID               string
	Version          int64
	Workspace        string
	Project          string
	Author           string
	Status           string
	Turn             int
	Title            string
	ProjectNumber    string
	Repository       string
	Purpose          string
	Concerns         string
	Checklist        string
	PolicyName       string
	PolicyVersion    string
	PolicySHA256     string `gorm:"column:policy_sha256"`
	PermittedResults string
	ReportSet        string
	ReportPolicy     string
	ReportEngine     string
	Findings         string
	Worst            string
	Created          int64
	Updated          int64
	Submitted        int64
	Due              int64
	Decided          int64
	Released         int64
	Acknowledgements string
	Reused           string
}

func (requestRow) TableName() string { return "requests" }

type groupRow struct {
	Request      string `gorm:"primaryKey"`
	ID           string `gorm:"primaryKey"`
	Position     int
	Name         string
	Context      string
	Controls     string
	Pattern      string
	PatternCount int
	Intermediate bool
}

func (groupRow) TableName() string { return "request_groups" }

type fileRow struct {
	Request     string `gorm:"primaryKey"`
	ID          string `gorm:"primaryKey"`
	GroupID     string
	Position    int
	Path        string
	Kind        string
	Digest      string
	Size        int64
	Release     string
	ReleaseSize int64
	MediaType   string
	Cleaning    string
	CleanError  string
	Origin      string
	Added       int64
	Checkers    string
	Exceptions  string
	Previous    string
	PastVotes   string
}

func (fileRow) TableName() string { return "request_files" }

type voteRow struct {
	Request  string `gorm:"primaryKey"`
	File     string `gorm:"primaryKey"`
	Checker  string `gorm:"primaryKey"`
	Position int
	Decision string
	Reason   string
	Turn     int
	At       int64
	Basis    string

	Earlier       string
	EarlierReason string
}

func (voteRow) TableName() string { return "request_votes" }

type seatRow struct {
	Request   string `gorm:"primaryKey"`
	Checker   string `gorm:"primaryKey"`
	Position  int
	Assigned  int64
	Why       string
	Submitted int64

	Specialist bool
	Reminded   int64
}

func (seatRow) TableName() string { return "request_seats" }

type commentRow struct {
	Request     string `gorm:"primaryKey"`
	ID          string `gorm:"primaryKey"`
	Position    int
	GroupID     string
	File        string
	Author      string
	ByChecker   bool
	Visibility  string
	Text        string
	Turn        int
	At          int64
	Independent bool
	Line        int
	Col         int
	Published   int64
}

func (commentRow) TableName() string { return "request_comments" }

// originJSON is how a file's origin is kept.
type originJSON struct {
	Level      string `json:"level,omitempty"`
	Path       string `json:"path,omitempty"`
	Action     string `json:"action,omitempty"`
	JobID      string `json:"job_id,omitempty"`
	JobRequest string `json:"job_request,omitempty"`
	User       string `json:"user,omitempty"`
	Repo       string `json:"repo,omitempty"`
	Commit     string `json:"commit,omitempty"`
	Created    int64  `json:"created,omitempty"`
	OutOfDate  bool   `json:"out_of_date,omitempty"`
	Excluded   string `json:"excluded,omitempty"`
	Why        string `json:"why,omitempty"`
}

// micros is a time as it is kept: microseconds since 1970, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// moment is the time that micros was given, to the microsecond, in UTC.
func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// encode makes the JSON of lists and maps of strings and numbers, which cannot
// fail. An empty one is always the same text, whether nil or not.
func encode[T ~[]E, E any](list T) string {
	if len(list) == 0 {
		return "[]"
	}
	return object(list)
}

func encodeMap(m map[string]string) string {
	if len(m) == 0 {
		return "{}"
	}
	return object(m)
}

func object(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("storage: a %T has no JSON: %v", v, err)) // a fault of this package
	}
	return string(text)
}

// decode reads what encode wrote, into nil when it is empty.
func decode[T any](text string) (v T, err error) {
	if text == "[]" || text == "{}" {
		return v, nil
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return v, fmt.Errorf("%w: a column's JSON: %w", review.ErrCorrupt, err)
	}
	return v, nil
}

func originText(o provenance.Origin) string {
	return object(originJSON{
		string(o.Level), o.Path, o.Action, o.JobID, o.JobRequest, o.User, o.Repo, o.Commit,
		micros(o.Created), o.OutOfDate, o.Excluded, o.Why,
	})
}

func originOf(text string) (provenance.Origin, error) {
	o, err := decode[originJSON](text)
	return provenance.Origin{
		Level: provenance.Level(o.Level), Path: o.Path, Action: o.Action, JobID: o.JobID,
		JobRequest: o.JobRequest, User: o.User, Repo: o.Repo, Commit: o.Commit,
		Created: moment(o.Created), OutOfDate: o.OutOfDate, Excluded: o.Excluded, Why: o.Why,
	}, err
}

func policyRef(name, version, sum string) policy.Ref {
	return policy.Ref{Name: name, Version: version, SHA256: sum}
}
