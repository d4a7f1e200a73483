package storage

import (
	"errors"

	"sallyport/policy"
	"sallyport/review"
)

// aggregate is a request as rows, each table's in the order of position.
type aggregate struct {
	request  requestRow
	groups   []groupRow
	files    []fileRow
	votes    []voteRow
	seats    []seatRow
	comments []commentRow
}

// rowsOf takes a request apart.
func rowsOf(r *review.Request) *aggregate {
	a := &aggregate{request: requestRowOf(r)}
	id := string(r.ID)
	for i, g := range r.Groups {
		a.groups = append(a.groups, groupRow{
			id, string(g.ID), i, g.Name, encodeMap(g.Context), encodeMap(g.Controls), g.Pattern, g.PatternCount, g.Intermediate,
		})
		for j, f := range g.Files {
			a.files = append(a.files, fileRow{
				id, string(f.ID), string(g.ID), j, f.Path, string(f.Kind), string(f.Digest), f.Size,
				string(f.Release), f.ReleaseSize, f.MediaType, encode(f.Cleaning), f.CleanError,
				originText(f.Origin), micros(f.Added), encode(f.Checkers), encode(f.Exceptions), encode(f.Previous),
				encode(f.PastVotes),
			})
			for k, v := range f.Votes {
				a.votes = append(a.votes, voteRow{
					id, string(f.ID), string(v.Checker), k, string(v.Decision), v.Reason, v.Turn, micros(v.At), string(v.Basis),
					string(v.Earlier), v.EarlierReason,
				})
			}
		}
	}
	for i, s := range r.Seats {
		a.seats = append(a.seats, seatRow{
			id, string(s.Checker), i, micros(s.Assigned), s.Why, micros(s.Submitted), s.Specialist, micros(s.Reminded),
		})
	}
	for i, c := range r.Comments {
		a.comments = append(a.comments, commentRow{
			id, string(c.ID), i, string(c.Group), string(c.File), string(c.Author), c.ByChecker,
			string(c.Visibility), c.Text, c.Turn, micros(c.At), c.Independent,
			c.Line, c.Column, micros(c.Published),
		})
	}
	return a
}

func requestRowOf(r *review.Request) requestRow {
	return requestRow{
		ID: string(r.ID), Version: r.Version, Workspace: string(r.Workspace), Project: string(r.Project),
		Author: string(r.Author), Status: string(r.Status), Turn: r.Turn,
		Title: r.Title, ProjectNumber: r.ProjectNumber, Repository: r.Repository,
		Purpose: r.Purpose, Concerns: r.Concerns,
		Checklist: encode(r.Checklist), PolicyName: r.Policy.Name, PolicyVersion: r.Policy.Version,
		PolicySHA256: r.Policy.SHA256, PermittedResults: r.PermittedResults,
		ReportSet: string(r.ReportKey.Set), ReportPolicy: r.ReportKey.Policy, ReportEngine: r.ReportKey.Engine,
		Findings: string(r.Findings), Worst: string(r.Worst),
		Created: micros(r.Created), Updated: micros(r.Updated), Submitted: micros(r.Submitted),
		Due: micros(r.Due), Decided: micros(r.Decided), Released: micros(r.Released),
		Acknowledgements: encode(r.Acknowledgements), Reused: string(r.Reused),
	}
}

func (q requestRow) request() (review.Request, error) {
	checklist, err := decode[[]string](q.Checklist)
	if err != nil {
		return review.Request{}, err
	}
	acknowledgements, err := decode[[]review.Acknowledgement](q.Acknowledgements)
	return review.Request{
		ID: review.RequestID(q.ID), Version: q.Version, Workspace: review.WorkspaceName(q.Workspace),
		Project: review.ProjectID(q.Project), Author: review.Username(q.Author),
		Status: review.Status(q.Status), Turn: q.Turn,
		Title: q.Title, ProjectNumber: q.ProjectNumber, Repository: q.Repository,
		Purpose: q.Purpose, Concerns: q.Concerns,
		Checklist: checklist, Policy: policyRef(q.PolicyName, q.PolicyVersion, q.PolicySHA256),
		PermittedResults: q.PermittedResults,
		ReportKey:        review.ReportKey{Set: review.Digest(q.ReportSet), Policy: q.ReportPolicy, Engine: q.ReportEngine},
		Findings:         review.Digest(q.Findings), Worst: policy.Severity(q.Worst),
		Created: moment(q.Created), Updated: moment(q.Updated), Submitted: moment(q.Submitted),
		Due: moment(q.Due), Decided: moment(q.Decided), Released: moment(q.Released),
		Acknowledgements: acknowledgements, Reused: review.RequestID(q.Reused),
	}, err
}

