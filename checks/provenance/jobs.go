package provenance

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"sallyport/checks/strictjson"
)

// JobRequest is one request to run actions of a study, as far as the workspace
// tells. What nobody recorded is zero.
type JobRequest struct {
	ID        string
	User      string
	Backend   string
	Branch    string
	Repo      string
	Commit    string // 40 hex digits, or ""
	ForceRun  *bool  // force-run dependencies; nil when not recorded
	Requested []string
	Status    string
	Created   time.Time
	Started   time.Time
	Finished  time.Time
	Jobs      []Job
}

// Runtime is how long it ran; zero when that is not known.
func (r *JobRequest) Runtime() time.Duration {
	if r.Started.IsZero() || r.Finished.Before(r.Started) {
		return 0
	}
	return r.Finished.Sub(r.Started)
}

// Job is one action run for a job request.
type Job struct {
	ID        string
	Action    string
	Status    string // "succeeded", "failed", ...; "" when not recorded
	OutOfDate bool   // every output of it has been superseded
	Outputs   []JobOutput
}

// JobOutput is one file that a job made, with the level inferred by holding the
// manifest against the pipeline.
type JobOutput struct {
	Path      string
	Level     Level
	Why       string // how the level was found, or why it is unknown
	OutOfDate bool
}

// jobRequestsJSON is metadata/job_requests.json, which a job runner or an
// operator may leave beside the manifest to say what the manifest does not.
type jobRequestsJSON struct {
	JobRequests map[string]struct {
		User      string   `json:"user"`
		Backend   string   `json:"backend"`
		Branch    string   `json:"branch"`
		Repo      string   `json:"repo"`
		Commit    string   `json:"commit"`
		ForceRun  *bool    `json:"force_run"`
		Requested []string `json:"requested_actions"`
		Status    string   `json:"status"`
		Created   string   `json:"created_at"`
		Started   string   `json:"started_at"`
		Finished  string   `json:"finished_at"`
		Jobs      []struct {
			ID     string `json:"id"`
			Action string `json:"action"`
			Status string `json:"status"`
		} `json:"jobs"`
	} `json:"job_requests"`
}

// maxJobRequests bounds how many job requests of a workspace are read.
const maxJobRequests = 10_000

// ReadJobRequests reads metadata/job_requests.json strictly. An error is a
// reason in plain words that quotes nothing of the file.
func ReadJobRequests(data []byte) (map[string]JobRequest, error) {
	var in jobRequestsJSON
	if err := strictjson.Unmarshal(data, &in); err != nil {
		return nil, fmt.Errorf("metadata/job_requests.json cannot be read: %w", err)
	}
	if len(in.JobRequests) > maxJobRequests {
		return nil, fmt.Errorf("metadata/job_requests.json names more than %d job requests", maxJobRequests)
	}
	out := map[string]JobRequest{}
	for id, r := range in.JobRequests {
		q := JobRequest{
			ID: id, User: r.User, Backend: r.Backend, Branch: r.Branch, Repo: r.Repo, Commit: hexOf(r.Commit, 40), ForceRun: r.ForceRun,
			Requested: r.Requested, Status: r.Status, Created: moment(r.Created), Started: moment(r.Started), Finished: moment(r.Finished),
		}
		for _, j := range r.Jobs {
			q.Jobs = append(q.Jobs, Job{ID: j.ID, Action: j.Action, Status: j.Status})
		}
		out[id] = q
	}
	return out, nil
}

// JobRequests puts together what the manifest and the recorded job requests
// say, newest first. Outputs whose job request is not named are left out.
func (s *Sources) JobRequests(recorded map[string]JobRequest) []JobRequest {
	all := map[string]*JobRequest{}
	for id, r := range recorded {
		all[id] = &r
	}
	if s.manifest != nil {
		for _, p := range s.manifest.Paths() {
			if e := s.manifest.Outputs[p]; e.JobRequest != "" {
				s.addOutput(all, p, e)
			}
		}
	}
	var out []JobRequest
	for _, r := range all {
		r.settle()
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b JobRequest) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// addOutput files one output under its job request and job.
func (s *Sources) addOutput(all map[string]*JobRequest, path string, e Entry) {
	r := all[e.JobRequest]
	if r == nil {
		r = &JobRequest{ID: e.JobRequest}
		all[e.JobRequest] = r
	}
	r.User, r.Repo, r.Commit = cmp.Or(r.User, e.User), cmp.Or(r.Repo, e.Repo), cmp.Or(r.Commit, e.Commit)
	i := slices.IndexFunc(r.Jobs, func(j Job) bool { return j.Action == e.Action && (j.ID == e.JobID || j.ID == "") })
	if i < 0 {
		r.Jobs = append(r.Jobs, Job{Action: e.Action})
		i = len(r.Jobs) - 1
	}
	o := s.judge(path, e)
	r.Jobs[i].ID = cmp.Or(r.Jobs[i].ID, e.JobID)
	r.Jobs[i].Outputs = append(r.Jobs[i].Outputs, JobOutput{Path: path, Level: o.Level, Why: o.Why, OutOfDate: e.OutOfDate})
	// An output was written when its job ended: the best there is when nothing
	// recorded the times.
	if !e.Timestamp.IsZero() && (r.Created.IsZero() || e.Timestamp.Before(r.Created)) {
		r.Created = e.Timestamp
	}
}

// settle says of each job whether all it made has been superseded.
func (r *JobRequest) settle() {
	for i := range r.Jobs {
		j := &r.Jobs[i]
		j.OutOfDate = len(j.Outputs) > 0 && !slices.ContainsFunc(j.Outputs, func(o JobOutput) bool { return !o.OutOfDate })
	}
}
