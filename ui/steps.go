package ui

import (
	"slices"

	"sallyport/checks"
	"sallyport/policy"
	"sallyport/review"
)

// A step is one of the five that lead from files to a submitted request. They
// can be taken in any order; each says how far it has come.
type step struct {
	N             int
	Name, Link    string
	State         string // in words
	Done, Current bool
}

// Names of the steps, as pages say which of them they are.
const (
	stepFiles     = "Files"
	stepContext   = "Context"
	stepControls  = "Controls"
	stepFindings  = "Findings"
	stepChecklist = "Checklist"
)

// steps says how far a draft has come; nil for a request that the viewer cannot
// edit now.
func (u *UI) steps(v *review.View, current string) []step {
	if v.Relation != policy.Author || !v.Can[policy.RequestEdit] {
		return nil
	}
	id, todo := v.Request.ID, u.todo(v)
	files, open := len(outputs(v)), len(u.unanswered(v))
	list := []step{
		{Name: stepFiles, Link: workspacePath(v.Request.Workspace), Done: files > 0 && todo[stepFiles] == nil, State: plural(files, "output", "outputs")},
		{Name: stepContext, Link: requestPath(id) + "/details", Done: todo[stepContext] == nil, State: "complete"},
		{Name: stepControls, Link: firstGroup(v), Done: todo[stepControls] == nil && files > 0, State: "complete"},
		{Name: stepFindings, Link: requestPath(id) + "/findings", Done: files > 0 && open == 0 && todo[stepFindings] == nil, State: "all answered"},
		{Name: stepChecklist, Link: requestPath(id) + "/submit", State: "at the end"},
	}
	if files == 0 {
		list[0].State, list[2].State, list[3].State = "none chosen yet", "once there are files", "once there are files"
	} else if u.found(v) == 0 {
		list[3].State = "none to explain"
	}
	for i := range list {
		s := &list[i]
		s.N, s.Current = i+1, s.Name == current
		missing := todo[s.Name]
		if len(missing) > 0 {
			s.State = plural(len(missing), "thing missing", "things missing")
			if s.Name != stepFiles {
				s.Link = problemLink(v, missing[0])
			}
		} else if s.Name == stepFindings && open > 0 {
			s.State = plural(open, "to mend or explain", "to mend or explain")
		}
	}
	if len(v.Missing) == 0 {
		list[4].State = "ready to confirm"
	}
	return list
}

// groupSteps are the steps on a group's page, which has its context and below it
// its controls: the second is where one is once the first is complete.
func (u *UI) groupSteps(v *review.View) []step {
	list := u.steps(v, stepContext)
	if len(list) > 2 && list[1].Done && !list[2].Done {
		list[1].Current, list[2].Current = false, true
	}
	return list
}

// todo sorts what is missing by the step in which it is mended.
func (u *UI) todo(v *review.View) map[string][]review.Problem {
	out := map[string][]review.Problem{}
	for _, m := range v.Missing {
		name := stepContext
		switch {
		case m.Field == "files" && m.File == "":
			name = stepFiles
		case m.File != "" || m.Field == "comment":
			name = stepFindings
		case m.Field == "pattern" || hasField(u.policy.Controls, m.Field):
			name = stepControls
		}
		out[name] = append(out[name], m)
	}
	return out
}

func hasField(fields []policy.Field, id string) bool {
	return slices.ContainsFunc(fields, func(f policy.Field) bool { return f.ID == id })
}

func firstGroup(v *review.View) string {
	if len(v.Groups) == 0 {
		return workspacePath(v.Request.Workspace)
	}
	return groupPath(v.Request.ID, v.Groups[0].Group.ID) + "#controls"
}

// open is one finding that waits for its author: blocking or a warning, and not
// answered.
type openFinding struct {
	*checks.Finding
	File *review.FileView
}

// unanswered lists the findings of outputs that checkers will ask about: blocking
// ones and warnings that have neither an answer nor an exception asked for.
func (u *UI) unanswered(v *review.View) []openFinding {
	var out []openFinding
	eachFinding(v, func(f *review.FileView, x *checks.Finding) {
		if x.Severity.Rank() >= policy.Warn.Rank() && f.Acknowledged[x.Fingerprint] == nil && !excepted(f.File, x.Check) {
			out = append(out, openFinding{x, f})
		}
	})
	return out
}

func excepted(f *review.File, check string) bool {
	return slices.ContainsFunc(f.Exceptions, func(x review.Exception) bool { return x.Check == check })
}

// found counts the findings of all files that count.
func (u *UI) found(v *review.View) int {
	n := 0
	eachFinding(v, func(*review.FileView, *checks.Finding) { n++ })
	return n
}

// eachFinding goes through the findings in force of all files that count.
func eachFinding(v *review.View, do func(*review.FileView, *checks.Finding)) {
	for i := range v.Groups {
		for j := range v.Groups[i].Files {
			f := &v.Groups[i].Files[j]
			if f.File.Kind == review.WithdrawnF || f.Report == nil {
				continue
			}
			for k := range f.Report.Findings {
				do(f, &f.Report.Findings[k])
			}
		}
	}
}

// onward is where the next thing to do is, for somebody who is done with a page:
// what is missing, in the order of the steps, then the findings, then the
// checklist. here is the page they come from, which is not offered again.
func (u *UI) onward(v *review.View, here string) string {
	todo := u.todo(v)
	for _, name := range []string{stepFiles, stepContext, stepControls} {
		for _, m := range todo[name] {
			if link := problemLink(v, m); pageOf(link) != here {
				return link
			}
		}
	}
	if u.found(v) > 0 || len(todo[stepFindings]) > 0 {
		return requestPath(v.Request.ID) + "/findings"
	}
	return requestPath(v.Request.ID) + "/submit"
}

// goOn sends somebody who saved a page of the draft on to the next thing.
func (u *UI) goOn(c *call, here string) error {
	v, err := u.editable(c)
	if err != nil {
		return err
	}
	return c.redirect(u.onward(v, here))
}
