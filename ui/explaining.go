package ui

import (
	"cmp"
	"net/http"
	"slices"

	"sallyport/checks"
	"sallyport/policy"
	"sallyport/review"
)

// findingsPage explains to an author what the checks found, check by check: the
// rule, an example, how to mend it, and where to answer. It quotes no cell of a
// file: the places lead to the file's own page, which leaves its event.
type findingsPage struct {
	*review.View
	Steps     []step
	Checks    []explained
	Questions []question
	Comments  []missing // of checkers that wait for an answer
	Open      int       // findings to mend or explain
	Unread    []fileEntry
	Next      string
	Codes     []policy.ChecklistItem
}

// explained is one check with its findings in all files of the request.
type explained struct {
	Doc      checks.Check
	Severity policy.Severity // of the weightiest
	Findings []explainedFinding
	Open     int
}

// shownAtOnce is how many places of a check are shown before one opens the rest.
const shownAtOnce = 12

// First are the places that are shown at once, More those that open.
func (e explained) First() []explainedFinding { return e.Findings[:min(len(e.Findings), shownAtOnce)] }
func (e explained) More() []explainedFinding  { return e.Findings[min(len(e.Findings), shownAtOnce):] }

// waiting are the findings that wait for an answer, an exception or another file.
func (e explained) waiting() []explainedFinding {
	var out []explainedFinding
	for _, f := range e.Findings {
		if f.waits() {
			out = append(out, f)
		}
	}
	return out
}

func (f explainedFinding) waits() bool {
	return f.Severity.Rank() >= policy.Warn.Rank() && !f.Answer.Given && !f.Excepted && f.Answer.MayAnswer
}

type explainedFinding struct {
	File     string
	Link     string // the place in the file
	Where    string
	Severity policy.Severity
	Answer   *answerView
	Excepted bool
	ID       string
}

func (u *UI) findings(c *call) error {
	v, err := u.editable(c)
	if err != nil {
		return err
	}
	p := findingsPage{View: v, Steps: u.steps(v, stepFindings), Questions: u.questions(v), Open: len(u.unanswered(v)),
		Codes: u.policy.Acknowledgements, Next: requestPath(v.Request.ID) + "/submit"}
	p.Checks = u.explain(v)
	for _, m := range v.Missing {
		if m.Field == "comment" {
			p.Comments = append(p.Comments, missing{m.Message, problemLink(v, m)})
		}
	}
	for _, g := range v.Groups {
		for _, f := range g.Files {
			if e := fileEntryOf(v, g.Group.Name, f); f.File.Kind != review.WithdrawnF && (e.Tally.Incomplete != "" || !e.Tally.Checked) {
				p.Unread = append(p.Unread, e)
			}
		}
	}
	return c.render(http.StatusOK, "findings", c.requestFrame(v, "Findings"), p)
}

// explain gathers the findings by check, the weightiest check first.
func (u *UI) explain(v *review.View) []explained {
	var out []explained
	eachFinding(v, func(f *review.FileView, x *checks.Finding) {
		i := slices.IndexFunc(out, func(e explained) bool { return e.Doc.Name == x.Check })
		if i < 0 {
			doc, ok := checks.Lookup(x.Check)
			if !ok {
				doc = checks.Check{Name: x.Check, Title: x.Check}
			}
			i, out = len(out), append(out, explained{Doc: doc, Severity: x.Severity})
		}
		e := &out[i]
		if x.Severity.Rank() > e.Severity.Rank() {
			e.Severity = x.Severity
		}
		one := u.explainOne(v, f, x)
		if one.waits() {
			e.Open++
		}
		e.Findings = append(e.Findings, one)
	})
	slices.SortStableFunc(out, func(a, b explained) int {
		return cmp.Or(b.Severity.Rank()-a.Severity.Rank(), cmp.Compare(b.Open, a.Open))
	})
	return out
}

func (u *UI) explainOne(v *review.View, f *review.FileView, x *checks.Finding) explainedFinding {
	file := filePath(v.Request.ID, f.File.ID)
	id := cmp.Or(short(x.Fingerprint), x.Check)
	one := explainedFinding{File: f.File.Path, Link: file + "?finding=" + pathSegment(id) + "#finding-" + pathSegment(id), Where: where(x),
		Severity: x.Severity, Excepted: excepted(f.File, x.Check), ID: string(f.File.ID) + "-" + id}
	one.Answer = &answerView{Action: file + "/findings", Fingerprint: x.Fingerprint, MayAnswer: x.Fingerprint != "" && v.Can[policy.RequestEdit], Codes: u.policy.Acknowledgements}
	if k := f.Acknowledged[x.Fingerprint]; k != nil {
		one.Answer.Given, one.Answer.Text, one.Answer.Link, one.Answer.Code = true, k.Text, k.CodeLink, u.codeWords(k.Code)
	}
	return one
}
