package review

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"sallyport/policy"
)

// Adding is files that are added to a draft behind the page that asked for them,
// as the database knows of them: whichever instance is asked tells how far that is,
// and whichever is free goes on with it.
type Adding struct {
	Request RequestID
	Run     string   // names it among those of the request
	By      Username // who asked
	Source  string   // from where, for the record
	Begun   time.Time
	// Done of Total files are decided, or read and kept so far.
	Done, Total int
	// Left are the files that are not part of the request yet. They are added all
	// at once; empty when it is over.
	Left []AddFile
	// Refused says of each file that was not added why.
	Refused []AddResult
}

// AddingStore keeps the files that are being added to drafts. It is no part of the
// record.
type AddingStore interface {
	// BeginAdding keeps files that are to be added, in place of those of before,
	// which are over, with the job that adds them should nobody else. Conflict while
	// others are being added to the request.
	BeginAdding(ctx context.Context, a *Adding, job Job) error
	// TellAdding keeps how far it is, what is left and what was refused. Conflict
	// when it was ended or others took its place.
	TellAdding(ctx context.Context, a *Adding) error
	// AddingOf is what is being added to a request, or was last and not wholly;
	// NotFound when there is nothing to tell.
	AddingOf(ctx context.Context, id RequestID) (*Adding, error)
	// EndAdding forgets it; what took its place stays.
	EndAdding(ctx context.Context, id RequestID, run string) error
}

const (
	// addTries is how often it is tried to add files behind: for some two minutes.
	addTries = 8
	// addRescue is after what time the files are taken up by a job when the instance
	// that began with them has said nothing more.
	addRescue = 30 * time.Second
)

// AddFilesBehind does what AddFiles does, and of many files only with the first
// before it returns: the others are added behind, all at once, as View.Adding tells,
// and their results say Later. Until then the request cannot be submitted. An error
// means that nothing was added. Conflict while others are being added behind.
func (s *Service) AddFilesBehind(ctx context.Context, a Actor, id RequestID, files []AddFile) ([]AddResult, error) {
	if s.Behind == nil || len(files) <= s.Behind.From || len(files) > MaxFiles {
		return s.AddFiles(ctx, a, id, files)
	}
	r, _, err := s.load(ctx, a, id, policy.RequestEdit)
	if err != nil {
		return nil, err
	}
	if err := requireStatus(r, Pending, Returned); err != nil {
		return nil, err
	}
	adding := &Adding{
		Request: id, Run: rand.Text(), By: a.Username, Source: a.Source, Begun: s.Now(), Total: len(files), Left: files,
	}
	rescue := s.addJob(adding, "rescue")
	rescue.Due = rescue.Due.Add(addRescue)
	if err := s.Store.BeginAdding(ctx, adding, rescue); err != nil {
		return nil, err
	}
	first, later := files[:s.Behind.From], files[s.Behind.From:]
	results, err := s.addFiles(ctx, a, r, first, nil)
	if err != nil {
		return nil, errors.Join(err, s.Store.EndAdding(context.WithoutCancel(ctx), id, adding.Run))
	}
	adding.Left, adding.Done = later, len(first)
	if err := s.Store.TellAdding(ctx, adding); err != nil {
		return nil, err
	}
	if err := s.Store.Enqueue(ctx, s.addJob(adding, "now")); err != nil {
		return nil, err
	}
	for _, f := range later {
		results = append(results, AddResult{Path: f.Path, Later: true})
	}
	return results, s.recheck(ctx, a, id)
}

// addJob is a job that adds what is left. Those of one request are done one at a
// time.
func (s *Service) addJob(adding *Adding, which string) Job {
	j := s.job("add-"+adding.Run+"-"+which, JobAdd, adding.Request, "request "+string(adding.Request))
	j.Payload, j.MaxTries = []byte(adding.Run), addTries
	return j
}

