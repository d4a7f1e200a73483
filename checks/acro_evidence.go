package checks

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"sallyport/checks/acro"
	"sallyport/policy"
)

var acroEvidence = Check{
	Name: "acro-evidence", Version: 1, Title: "What ACRO says of an output",
	Doc: "ACRO and SACRO check outputs as they are made, and write down what they found. The record is shown beside this service's own findings. " +
		"It adds to them and never takes any away: it is written where the outputs are, by whoever makes them.",
	Source:  "ACRO documentation: results.json, checksums and risk appetite.",
	Example: "status fail with two cells under the threshold and no exception: reported on the file. A type of custom: noted, for ACRO then checked nothing.",
	FixR: `acro_enable_suppression()
acro_crosstab(df$sex, df$region)
# or give the reason: acro_add_exception("output_0", "why it is safe all the same")`,
	FixPy: `acro.enable_suppression()
acro.crosstab(df["sex"], df["region"])
# or give the reason: acro.add_exception("output_0", "why it is safe all the same")`,
	Kinds: []Kind{
		{"fail", policy.Warn, "ACRO says that the output fails, and no exception is asked for"},
		{"exception", policy.Note, "ACRO says that the output fails, and the researcher asks for an exception"},
		{"review", policy.Note, "ACRO asks for a person to look at it"},
		{"dof", policy.Warn, "ACRO records fewer degrees of freedom than the policy asks for"},
		{"custom", policy.Note, "ACRO checked nothing of it"},
		{"checksum", policy.Warn, "the file is not the one that ACRO wrote"},
	},
	Set: func(p *SetPass) error {
		for _, d := range p.Docs {
			if d.Acro != nil {
				for i := range d.Acro.Outputs {
					for k := range d.Acro.Outputs[i].Files {
						acroFile(p, d, &d.Acro.Outputs[i], &d.Acro.Outputs[i].Files[k])
					}
				}
			}
		}
		return nil
	},
}

// acroFile reports what a record says of one file, on the file itself when it
// is in the set, else on the record.
func acroFile(p *SetPass, record *Document, o *acro.Output, f *acro.File) {
	d := recorded(p.Docs, record, f.Name)
	at := record.Path
	if d != nil {
		at = d.Path
		acroChecksum(p, record, d, f.Name)
	}
	ev := map[string]any{"output": short(o.UID), "status": short(o.Status), "type": short(o.Type), "file": short(f.Name)}
	for _, test := range slices.Sorted(maps.Keys(f.Cells)) {
		ev["cells: "+short(test)] = len(f.Cells[test])
	}
	if d != nil {
		compareCells(p, d, f, ev)
	}
	say := func(kind, message string) { p.Report(at, Finding{Kind: kind, Message: message, Evidence: ev}) }
	switch {
	case o.Type == "custom":
		say("custom", fmt.Sprintf("ACRO lists %q as custom: it checked nothing of it.", short(f.Name)))
	case o.Status == "fail" && o.Exception == "":
		say("fail", fmt.Sprintf("ACRO says that %q fails%s.", short(f.Name), failing(f)))
	case o.Status == "fail":
		ev["exception"] = short(o.Exception)
		say("exception", fmt.Sprintf("ACRO says that %q fails%s; an exception is asked for.", short(f.Name), failing(f)))
	case o.Status == "review":
		say("review", fmt.Sprintf("ACRO asks for a person to look at %q%s.", short(f.Name), failing(f)))
	}
	if o.DOF != nil && *o.DOF < float64(p.Policy.Models.DFMin) {
		ev["dof"] = *o.DOF
		say("dof", fmt.Sprintf("ACRO records %g residual degrees of freedom, under %d.", *o.DOF, p.Policy.Models.DFMin))
	}
}

// failing lists the tests that cells of the file failed.
func failing(f *acro.File) string {
	var out []string
	for _, test := range slices.Sorted(maps.Keys(f.Cells)) {
		out = append(out, fmt.Sprintf("%s %s", counted(len(f.Cells[test]), "cell"), short(test)))
	}
	if out == nil {
		return ""
	}
	return ": " + strings.Join(out, ", ")
}

// recorded finds a file that a record names: beside it, or the only one of that name.
func recorded(docs []*Document, record *Document, name string) *Document {
	want := path.Join(path.Dir(record.Path), name)
	var same []*Document
	for _, d := range docs {
		if d.Path == want {
			return d
		}
		if path.Base(d.Path) == path.Base(name) && d != record {
			same = append(same, d)
		}
	}
	if len(same) == 1 {
		return same[0]
	}
	return nil
}

// acroChecksum compares a file with checksums/<name>.txt beside the record.
func acroChecksum(p *SetPass, record, d *Document, name string) {
	want := path.Join(path.Dir(record.Path), "checksums", name+".txt")
	for _, c := range p.Docs {
		if c.Path != want || c.Text == nil || len(c.Text.Lines) == 0 {
			continue
		}
		sum, _, _ := strings.Cut(strings.TrimSpace(c.Text.Lines[0]), " ")
		if len(sum) == 64 && !strings.EqualFold(sum, d.SHA256) {
			p.Report(d.Path, Finding{Kind: "checksum", Message: "The file is not the one that ACRO wrote: its checksum is another.",
				Evidence: map[string]any{"acro": strings.ToLower(sum), "file": d.SHA256}})
		}
	}
}

// compareCells says which small counts ACRO and this service both point at.
// ACRO's positions are those of a data frame: its index stands in the leading
// columns of the file. Where they do not fit, nothing is compared.
func compareCells(p *SetPass, d *Document, f *acro.File, ev map[string]any) {
	at := f.Threshold()
	if len(d.Tables) != 1 || len(at) == 0 {
		return
	}
	t := d.Tables[0]
	depth := 0
	for depth < len(t.Columns) && t.Columns[depth].Role.Dimension() {
		depth++
	}
	theirs := map[[2]int]bool{}
	for _, x := range at {
		if x[0] >= t.Rows || depth+x[1] >= len(t.Columns) {
			ev["compared"] = "no: the positions do not fit the table"
			return
		}
		theirs[[2]int{x[0], depth + x[1]}] = true
	}
	both, ours := 0, 0
	for _, c := range t.Columns[depth:] {
		for i := range c.Cells {
			if v, ok := c.Whole(i); ok && v > 0 && v <= int64(p.Policy.Counts.Threshold) && c.Role.CountLike() {
				ours++
				if theirs[[2]int{i, c.Index}] {
					both++
				}
			}
		}
	}
	ev["compared"] = fmt.Sprintf("both %d, ACRO only %d, service only %d", both, len(theirs)-both, ours-both)
}
