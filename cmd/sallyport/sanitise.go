package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"sallyport/cmd/sallyport/internal/input"
	"sallyport/cmd/sallyport/internal/report"
	"sallyport/policy"
	"sallyport/review"
)

type sanitiseCommand struct {
	Out    string   `required:"" placeholder:"DIR" help:"Folder to write to. It is made when missing; files in it are not overwritten."`
	Format string   `enum:"text,json" default:"text" help:"Output format: ${enum}."`
	Policy string   `placeholder:"FILE" help:"Policy whose size limit applies, instead of the embedded default."`
	Paths  []string `arg:"" name:"path" help:"Files and folders."`
}

func (sanitiseCommand) Help() string {
	return `Each file keeps its name below the folder that was given. What cannot be
cleaned is not written, and the exit status is then 1.`
}

// cleaned is what became of one file.
type cleaned struct {
	Path      string           `json:"path"`
	Out       string           `json:"out,omitempty"` // below --out
	MediaType string           `json:"media_type,omitempty"`
	Size      int              `json:"size"`
	Changed   bool             `json:"changed"`
	Removed   []review.Removal `json:"removed"`
	Problem   string           `json:"problem,omitempty"` // why nothing was written
}

func (c sanitiseCommand) Run(ctx context.Context, a *app) error {
	p, err := loadPolicy(c.Policy)
	if err != nil {
		return err
	}
	entries, skipped, err := input.Collect(ctx, c.Paths)
	if err != nil {
		return err
	}
	if err := distinct(entries); err != nil {
		return err
	}
	out, err := openOut(c.Out, c.Paths)
	if err != nil {
		return err
	}
	defer out.Close()
	results := make([]cleaned, 0, len(entries))
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		r, err := cleanOne(out, sanitiser{}, p, e)
		if err != nil {
			return err
		}
		results = append(results, r)
	}
	return c.print(a, results, skipped)
}

// distinct refuses two inputs that would be written to one name.
func distinct(entries []input.Entry) error {
	from := map[string]string{}
	for _, e := range entries {
		if other, ok := from[e.Below]; ok {
			return fmt.Errorf("%s and %s would both be written as %s: run them apart", other, e.Path, e.Below)
		}
		from[e.Below] = e.Path
	}
	return nil
}

// openOut opens the folder to write to, as a root that no name or link leads
// out of. It may be neither an input folder nor inside one, nor hold one:
// writing must never change what is read.
func openOut(dir string, inputs []string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	out, err := realPath(dir)
	if err != nil {
		return nil, err
	}
	for _, in := range inputs {
		given, err := realPath(in)
		if err != nil {
			return nil, err
		}
		if within(given, out) || within(out, given) {
			return nil, fmt.Errorf("--out %s overlaps the input %s: name a folder apart", dir, in)
		}
	}
	return os.OpenRoot(out)
}

func realPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// cleanOne cleans one file and writes the result. An error is one of output; a
// file that cannot be read or cleaned is a result with a problem.
func cleanOne(out *os.Root, s review.Sanitiser, p *policy.Policy, e input.Entry) (cleaned, error) {
	res := cleaned{Path: e.Path, Removed: []review.Removal{}}
	data, err := readInput(e, p.Files.MaxBytes)
	if err != nil {
		res.Problem = err.Error()
		return res, nil
	}
	clean, mediaType, removed, err := s.Sanitise(filepath.ToSlash(e.Below), data)
	if err != nil {
		res.Problem = err.Error()
		return res, nil
	}
	if err := writeNew(out, e.Below, clean); err != nil {
		return res, err
	}
	res.Out, res.MediaType, res.Size = e.Below, mediaType, len(clean)
	res.Changed = !bytes.Equal(data, clean)
	res.Removed = append(res.Removed, removed...)
	return res, nil
}

func readInput(e input.Entry, maxBytes int64) ([]byte, error) {
	r, err := e.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, errors.New("the file could not be read")
	}
	if int64(len(data)) > maxBytes {
		return nil, fmt.Errorf("the file is larger than the %d bytes that the policy allows", maxBytes)
	}
	return data, nil
}

// writeNew writes a file that must not exist yet.
func writeNew(out *os.Root, name string, data []byte) error {
	if err := out.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := out.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

func (c sanitiseCommand) print(a *app, results []cleaned, skipped []input.Skipped) error {
	var err error
	if c.Format == "json" {
		err = report.JSON(a.stdout, struct {
			Schema  string          `json:"schema"`
			Files   []cleaned       `json:"files"`
			Skipped []input.Skipped `json:"skipped,omitempty"`
		}{"1", results, skipped})
	} else {
		_, err = io.WriteString(a.stdout, sanitiseText(results, skipped))
	}
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Problem != "" {
			return errFindings
		}
	}
	return nil
}

func sanitiseText(results []cleaned, skipped []input.Skipped) string {
	var b strings.Builder
	written := 0
	for _, r := range results {
		fmt.Fprintf(&b, "%s\n", report.Safe(r.Path))
		switch {
		case r.Problem != "":
			fmt.Fprintf(&b, "  NOT WRITTEN  %s\n", report.Safe(r.Problem))
			continue
		case !r.Changed:
			fmt.Fprint(&b, "  unchanged\n")
		}
		written++
		for _, removed := range r.Removed {
			fmt.Fprintf(&b, "  %s: %d%s\n", report.Safe(removed.What), removed.Count, where(removed.Where))
		}
	}
	for _, s := range skipped {
		fmt.Fprintf(&b, "%s\n  not looked at: %s\n", report.Safe(s.Path), s.Reason)
	}
	fmt.Fprintf(&b, "%d of %d files written.\n", written, len(results))
	return b.String()
}

func where(s string) string {
	if s == "" {
		return ""
	}
	return " (" + report.Safe(s) + ")"
}
