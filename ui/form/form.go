package form

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sallyport/review"
)

// Limits on a form, far above what a request can hold.
const (
	maxFile   = 4 << 20 // bytes of the file as it lies on disk
	maxGroups = review.MaxFiles
	maxFiles  = 2 * review.MaxFiles // a file has a line for each exception
)

// Latest, as Form.Reuse, is the author's last released request for the
// workspace.
const Latest = "latest"

// NewestRelease begins a path that lies in whichever release folder of the
// workspace is the newest.
const NewestRelease = "{release}/"

// Form is a request as its author writes it down. What is empty is left as the
// draft has it.
type Form struct {
	Workspace     string    `yaml:"workspace"`
	Date          string    `yaml:"date,omitempty"` // when the form was made; for people
	Title         string    `yaml:"title"`
	ProjectNumber string    `yaml:"project_number"`
	Repository    string    `yaml:"repository"`
	Purpose       string    `yaml:"purpose"`
	Concerns      string    `yaml:"concerns"`
	Reuse         string    `yaml:"reuse"` // id of an earlier request, or Latest
	Groups        []Group   `yaml:"groups"`
	Checklist     Checklist `yaml:"checklist"`
}

// Group is one group of files, named one by one or by a wildcard.
type Group struct {
	Name         string            `yaml:"name"`
	Wildcard     string            `yaml:"wildcard,omitempty"`
	Count        int               `yaml:"count,omitempty"` // files that the wildcard captures
	Intermediate bool              `yaml:"intermediate,omitempty"`
	Context      map[string]string `yaml:"context"`  // by field of the policy
	Controls     map[string]string `yaml:"controls"` // by field of the policy
	Files        []File            `yaml:"files"`

	at string // line or cell
}

// File is one file of a group.
type File struct {
	Path       string          `yaml:"path"`
	Kind       review.FileKind `yaml:"kind,omitempty"` // an output when empty
	Exceptions []Exception     `yaml:"exceptions,omitempty"`

	at string // line or cell
}

// Where is the line or cell at which the group begins; "" when it was not read
// from a file.
func (g *Group) Where() string { return g.at }

// Where is the line or cell at which the file begins.
func (f *File) Where() string { return f.at }

// Exception asks for one from a check, with a reason.
type Exception struct {
	Check  string `yaml:"check"`
	Reason string `yaml:"reason"`
}

// Checklist is what the author confirms at submission.
type Checklist struct {
	PermittedResults string   `yaml:"permitted_results"` // version of the policy that was read
	Confirmed        []string `yaml:"confirmed"`         // items by id
}

// Error is what is wrong with a form, and where.
type Error struct {
	Where   string // "line 4", "sheet Files, cell B3"; "" for the whole
	Message string
}

func (e *Error) Error() string {
	if e.Where == "" {
		return e.Message
	}
	return e.Where + ": " + e.Message
}

func wrong(where, format string, args ...any) error {
	return &Error{where, fmt.Sprintf(format, args...)}
}

// Open reads the form of a file, by its extension.
func Open(name string) (*Form, error) {
	read, err := readerOf(name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	form, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return form, nil
}

func readerOf(name string) (func([]byte) (*Form, error), error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml":
		return ReadYAML, nil
	case ".xlsx":
		return ReadXLSX, nil
	case ".xlsm", ".xltm", ".xlsb", ".xls":
		return nil, fmt.Errorf("%s: a workbook that may hold macros is not read: save it as .xlsx", name)
	default:
		return nil, fmt.Errorf("%s: a form is a .yaml or an .xlsx file", name)
	}
}

// Write makes the bytes of a file of that name, which holds the form with the
// policy's help beside it.
func Write(name string, f *Form, g *Guide) ([]byte, error) {
	var b bytes.Buffer
	var err error
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml":
		err = writeYAML(&b, f, g)
	case ".xlsx":
		err = writeXLSX(&b, f, g)
	default:
		err = fmt.Errorf("%s: a form is a .yaml or an .xlsx file", name)
	}
	return b.Bytes(), err
}

// check holds a form, however it was written, to what every form must be.
func (f *Form) check() error {
	if strings.TrimSpace(f.Workspace) == "" {
		return wrong("", "the form names no workspace")
	}
	if _, err := time.Parse(time.DateOnly, f.Date); err != nil && f.Date != "" {
		return wrong("", "the date %q is not one such as 2026-12-24", f.Date)
	}
	if len(f.Groups) > maxGroups {
		return wrong("", "there are more than %d groups", maxGroups)
	}
	names, paths, files := map[string]bool{}, map[string]bool{}, 0
	for i := range f.Groups {
		g := &f.Groups[i]
		if err := g.check(); err != nil {
			return err
		}
		if names[g.Name] {
			return wrong(g.at, "the group %q is there twice", g.Name)
		}
		names[g.Name] = true
		for j := range g.Files {
			file := &g.Files[j]
			if err := file.check(); err != nil {
				return err
			}
			if paths[file.Path] {
				return wrong(file.at, "the file %q is there twice", file.Path)
			}
			paths[file.Path] = true
			files++
		}
	}
	if files > maxFiles {
		return wrong("", "there are more than %d files", maxFiles)
	}
	return nil
}

func (g *Group) check() error {
	g.Name = strings.Join(strings.Fields(g.Name), " ")
	switch {
	case g.Name == "":
		return wrong(g.at, "the group has no name")
	case g.Wildcard == "" && g.Count != 0:
		return wrong(g.at, "the group %q states a count without a wildcard", g.Name)
	case g.Wildcard != "" && (g.Count < 1 || g.Count > review.MaxFiles):
		return wrong(g.at, "the group %q must state how many files its wildcard captures, 1 to %d", g.Name, review.MaxFiles)
	case g.Wildcard == "" && len(g.Files) == 0:
		return wrong(g.at, "the group %q has neither files nor a wildcard", g.Name)
	}
	return nil
}

func (f *File) check() error {
	if f.Kind == "" {
		f.Kind = review.Output
	}
	switch {
	case strings.TrimSpace(f.Path) == "":
		return wrong(f.at, "the file has no path")
	case f.Kind != review.Output && f.Kind != review.Supporting:
		return wrong(f.at, "the kind of a file is %s or %s, not %q", review.Output, review.Supporting, f.Kind)
	}
	var seen []string
	for _, x := range f.Exceptions {
		if strings.TrimSpace(x.Check) == "" || strings.TrimSpace(x.Reason) == "" {
			return wrong(f.at, "an exception for %q needs the check and a reason", f.Path)
		}
		if slices.Contains(seen, x.Check) {
			return wrong(f.at, "two exceptions from %q for one file", x.Check)
		}
		seen = append(seen, x.Check)
	}
	return nil
}

// Guide is the policy as far as a blank form shows it.
type Guide struct {
	Context, Controls []Field
	Checklist         []Item
	PermittedResults  string // version in force
	PermittedURL      string
}

// Field is one thing to write about a group.
type Field struct{ ID, Label, Help string }

// Item is one item of the checklist.
type Item struct{ ID, Text string }