// domain puts the request together. Votes of a file, files of a group and so on
// come in their rows' order.
func (a *aggregate) domain() (*review.Request, error) {
	r, err := a.request.request()
	if err != nil {
		return nil, err
	}
	votes := map[string][]review.Vote{}
	for _, v := range a.votes {
		votes[v.File] = append(votes[v.File], v.vote())
	}
	files := map[string][]review.File{}
	for _, row := range a.files {
		f, err := row.file()
		if err != nil {
			return nil, err
		}
		f.Votes = votes[row.ID]
		files[row.GroupID] = append(files[row.GroupID], f)
	}
	for _, row := range a.groups {
		g, err := row.group()
		if err != nil {
			return nil, err
		}
		g.Files = files[row.ID]
		r.Groups = append(r.Groups, g)
	}
	for _, s := range a.seats {
		r.Seats = append(r.Seats, s.seat())
	}
	for _, c := range a.comments {
		r.Comments = append(r.Comments, c.comment())
	}
	return &r, nil
}

func (q groupRow) group() (review.Group, error) {
	context, err := decode[map[string]string](q.Context)
	if err != nil {
		return review.Group{}, err
	}
	controls, err := decode[map[string]string](q.Controls)
	return review.Group{
		ID: review.GroupID(q.ID), Name: q.Name, Context: context, Controls: controls,
		Pattern: q.Pattern, PatternCount: q.PatternCount, Intermediate: q.Intermediate,
	}, err
}

func (q fileRow) file() (review.File, error) {
	cleaning, err1 := decode[[]review.Removal](q.Cleaning)
	checkers, err2 := decode[[]review.Username](q.Checkers)
	exceptions, err3 := decode[[]review.Exception](q.Exceptions)
	previous, err4 := decode[[]review.Snapshot](q.Previous)
	past, err6 := decode[[]review.Vote](q.PastVotes)
	origin, err5 := originOf(q.Origin)
	return review.File{
		ID: review.FileID(q.ID), Path: q.Path, Kind: review.FileKind(q.Kind),
		Digest: review.Digest(q.Digest), Size: q.Size,
		Release: review.Digest(q.Release), ReleaseSize: q.ReleaseSize, MediaType: q.MediaType,
		Cleaning: cleaning, CleanError: q.CleanError, Origin: origin, Added: moment(q.Added),
		Checkers: checkers, Exceptions: exceptions, Previous: previous, PastVotes: past,
	}, errors.Join(err1, err2, err3, err4, err5, err6)
}

func (q voteRow) vote() review.Vote {
	return review.Vote{
		Checker: review.Username(q.Checker), Decision: review.Decision(q.Decision), Reason: q.Reason,
		Turn: q.Turn, At: moment(q.At), Basis: review.Digest(q.Basis),
		Earlier: review.Decision(q.Earlier), EarlierReason: q.EarlierReason,
	}
}

func (q seatRow) seat() review.Seat {
	return review.Seat{
		Checker: review.Username(q.Checker), Assigned: moment(q.Assigned), Why: q.Why, Submitted: moment(q.Submitted),
		Specialist: q.Specialist, Reminded: moment(q.Reminded),
	}
}

func (q commentRow) comment() review.Comment {
	return review.Comment{
		ID: review.CommentID(q.ID), Group: review.GroupID(q.GroupID), File: review.FileID(q.File),
		Author: review.Username(q.Author), ByChecker: q.ByChecker, Visibility: review.Visibility(q.Visibility),
		Text: q.Text, Turn: q.Turn, At: moment(q.At), Independent: q.Independent,
		Line: q.Line, Column: q.Col, Published: moment(q.Published),
	}
}
