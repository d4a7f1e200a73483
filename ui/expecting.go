package ui

import (
	"fmt"
	"slices"
	"strings"

	"sallyport/checks"
	"sallyport/policy"
	"sallyport/review"
)

// A question is what a checker can be expected to ask of a request as it stands,
// by rule: no likelihood is computed, and none is claimed.
type question struct {
	Ask     string // what they will ask
	Because string // what in the request makes them ask
	Link    string // where to answer it beforehand
}

// mostOutputs is how many outputs a request holds before a checker asks whether
// all of them are needed: the guidance asks for as few as possible.
const mostOutputs = 10

// questions are what checkers will ask, the weightiest first.
func (u *UI) questions(v *review.View) []question {
	out := u.askedOfFindings(v)
	out = append(out, askedOfFiles(v)...)
	for i := range v.Groups {
		out = append(out, u.askedOfGroup(v, &v.Groups[i])...)
	}
	if strings.TrimSpace(v.Request.Concerns) == "" {
		out = append(out, question{"What could identify somebody, alone or together with other data?", "No disclosure concerns are written. “None that I see” is an answer.",
			requestPath(v.Request.ID) + "/details#field-concerns"})
	}
	return out
}

// askedOfFindings has one question for each check with findings unanswered.
func (u *UI) askedOfFindings(v *review.View) []question {
	var out []question
	at, files := map[string]int{}, map[string]map[string]bool{}
	open := u.unanswered(v)
	slices.SortStableFunc(open, func(a, b openFinding) int { return b.Severity.Rank() - a.Severity.Rank() })
	for _, f := range open {
		if files[f.Check] == nil {
			q := question{Link: requestPath(v.Request.ID) + "/findings#check-" + f.Check}
			title := f.Check
			if c, ok := checks.Lookup(f.Check); ok {
				title = c.Title
			}
			if q.Ask = "Why is it right to release this: “" + title + "”?"; f.Severity == policy.Block {
				q.Ask = "Please mend this, or say why it is no disclosure: “" + title + "”."
			}
			at[f.Check], files[f.Check] = len(out), map[string]bool{}
			out = append(out, q)
		}
		files[f.Check][f.File.File.Path] = true
		out[at[f.Check]].Because = fmt.Sprintf("A %s in %s has no answer yet.", strings.ToLower(severityWords(f.Severity)), plural(len(files[f.Check]), "file", "files"))
		if f.Severity == policy.Block {
			out[at[f.Check]].Because = fmt.Sprintf("It contradicts a rule on its face, in %s, and has no answer yet.", plural(len(files[f.Check]), "file", "files"))
		}
	}
	return out
}

func askedOfFiles(v *review.View) []question {
	var out []question
	n := 0
	for i := range v.Groups {
		for _, f := range v.Groups[i].Files {
			if f.File.Kind != review.Output {
				continue
			}
			n++
			link, name := filePath(v.Request.ID, f.File.ID), printable(baseName(f.File.Path))
			if t := tallyOf(f.Report); t.Incomplete != "" {
				out = append(out, question{"What does " + name + " hold? They must read it line by line.", "The checks could not read it to its end.", link + "#findings"})
			}
			if f.Report == nil {
				continue
			}
			if k, m := f.Report.Understood(); m > k {
				out = append(out, question{"What do all the columns of " + name + " mean?",
					fmt.Sprintf("The checks understood %d of its %s.", k, plural(m, "numeric column", "numeric columns")),
					groupPath(v.Request.ID, v.Groups[i].Group.ID) + "#field-variables"})
			}
			if f.Changed == "changed" {
				out = append(out, question{"Is this the right version of " + name + "?", "The file in the workspace has changed since it was added.", link + "#file-actions"})
			}
		}
	}
	if n > mostOutputs {
		out = append(out, question{fmt.Sprintf("Are all %d outputs needed for the purpose?", n), "As few files as possible should be requested.", workspacePath(v.Request.Workspace)})
	}
	return out
}

// askedOfGroup asks for what the guidance already hints at beside the form.
func (u *UI) askedOfGroup(v *review.View, g *review.GroupView) []question {
	var out []question
	about, controls := u.service.Fields(g.Group)
	for _, x := range append(guides(about, g.Group.Context), guides(controls, g.Group.Controls)...) {
		if !x.Done || len(x.Hints) == 0 {
			continue // what is missing altogether is listed as such
		}
		out = append(out, question{"More about “" + x.Label + "” of " + printable(g.Group.Name) + ", please.", x.Hints[0], groupPath(v.Request.ID, g.Group.ID) + "#field-" + pathSegment(x.ID)})
	}
	return out
}
