package filing

import (
	"context"
	"errors"

	"sallyport/review"
	"sallyport/ui/form"
)

// Local files through the use cases of this process.
type Local struct {
	Service Service
	// Actor is asked before each call in whose name it is.
	Actor func(context.Context) (review.Actor, error)
}

// By files in the name of somebody who is looked up afresh for each call, and
// not at a browser.
func By(s Service, author review.Username) Local {
	return Local{s, func(ctx context.Context) (review.Actor, error) { return s.Actor(ctx, author, "") }}
}

// Together is the domain as far as Draft needs it; *review.Service is it.
type Together interface {
	Together(ctx context.Context, a review.Actor, do func(*review.Service) error) error
}

// Draft makes the actor's draft for the form's workspace, or brings the one that
// is there up to date, in one change: it is filed at once or not at all. What the
// form leaves empty stays as the draft has it, and nothing is taken out of the
// draft. It never submits.
//
// The Result says what became of each file. Where one is NotAdded, the rest is
// filed without it when leaveOut says so, else nothing is. An error says that
// nothing was changed.
func Draft(ctx context.Context, s Together, a review.Actor, f *form.Form, leaveOut bool) (r *Result, err error) {
	err = s.Together(ctx, a, func(staged *review.Service) error {
		desk := Local{staged, func(context.Context) (review.Actor, error) { return a, nil }}
		if r, err = draft(ctx, desk, f); err == nil && len(r.NotAdded) > 0 && !leaveOut {
			err = errRefused
		}
		return err
	})
	if errors.Is(err, errRefused) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// errRefused ends a filing of which nothing is to be kept.
var errRefused = errors.New("something of the form was refused")

// Service is what filing needs of the domain; *review.Service is one.
type Service interface {
	Actor(ctx context.Context, name review.Username, source string) (review.Actor, error)
	WorkspaceFiles(ctx context.Context, a review.Actor, ws review.WorkspaceName) (*review.Workspace, *review.WorkspaceSummary, error)
	RequestsPage(ctx context.Context, a review.Actor, limit, offset int) ([]review.Request, error)
	Request(ctx context.Context, a review.Actor, id review.RequestID) (*review.View, error)
	CreateRequest(ctx context.Context, a review.Actor, ws review.WorkspaceName) (review.RequestID, error)
	EditDetails(ctx context.Context, a review.Actor, id review.RequestID, d review.RequestDetails) error
	EditGroup(ctx context.Context, a review.Actor, id review.RequestID, g review.GroupID, d review.GroupDetails) error
	AddFiles(ctx context.Context, a review.Actor, id review.RequestID, files []review.AddFile) ([]review.AddResult, error)
	AddMatching(ctx context.Context, a review.Actor, id review.RequestID, group string, d review.GroupDetails) ([]review.AddResult, error)
	MoveFile(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID, group string, kind review.FileKind) error
	UpdateFile(ctx context.Context, a review.Actor, id review.RequestID, f review.FileID) error
	AskException(ctx context.Context, a review.Actor, id review.RequestID, file review.FileID, check, reason string) error
	ReuseContext(ctx context.Context, a review.Actor, id, from review.RequestID) error
}

// as does something in the author's name, if they may still sign in.
func (l Local) as(ctx context.Context, do func(review.Actor) error) error {
	a, err := l.Actor(ctx)
	if err != nil {
		return err
	}
	return do(a)
}

func (l Local) Workspace(ctx context.Context, ws review.WorkspaceName) (releases []string, active *Summary, err error) {
	err = l.as(ctx, func(a review.Actor) error {
		w, sum, err := l.Service.WorkspaceFiles(ctx, a, ws)
		if err != nil {
			return err
		}
		if sum.Active != nil {
			s := summaryOf(sum.Active)
			active = &s
		}
		releases = w.Releases
		return nil
	})
	return releases, active, err
}

func (l Local) Create(ctx context.Context, ws review.WorkspaceName) (id review.RequestID, err error) {
	err = l.as(ctx, func(a review.Actor) (err error) {
		id, err = l.Service.CreateRequest(ctx, a, ws)
		return err
	})
	return id, err
}

func (l Local) Own(ctx context.Context) (out []Summary, err error) {
	err = l.as(ctx, func(a review.Actor) error {
		list, err := l.Service.RequestsPage(ctx, a, 200, 0)
		for i := range list {
			out = append(out, summaryOf(&list[i]))
		}
		return err
	})
	return out, err
}

func (l Local) View(ctx context.Context, id review.RequestID) (out *View, err error) {
	err = l.as(ctx, func(a review.Actor) error {
		v, err := l.Service.Request(ctx, a, id)
		if err == nil {
			out = viewOf(v)
		}
		return err
	})
	return out, err
}

func (l Local) EditDetails(ctx context.Context, id review.RequestID, d review.RequestDetails) error {
	return l.as(ctx, func(a review.Actor) error { return l.Service.EditDetails(ctx, a, id, d) })
}

func (l Local) EditGroup(ctx context.Context, id review.RequestID, g review.GroupID, d review.GroupDetails) error {
	return l.as(ctx, func(a review.Actor) error { return l.Service.EditGroup(ctx, a, id, g, d) })
}

func (l Local) AddFiles(ctx context.Context, id review.RequestID, files []review.AddFile) (out []review.AddResult, err error) {
	err = l.as(ctx, func(a review.Actor) (err error) {
		out, err = l.Service.AddFiles(ctx, a, id, files)
		return err
	})
	return out, err
}

func (l Local) AddMatching(ctx context.Context, id review.RequestID, group, pattern string, count int) (out []review.AddResult, err error) {
	err = l.as(ctx, func(a review.Actor) (err error) {
		out, err = l.Service.AddMatching(ctx, a, id, group, review.GroupDetails{Pattern: pattern, PatternCount: count})
		return err
	})
	return out, err
}

func (l Local) MoveFile(ctx context.Context, id review.RequestID, f review.FileID, group string, kind review.FileKind) error {
	return l.as(ctx, func(a review.Actor) error { return l.Service.MoveFile(ctx, a, id, f, group, kind) })
}

func (l Local) UpdateFile(ctx context.Context, id review.RequestID, f review.FileID) error {
	return l.as(ctx, func(a review.Actor) error { return l.Service.UpdateFile(ctx, a, id, f) })
}

func (l Local) AskException(ctx context.Context, id review.RequestID, f review.FileID, check, reason string) error {
	return l.as(ctx, func(a review.Actor) error { return l.Service.AskException(ctx, a, id, f, check, reason) })
}

func (l Local) Reuse(ctx context.Context, id, from review.RequestID) error {
	return l.as(ctx, func(a review.Actor) error { return l.Service.ReuseContext(ctx, a, id, from) })
}

func summaryOf(r *review.Request) Summary {
	return Summary{r.ID, r.Workspace, r.Author, r.Title, r.Status, r.Updated, r.Submitted, r.Due, r.Released}
}

func viewOf(v *review.View) *View {
	r := &v.Request
	out := &View{
		Summary: summaryOf(r), ProjectNumber: r.ProjectNumber, Repository: r.Repository, Purpose: r.Purpose, Concerns: r.Concerns,
		Relation: v.Relation, People: v.Names,
	}
	for _, p := range v.Missing {
		out.Missing = append(out.Missing, Missing{p.Message})
	}
	for _, gv := range v.Groups {
		g := gv.Group
		group := Group{
			ID: g.ID, Name: g.Name, Context: g.Context, Controls: g.Controls, Pattern: g.Pattern, PatternCount: g.PatternCount, Intermediate: g.Intermediate,
		}
		for _, fv := range gv.Files {
			f := fv.File
			file := File{ID: f.ID, Path: f.Path, Kind: f.Kind, Size: f.Size, CleanError: f.CleanError, Report: fv.Report, Outcome: fv.Outcome, Changed: fv.Changed}
			for _, x := range f.Exceptions {
				file.Exceptions = append(file.Exceptions, Exception{x.Check, x.Reason})
			}
			group.Files = append(group.Files, file)
		}
		out.Groups = append(out.Groups, group)
	}
	return out
}
