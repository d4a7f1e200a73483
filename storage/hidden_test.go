package storage

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"gorm.io/gorm"

	"sallyport/policy"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// askings calls every use case that takes the id of a request, of a workspace or
// of anything else, by its name. A new one without a row of good input in inputs
// is called with plain words.
func askings(t *testing.T, s *review.Service) map[string]func(a review.Actor, id named) error {
	t.Helper()
	apart := []string{
		"ChooseZone", "RefuseScope", "Invited", // about whoever asks, not about what they name
	}
	out := map[string]func(review.Actor, named) error{}
	service := reflect.ValueOf(s)
	for i := range service.NumMethod() {
		name, m := service.Type().Method(i).Name, service.Method(i)
		ins := slices.Collect(m.Type().Ins())
		if len(ins) < 3 || ins[1] != reflect.TypeFor[review.Actor]() || !slices.ContainsFunc(ins[2:], isID) || slices.Contains(apart, name) {
			continue
		}
		out[name] = func(a review.Actor, id named) error {
			if name == "VersionContent" {
				id.other = "before" // which of two
			}
			args := []reflect.Value{reflect.ValueOf(context.Background()), reflect.ValueOf(a)}
			for _, in := range ins[2:] {
				args = append(args, id.input(in))
			}
			results := m.Call(args)
			err, _ := results[len(results)-1].Interface().(error)
			return err
		}
	}
	return out
}

// isID reports whether a parameter says what is asked for.
func isID(t reflect.Type) bool {
	return t == reflect.TypeFor[review.RequestID]() || t == reflect.TypeFor[review.WorkspaceName]() || t == reflect.TypeFor[review.Username]() ||
		t == reflect.TypeFor[string]() || t == reflect.TypeFor[int64]() || t == reflect.TypeFor[review.Export]()
}

// named is what is asked for: something that is there, or something that is not.
type named struct {
	request   review.RequestID
	workspace review.WorkspaceName
	person    review.Username
	seq       int64
	other     string // a grant, a proposal, an alarm, a job
}

// input is good input of a type.
func (n named) input(t reflect.Type) reflect.Value {
	inputs := []any{
		n.request, n.workspace, n.person, n.seq, n.other, review.FileID("f1"), review.GroupID("g"), review.CommentID("c1"), true,
		policy.RequestView, review.Output, []string(nil), map[string]string(nil),
		review.Amendment{Details: map[string]string{"title": "T"}}, review.RequestDetails{Title: "T", Purpose: "P"}, review.GroupDetails{Pattern: "release/*.csv", PatternCount: 1},
		review.AcknowledgeInput{Fingerprint: "f", Code: policy.Default().Acknowledgements[0].ID, Text: "Towns."},
		review.BreachInput{Words: "A small count.", Severity: review.RecallLow, Discovered: asked},
		review.VoteInput{File: "f1", Decision: review.Approve, Seen: "d"}, review.CommentInput{Group: "g", Visibility: review.Public, Text: "Hm."},
		[]review.AddFile{{Path: "release/0.csv", Kind: review.Output, Group: "g"}}, review.Export{Kind: "record csv", Request: n.request, Rows: 1},
	}
	for _, in := range inputs {
		if reflect.TypeOf(in) == t {
			return reflect.ValueOf(in)
		}
	}
	return reflect.Zero(t)
}

// asked is a moment that has passed when the test asks.
var asked = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

// What somebody may not see costs as many statements as what is not there, for
// every use case that is asked for something by its id: an answer's time tells no
// more than its words.
func TestHiddenCostsAsMuchAsMissing(t *testing.T) {
	w, _ := busy(t, 2, 3)
	statements := 0
	for _, pool := range []*gorm.DB{w.Store.(*Store).reader, w.Store.(*Store).writer} {
		watch(t, pool, func(tx *gorm.DB) {
			if tx.Statement.Table != "tree" { // how much of the log's tree is written goes by the number of the event
				statements++
			}
		})
	}
	grants, err := w.Store.Grants(t.Context(), review.GrantQuery{})
	must(t, err)
	hidden := named{"r00001", reviewtest.Cohort, "ann", 1, grants[0].ID}
	missing := named{"none", "none", "none", 1 << 40, "none"}
	tried := 0
	for name, ask := range askings(t, w.Service) {
		for _, who := range []review.Username{"tim", "chen", "ops"} { // another project's, not routed to, no contents
			a := w.As(t, who)
			if who == "ops" && slices.Contains(operating(), name) {
				continue
			}
			tried++
			cost := func(id named) int {
				statements = 0
				if err := ask(a, id); review.KindOf(err) != review.NotFound {
					t.Errorf("%s as %s: %v", name, who, err)
				}
				return statements
			}
			if h, m := cost(hidden), cost(missing); h != m || h == 0 {
				t.Errorf("%s as %s: %d statements for what they may not see, %d for what is not there", name, who, h, m)
			}
		}
	}
	if tried < 150 {
		t.Errorf("only %d were tried", tried)
	}
	t.Logf("%d tried", tried)
}

// operating are the use cases that an operator is there for.
func operating() []string {
	return []string{"PersonNamed", "RetryDead", "Restored", "Revoke", "Confirm"}
}
