package review

import (
	"slices"
	"time"

	"sallyport/policy"
)

// Release is what leaves, and why it may: written once, when the request is
// approved, and never changed but for Delivered, Location and Deliveries.
type Release struct {
	ID        string // unguessable; names the package
	Request   RequestID
	Workspace WorkspaceName
	Project   ProjectID
	Author    Username
	Title     string
	Purpose   string
	Policy    policy.Ref
	Findings  Digest // of the findings in force at the decision
	Approved  time.Time
	By        Username // who pressed release
	Checkers  []Username
	Files     []ReleasedFile
	Delivered time.Time // zero until the package is out, at every sink
	Location  string    // at the first of its sinks
	// Deliveries has one for each sink that there was at the approval, in the
	// order of the configuration. Which they are never changes.
	Deliveries []Delivery
	// Recalled says what of it was recalled since; nil for nothing.
	Recalled *Recall
}

// Delivery is a release at one sink.
type Delivery struct {
	Sink     string    `json:"sink"`
	At       time.Time `json:"at,omitzero"` // zero until it is there
	Location string    `json:"location,omitempty"`
}

// At is the release's delivery at a sink; nil when it was not to go there.
func (r *Release) At(sink string) *Delivery {
	for i := range r.Deliveries {
		if r.Deliveries[i].Sink == sink {
			return &r.Deliveries[i]
		}
	}
	return nil
}

// Complete reports whether the release is at all its sinks.
func (r *Release) Complete() bool {
	return !slices.ContainsFunc(r.Deliveries, func(d Delivery) bool { return d.At.IsZero() })
}

// ReleasedFile is one file of a release.
type ReleasedFile struct {
	Path      string     `json:"path"`
	SHA256    Digest     `json:"sha256"` // of the bytes that leave
	Size      int64      `json:"size"`
	Original  Digest     `json:"original_sha256"` // before cleaning
	Group     string     `json:"group"`
	Approvals []Approval `json:"approvals"`
}

// Approval is one checker's approval of exactly those bytes.
type Approval struct {
	Checker Username  `json:"checker"`
	Name    string    `json:"name"`
	At      time.Time `json:"at"`
}
