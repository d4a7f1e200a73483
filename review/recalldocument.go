package review

import "time"

// RecallDocument is a recall report as it is kept outside: schema
// "sallyport-recall/1". Times are UTC.
type RecallDocument struct {
	Schema    string           `json:"schema"`
	Made      time.Time        `json:"made"`
	Release   string           `json:"release"`
	Request   RequestID        `json:"request"`
	Workspace WorkspaceName    `json:"workspace"`
	Project   ProjectID        `json:"project"`
	Requester Username         `json:"requester"`
	Purpose   string           `json:"purpose"`
	Policy    string           `json:"policy_sha256"`
	Whole     bool             `json:"whole" doc:"no file of the release stands"`
	Files     []RecallFile     `json:"files"`
	Reports   []RecallReported `json:"reports" doc:"oldest first"`
	Delivered []RecallDelivery `json:"delivered"`
	Waiting   []string         `json:"waiting" doc:"places that have not answered yet"`
	Withdrawn time.Time        `json:"withdrawn,omitzero" doc:"when the last place had taken it back; not there while one has not, or cannot"`
	Seen      []RecallSeen     `json:"seen" doc:"who viewed or downloaded recalled files here"`
}

// RecallFile is one released file in a report.
type RecallFile struct {
	Path      string     `json:"path"`
	SHA256    Digest     `json:"sha256" doc:"of the bytes that left"`
	Size      int64      `json:"size"`
	Original  Digest     `json:"original_sha256" doc:"before cleaning"`
	Approvals []Approval `json:"approvals"`
	Recalled  bool       `json:"recalled"`
}

// RecallDelivery is one place that the release went to.
type RecallDelivery struct {
	Place    string    `json:"place"`
	At       time.Time `json:"at,omitzero" doc:"not there when it never arrived"`
	Location string    `json:"location,omitzero"`
}

// RecallReported is one report of a breach.
type RecallReported struct {
	ID          string              `json:"id"`
	At          time.Time           `json:"at"`
	By          Username            `json:"by"`
	Files       []string            `json:"files"`
	Words       string              `json:"words"`
	Severity    RecallSeverity      `json:"severity"`
	Discovered  time.Time           `json:"discovered"`
	Withdrawals []RecallWithdrawal  `json:"withdrawals"`
	Notes       []RecallNoteWritten `json:"notes"`
}

// RecallWithdrawal is what one place did.
type RecallWithdrawal struct {
	Place string    `json:"place"`
	At    time.Time `json:"at"`
	Done  bool      `json:"done"`
	Words string    `json:"words"`
}

// RecallNoteWritten is one note.
type RecallNoteWritten struct {
	At    time.Time `json:"at"`
	By    Username  `json:"by"`
	Words string    `json:"words"`
}

// RecallSeen is one view or download.
type RecallSeen struct {
	At      time.Time `json:"at"`
	By      Username  `json:"by"`
	Path    string    `json:"path"`
	SHA256  Digest    `json:"sha256"`
	What    EventType `json:"what"`
	Purpose Purpose   `json:"purpose"`
}

// Document is the report as a document.
func (rep *RecallReport) Document() RecallDocument {
	rel := rep.Release
	doc := RecallDocument{
		Schema: "sallyport-recall/1", Made: rep.Made.UTC(), Release: rel.ID, Request: rel.Request, Workspace: rel.Workspace,
		Project: rel.Project, Requester: rel.Author, Purpose: rel.Purpose, Policy: rel.Policy.SHA256, Whole: rel.Recalled.Whole,
		Files: []RecallFile{}, Reports: []RecallReported{}, Delivered: []RecallDelivery{}, Waiting: append([]string{}, rep.Waiting...),
		Withdrawn: rep.Withdrawn, Seen: []RecallSeen{},
	}
	for _, f := range rel.Files {
		doc.Files = append(doc.Files, RecallFile{f.Path, f.SHA256, f.Size, f.Original, f.Approvals, rel.Recalled.Covers(f.Path)})
	}
	for _, d := range rel.Deliveries {
		doc.Delivered = append(doc.Delivered, RecallDelivery{d.Sink, d.At, d.Location})
	}
	for _, b := range rel.Recalled.Reports {
		out := RecallReported{ID: b.ID, At: b.At, By: b.By, Files: b.Files, Words: b.Words, Severity: b.Severity, Discovered: b.Discovered,
			Withdrawals: []RecallWithdrawal{}, Notes: []RecallNoteWritten{}}
		for _, w := range b.Withdrawals {
			out.Withdrawals = append(out.Withdrawals, RecallWithdrawal{w.Sink, w.At, w.Done, w.Words})
		}
		for _, n := range b.Notes {
			out.Notes = append(out.Notes, RecallNoteWritten{n.At, n.By, n.Words})
		}
		doc.Reports = append(doc.Reports, out)
	}
	for _, s := range rep.Seen {
		doc.Seen = append(doc.Seen, RecallSeen{s.At, s.By, s.Path, s.Digest, s.What, s.Purpose})
	}
	return doc
}
