package review

import (
	"time"

	"sallyport/policy"
)

// Release is what leaves, and why it may: written once, when the request is
// approved, and never changed but for Delivered and Location.
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
	Delivered time.Time // zero until the package is out
	Location  string
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
