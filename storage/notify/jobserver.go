package notify

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"sallyport/review"
)

// JobServerKinds are the kinds of notice that the job-server knows as events.
func JobServerKinds() []review.NoticeKind {
	return []review.NoticeKind{
		review.NoticeSubmitted, review.NoticeWithdrawn, review.NoticePartiallyReviewed, review.NoticeReviewed, review.NoticeApproved,
		review.NoticeReleased, review.NoticeRejected, review.NoticeReturned, review.NoticeResubmitted,
	}
}

// JobServer posts the airlock events of OpenSAFELY's job-server.
type JobServer struct {
	to        *poster
	token     string
	org, repo string
}

// NewJobServer prepares a channel. The endpoint is the whole address of
// /airlock/events/; token is the backend's; org and repo say where the
// job-server keeps its issues, and may be empty.
func NewJobServer(e Endpoint, token, org, repo string) (*JobServer, error) {
	if token == "" {
		return nil, errors.New("the job-server needs the backend's token")
	}
	to, err := newPoster(e)
	if err != nil {
		return nil, err
	}
	return &JobServer{to, token, org, repo}, nil
}

// airlockEvent is one event as the job-server takes it. Updates are left empty:
// they would name groups, which authors call after their files.
type airlockEvent struct {
	Type      string               `json:"event_type"`
	Workspace review.WorkspaceName `json:"workspace"`
	Request   review.RequestID     `json:"request"`
	Author    review.Username      `json:"request_author"`
	User      review.Username      `json:"user"`
	Updates   []struct{}           `json:"updates"`
	Org       string               `json:"org,omitempty"`
	Repo      string               `json:"repo,omitempty"`
}

// Send posts an event. The job-server answers 201 also when it failed; the status
// inside says so.
func (j *JobServer) Send(ctx context.Context, n review.Notice) error {
	header := http.Header{}
	header.Set("Authorization", j.token)
	answer, err := j.to.postJSON(ctx, airlockEvent{
		Type: "request_" + string(n.Kind), Workspace: n.Workspace, Request: n.Request, Author: n.Author, User: n.Actor,
		Updates: []struct{}{}, Org: j.org, Repo: j.repo,
	}, header)
	if err != nil {
		return err
	}
	var said struct {
		Status string `json:"status"`
	}
	if json.Unmarshal(answer, &said) != nil || strings.EqualFold(said.Status, "error") { // what it says beyond that is its own, and no word for our log
		return review.Errorf(review.Unavailable, "The job-server took the event and answered that it failed.")
	}
	return nil
}
