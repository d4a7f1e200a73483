package checks

import (
	"io"

	"sallyport/checks/acro"
	"sallyport/checks/markup"
	"sallyport/checks/provenance"
	"sallyport/checks/raster"
	"sallyport/checks/table"
	"sallyport/checks/text"
)

// File is one input. Path is a name to show and to take the extension from; it
// is never opened. Open may be called more than once.
type File struct {
	Path string
	Open func() (io.ReadCloser, error)

	// Supporting files are reviewed with the outputs they underlie and never
	// released.
	Supporting bool
	// Group names the group of files it was filed in; files of one group share
	// a context. "" when there are no groups.
	Group string
	// Context is what the researcher wrote about the group, searched for such
	// things as a population size. May be empty.
	Context string
	// Origin is where the file comes from, when a workspace is known.
	Origin *provenance.Origin
}

// Set is the files to check together: they may give each other away.
type Set struct {
	Files   []File
	Earlier []File // released before from the same workspace
	// Workspace says that Origins were looked up: a file without one is then of
	// unknown level, which is a finding.
	Workspace bool

	// Urgent says that somebody waits for the report: where runs wait for one
	// another, those that are urgent go first.
	Urgent bool
	// Begun, when set, is told when work on a file begins, by its place in Files;
	// the places of Earlier follow, and one more is comparing the files with one
	// another. Done is told when a file was examined by itself, with what is known
	// of it by then; nil for files of Earlier. Both are called by several
	// goroutines.
	Begun func(at int)
	Done  func(at int, r *FileReport)
}

// Type is what a file is by its content.
type Type string

// The types that have a reader. Any other content gets a type named by its
// signature ("pdf", "zip", "binary", ...), which no policy allows.
const (
	TypeText Type = "text" // includes CSV: by content the two are one
	TypeJSON Type = "json"
	TypeSVG  Type = "svg"
	TypeHTML Type = "html"
	TypePNG  Type = "png"
	TypeJPEG Type = "jpeg"
)

// Document is one file, read once. Checks share it and change nothing in it.
type Document struct {
	File   *File
	Path   string
	Ext    string // lower-case extension with its dot
	SHA256 string // hex; "" when the file was too large to read
	Size   int64
	Type   Type
	Data   []byte         // the bytes, at most the policy's max_bytes; nil in facts kept for cross-file checks
	Tables []*table.Table // from CSV, HTML, JSON or printed text, in document order; their Sources' Records are dropped

	// CSV is what the CSV reader noticed, even of a file that it could not read;
	// nil for other files.
	CSV *table.Info
	// Text is what a person reads in a log or other text; nil for other files. A
	// reader of markup may set it to the text that its page shows. Of facts kept
	// for cross-file checks it has its phrases and its first line only.
	Text *text.Text
	// Page, Drawing and Picture are what was read of an HTML report, an SVG and a
	// PNG or JPEG; nil for other files, and in facts kept for cross-file checks.
	Page    *markup.Page
	Drawing *markup.Drawing
	Picture *raster.Image
	// Acro is the record of an ACRO session, when the file is one.
	Acro *acro.Results
	// Unread is why the file's contents could not be examined; nil when they
	// were. The checks still run, on what there is, and the file is incomplete.
	Unread error
	// TooLarge says that the file was over the policy's max_bytes and refused
	// without being read: Data holds its beginning only.
	TooLarge bool

	printed []float64  // numbers printed in a drawing that are no axis, at most 1,000
	audits  *auditMemo // of the tables, made once for the checks that share it
}
