// Package provenance reads what a workspace says about its own files: the
// pipeline (project.yaml, versions 1 to 5) with the level each output pattern
// has, and the job runner's manifest (metadata/manifest.json). Both are hostile
// input and are read under limits.
package provenance

import "time"

// Level is the sensitivity a pipeline gives an output.
type Level string

const (
	Highly     Level = "highly_sensitive"     // may never be viewed or requested
	Moderately Level = "moderately_sensitive" // the only level that may be requested
	Minimally  Level = "minimally_sensitive"
	Unknown    Level = "" // no pattern covers it: not releasable
)

// Origin is where one file came from, as far as the workspace can tell.
type Origin struct {
	Level      Level
	Path       string // path of the output the file is a copy of, "output/t.csv"
	Action     string
	JobID      string
	JobRequest string
	User       string
	Repo       string
	Commit     string // 40 hex digits, or ""
	Created    time.Time
	OutOfDate  bool   // the action or the output has been superseded
	Excluded   string // reason, when the job runner left the real file out
	// Why says in a sentence how the level was found, or why it is unknown.
	Why string
}
