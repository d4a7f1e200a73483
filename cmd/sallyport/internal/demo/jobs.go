package demo

import (
	"encoding/json"
	"slices"
	"time"
)

// jobRequest is one entry of metadata/job_requests.json.
type jobRequest struct {
	User      string   `json:"user"`
	Backend   string   `json:"backend"`
	Branch    string   `json:"branch"`
	Repo      string   `json:"repo"`
	Commit    string   `json:"commit"`
	ForceRun  bool     `json:"force_run"`
	Requested []string `json:"requested_actions"`
	Status    string   `json:"status"`
	Created   string   `json:"created_at"`
	Started   string   `json:"started_at"`
	Finished  string   `json:"finished_at"`
	Jobs      []job    `json:"jobs"`
}

type job struct {
	ID     string `json:"id"`
	Action string `json:"action"`
	Status string `json:"status"`
}

// actions are those that wrote the study's outputs, in order.
func (s *study) actions() []string {
	var all []string
	for _, o := range s.outputs {
		if !slices.Contains(all, o.action) {
			all = append(all, o.action)
		}
	}
	return all
}

// jobRequests is what the job runner recorded: all actions on the code as it
// is, and a week before that on the code as it was, where the last one failed.
func (s *study) jobRequests() ([]byte, error) {
	request := func(name, commit string, at time.Time) jobRequest {
		r := jobRequest{
			User: s.ranBy(), Backend: "TPP", Branch: "main", Repo: s.repo, Commit: commit, Requested: []string{"run_all"}, Status: "succeeded",
			Created: at.Format(time.RFC3339), Started: at.Add(40 * time.Second).Format(time.RFC3339), Finished: at.Add(37*time.Minute + 5*time.Second).Format(time.RFC3339),
		}
		for _, a := range s.actions() {
			r.Jobs = append(r.Jobs, job{pseudoID(s.name, name, a), a, "succeeded"})
		}
		return r
	}
	earlier, now := request("earlier", s.first, ran.Add(-between)), request("request", s.commit, ran)
	earlier.Status, earlier.Jobs[len(earlier.Jobs)-1].Status, earlier.ForceRun = "failed", "failed", true
	return json.MarshalIndent(map[string]any{"job_requests": map[string]jobRequest{
		pseudoID(s.name, "earlier"): earlier, pseudoID(s.name, "request"): now,
	}}, "", "  ")
}

func (s *study) ranBy() string {
	if s.user == "" {
		return "rowan"
	}
	return s.user
}
