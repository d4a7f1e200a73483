package api

import (
	"net/url"

	"sallyport/review"
	"sallyport/ui/filing"
)

func (c *call) workspaces(none) (page[workspaceOut], error) {
	list, err := c.api.service.MyWorkspaces(c.ctx(), c.actor)
	if err != nil {
		return page[workspaceOut]{}, err
	}
	return cutPage(c, list, workspaceOf)
}

func (c *call) workspaceName() review.WorkspaceName { return review.WorkspaceName(c.name("workspace")) }

func (c *call) workspace(none) (workspaceDetail, error) {
	w, sum, err := c.api.service.WorkspaceFiles(c.ctx(), c.actor, c.workspaceName())
	if err != nil {
		return workspaceDetail{}, err
	}
	return workspaceDetail{workspaceOf(sum), w.Releases, w.Problems, len(w.Files)}, nil
}

func (c *call) workspaceFiles(none) (page[workspaceFile], error) {
	w, _, err := c.api.service.WorkspaceFiles(c.ctx(), c.actor, c.workspaceName())
	if err != nil {
		return page[workspaceFile]{}, err
	}
	return cutPage(c, w.Files, workspaceFileOf)
}

func (c *call) requests(none) (page[requestSummary], error) {
	limit, offset, err := c.span()
	if err != nil {
		return page[requestSummary]{}, err
	}
	list, err := c.api.service.RequestsPage(c.ctx(), c.actor, limit+1, offset)
	return pageOf(c, list, limit, offset, summaryOf), err
}

func (c *call) createRequest(in createInput) (created, error) {
	id, err := c.api.service.CreateRequest(c.ctx(), c.actor, in.Workspace)
	c.location = Prefix + "/requests/" + url.PathEscape(string(id))
	return created{string(id)}, err
}

func (c *call) fileForm(in formInput) (filedForm, error) {
	r, err := filing.Draft(c.ctx(), c.api.service, c.actor, in.form(c.workspaceName()), in.LeaveOut)
	if err != nil {
		return filedForm{}, err
	}
	out := filedForm{ID: r.ID, Created: r.Created, Filed: in.LeaveOut || len(r.NotAdded) == 0, Added: r.Added, Updated: r.Updated, Moved: r.Moved, Extra: r.Extra}
	for _, p := range r.NotAdded {
		out.Refused = append(out.Refused, refusedFile{p.Path, p.Message})
	}
	if !out.Filed { // what was to be is not
		out.Added, out.Updated, out.Moved, out.Extra = nil, nil, nil, nil
		if r.Created {
			out.ID, out.Created = "", false
		}
	}
	return out, nil
}

func (c *call) request(none) (requestView, error) {
	v, err := c.api.service.Request(c.ctx(), c.actor, c.requestID())
	if err != nil {
		return requestView{}, err
	}
	return viewOf(v), nil
}

func (c *call) editDetails(in detailsInput) (none, error) {
	return none{}, c.api.service.EditDetails(c.ctx(), c.actor, c.requestID(), review.RequestDetails(in))
}

func (c *call) reuse(in reuseInput) (none, error) {
	return none{}, c.api.service.ReuseContext(c.ctx(), c.actor, c.requestID(), in.From)
}

func (c *call) editGroup(in groupInput) (none, error) {
	return none{}, c.api.service.EditGroup(c.ctx(), c.actor, c.requestID(), c.groupID(), review.GroupDetails(in))
}

func (c *call) addFiles(in addFilesInput) (added, error) {
	files := make([]review.AddFile, len(in.Files))
	for i, f := range in.Files {
		files[i] = review.AddFile{Path: f.Path, Kind: f.Kind, Group: f.Group, Exception: f.Exception}
	}
	add := c.api.service.AddFiles
	if in.Behind {
		add = c.api.service.AddFilesBehind
	}
	results, err := add(c.ctx(), c.actor, c.requestID(), files)
	return addedOf(results), err
}

func (c *call) addMatching(in wildcardInput) (added, error) {
	d := review.GroupDetails{Pattern: in.Pattern, PatternCount: in.Count}
	add := c.api.service.AddMatching
	if in.Behind {
		add = c.api.service.AddMatchingBehind
	}
	results, err := add(c.ctx(), c.actor, c.requestID(), in.Group, d)
	return addedOf(results), err
}

func (c *call) moveFile(in moveInput) (none, error) {
	return none{}, c.api.service.MoveFile(c.ctx(), c.actor, c.requestID(), c.fileID(), in.Group, in.Kind)
}

func (c *call) updateFile(none) (none, error) {
	return none{}, c.api.service.UpdateFile(c.ctx(), c.actor, c.requestID(), c.fileID())
}

func (c *call) withdrawFile(none) (none, error) {
	return none{}, c.api.service.WithdrawFile(c.ctx(), c.actor, c.requestID(), c.fileID())
}

func (c *call) askException(in exceptionInput) (none, error) {
	return none{}, c.api.service.AskException(c.ctx(), c.actor, c.requestID(), c.fileID(), in.Check, in.Reason)
}

func (c *call) acknowledge(in acknowledgeInput) (none, error) {
	return none{}, c.api.service.Acknowledge(c.ctx(), c.actor, c.requestID(), review.AcknowledgeInput(in))
}

func (c *call) submit(in submitInput) (none, error) {
	return none{}, c.api.service.Submit(c.ctx(), c.actor, c.requestID(), in.Checklist, in.PermittedResults)
}

func (c *call) withdraw(none) (none, error) {
	return none{}, c.api.service.Withdraw(c.ctx(), c.actor, c.requestID())
}

func (c *call) comment(in commentInput) (none, error) {
	return none{}, c.api.service.Comment(c.ctx(), c.actor, c.requestID(), review.CommentInput(in))
}

func (c *call) publishComment(none) (none, error) {
	return none{}, c.api.service.PublishComment(c.ctx(), c.actor, c.requestID(), review.CommentID(c.name("comment")))
}
