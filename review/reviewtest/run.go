package reviewtest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sallyport/review"
)

// Run holds a store to review.Store's contracts. Open returns an empty store
// that is closed by the test's clean-up.
func Run(t *testing.T, open func(t *testing.T) review.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, review.Store)
	}{
		{"a full request comes back as it was", fullRequest},
		{"an update keeps what changed, at every level", updateLevels},
		{"random changes are kept whole", randomChanges},
		{"the same id twice is a conflict", sameID},
		{"one active request per author and workspace", oneActive},
		{"one active request, ten at once", oneActiveRace},
		{"a request that is not there", notFound},
		{"a change without its event is refused", noEvent},
		{"a change that fails keeps nothing", failedChange},
		{"what a request is cannot change", identity},
		{"racing updates take effect once each", racingUpdates},
		{"an update holds its change back", isolated},
		{"a write that fails keeps nothing", faults},
		{"requests are listed and filtered", listRequests},
		{"requests are listed in pages", pageRequests},
		{"requests are counted", countRequests},
		{"events come back as they were", fullEvent},
		{"events are numbered without gaps", numberedEvents},
		{"events are filtered and paged", filterEvents},
		{"findings are saved once", reportOnce},
		{"a release is written once", releaseOnce},
		{"releases are listed", listReleases},
		{"a policy is kept once", policyOnce},
		{"a package is kept once", sealOnce},
		{"a package is kept once, six at once", sealRace},
		{"the newest malware scan is kept", newestScan},
		{"jobs are leased, finished and retried", jobs},
		{"jobs become dead letters", deadJobs},
		{"a job goes to one worker", jobRace},
		{"a job that was lost cannot be ended", fencing},
		{"a stuck target holds up nobody else", fairness},
		{"jobs of no request", enqueued},
		{"jobs put off by a clock ahead", putOff},
		{"a lead is one process's", leads},
		{"a lead, six at once", leadRace},
		{"a sitting is one visit", visits},
		{"a run of checks tells how far it is", checkRuns},
		{"files being added are told of", additions},
		{"notices are kept once and listed", notices},
		{"a digest takes its items once", digests},
		{"choices are kept with their event", choices},
		{"text that cannot be kept is refused", unkeepable},
		{"grants are kept, and end once", grantsKept},
		{"proposals are settled once, by a second person", proposalsKept},
		{"a change of who may do what is kept whole", accessWhole},
		{"alarms stand until they are ended", alarms},
		{"of many alarms at once one stands", alarmRace},
		{"bytes in use, and how far they are read", bytesInUse},
		{"holds keep and are lifted", holds},
		{"requests are retired once", retire},
		{"packages are removed once", removePackages},
		{"what was sent is forgotten", forgetSent},
		{"recalls come back as they were", recalls},
		{"people and projects", people},
		{"people are saved with their event or not at all", peopleAtomic},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// same fails the test when two values differ; an empty list or map is as good
// as none.
func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := difference(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func difference(want, got any) string { return cmp.Diff(want, got, cmpopts.EquateEmpty()) }

// must fails the test at once on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantKind fails the test when err is of another kind.
func wantKind(t *testing.T, err error, kind review.Kind) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one of kind %d", kind)
	}
	if got := review.KindOf(err); got != kind {
		t.Fatalf("error of kind %d, want %d: %v", got, kind, err)
	}
}

// create keeps a request with the event of its creation.
func create(t *testing.T, s review.Store, r *review.Request) {
	t.Helper()
	must(t, s.Create(t.Context(), r, Happened(r, review.EvRequestCreated, r.Created)))
}

// read reads a request that must be there.
func read(t *testing.T, s review.Store, id review.RequestID) *review.Request {
	t.Helper()
	r, err := s.Request(t.Context(), id)
	must(t, err)
	return r
}

// events reads the whole log.
func events(t *testing.T, s review.Store) []review.Event {
	t.Helper()
	list, err := s.Events(t.Context(), review.EventQuery{Limit: 1 << 20})
	must(t, err)
	return list
}

// edit changes a request and leaves an event.
func edit(t *testing.T, s review.Store, id review.RequestID, change func(*review.Request)) *review.Request {
	t.Helper()
	kept, err := s.Update(t.Context(), id, edited(change))
	must(t, err)
	return kept
}

// edited makes a change that leaves an event.
func edited(change func(*review.Request)) func(*review.Request) (review.Change, error) {
	return func(r *review.Request) (review.Change, error) {
		change(r)
		return review.Change{Events: []review.Event{Happened(r, review.EvRequestEdited, later(r.Version))}}, nil
	}
}

// later is n minutes after the samples' start.
func later[N int | int64](n N) time.Time { return start.Add(time.Duration(n) * time.Minute) }

// errTest is an error of no kind.
var errTest = errors.New("the test says no")