// addLeft adds what is left of files that are added behind. It may be done again
// after a kill: what is there already is not added twice.
func (s *Service) addLeft(ctx context.Context, job *Job) error {
	adding, err := s.Store.AddingOf(ctx, job.Request)
	if KindOf(err) == NotFound {
		return nil
	}
	if err != nil || adding.Run != string(job.Payload) || len(adding.Left) == 0 {
		return err
	}
	a, err := s.Actor(ctx, adding.By, adding.Source)
	if err == nil {
		err = s.addAllLeft(ctx, a, adding)
	}
	switch KindOf(err) {
	case Invalid, Unauthenticated, Forbidden, NotFound, Conflict: // it would be so at each try
		return s.giveUpAdding(ctx, adding, failureOf(err))
	}
	if err != nil && job.Tries >= job.MaxTries {
		err = errors.Join(err, s.giveUpAdding(context.WithoutCancel(ctx), adding, failureOf(err)+" Add the file again."))
	}
	return err
}

func (s *Service) addAllLeft(ctx context.Context, a Actor, adding *Adding) error {
	r, _, err := s.load(ctx, a, adding.Request, policy.RequestEdit)
	if err != nil {
		return err
	}
	before := adding.Total - len(adding.Left)
	results, err := s.addFiles(ctx, a, r, adding.Left, func(done int) error {
		adding.Done = before + done
		return s.Store.TellAdding(ctx, adding)
	})
	if err != nil {
		return err
	}
	if err := s.recheck(ctx, a, adding.Request); err != nil {
		return err
	}
	for _, r := range results {
		if r.Problem != "" {
			adding.Refused = append(adding.Refused, r)
		}
	}
	return s.endAdding(ctx, adding)
}

// endAdding forgets what was added wholly, and keeps what was refused until the
// author adds more or submits.
func (s *Service) endAdding(ctx context.Context, adding *Adding) error {
	if len(adding.Refused) == 0 {
		return s.Store.EndAdding(ctx, adding.Request, adding.Run)
	}
	adding.Left, adding.Done = nil, adding.Total
	return s.Store.TellAdding(ctx, adding)
}

// giveUpAdding refuses all that is left.
func (s *Service) giveUpAdding(ctx context.Context, adding *Adding, why string) error {
	for _, f := range adding.Left {
		adding.Refused = append(adding.Refused, AddResult{Path: f.Path, Problem: "It was not added. " + why})
	}
	err := s.endAdding(ctx, adding)
	if KindOf(err) == Conflict {
		return nil // somebody else ended it
	}
	return err
}

// giveUpDeadAdding refuses what is left where the job that should add it was given
// up: its workers died.
func (s *Service) giveUpDeadAdding(ctx context.Context) error {
	dead, err := s.Store.Jobs(ctx, JobQuery{Kinds: []string{JobAdd}, States: []JobState{JobDead}, Newest: true})
	for i := 0; err == nil && i < len(dead); i++ {
		var adding *Adding
		if adding, err = s.Store.AddingOf(ctx, dead[i].Request); KindOf(err) == NotFound {
			err = nil
		} else if err == nil && adding.Run == string(dead[i].Payload) && len(adding.Left) > 0 {
			err = s.giveUpAdding(ctx, adding, "The service could not finish it. Add the file again.")
		}
	}
	return err
}

// adding is what is being added to a draft, or was not; nil when there is nothing
// to tell.
func (s *Service) adding(ctx context.Context, r *Request) (*Adding, error) {
	if r.Status.Owner() != "author" {
		return nil, nil
	}
	adding, err := s.Store.AddingOf(ctx, r.ID)
	if KindOf(err) == NotFound {
		return nil, nil
	}
	return adding, err
}

// allAdded refuses a request to which files are still being added.
func (s *Service) allAdded(ctx context.Context, r *Request) error {
	adding, err := s.adding(ctx, r)
	if err == nil && adding.Going() {
		return Errorf(Conflict, "%s", adding.progress())
	}
	return err
}

// Going reports whether files are still being added.
func (a *Adding) Going() bool { return a != nil && len(a.Left) > 0 }

func (a *Adding) progress() string {
	return fmt.Sprintf("Files are still being added: %d of %d so far. Wait until all are.", a.Done, a.Total)
}
