package reviewtest

import (
	"fmt"
	"reflect"
	"time"

	"sallyport/checks/provenance"
	"sallyport/review"
)

// start is the time at which the samples begin.
var start = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

// filler sets every field it can reach to a value that differs from all others
// it has set: lists get two elements, maps two entries.
type filler struct{ n int }

func (f *filler) fill(v reflect.Value) {
	f.n++
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(start.Add(time.Duration(f.n)*time.Second + time.Duration(f.n)*time.Microsecond)))
	case v.Type() == reflect.TypeFor[review.Digest]():
		v.SetString(string(sum([]byte(fmt.Sprint(f.n)))))
	default:
		f.kind(v)
	}
}

func (f *filler) kind(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("value <%d> & “é”\n", f.n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Pointer: // what is added later stays away
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key)
			f.fill(value)
			v.SetMapIndex(key, value)
		}
	default:
		panic(fmt.Sprintf("reviewtest: no sample of a %s", v.Type()))
	}
}

// FullRequest returns a request with every field set, in the shape that a
// domain could give it: identifiers and statuses are real ones.
func FullRequest(id review.RequestID) *review.Request {
	r := new(review.Request)
	new(filler).fill(reflect.ValueOf(r).Elem())
	r.ID, r.Version, r.Status = id, 1, review.PartiallyReviewed
	r.Author, r.Workspace, r.Project = "ada", "study", "p1"
	for i := range r.Groups {
		for j := range r.Groups[i].Files {
			f := &r.Groups[i].Files[j]
			f.Kind = []review.FileKind{review.Output, review.Supporting, review.WithdrawnF}[(2*i+j)%3]
			f.Origin.Level = provenance.Moderately
			for k := range f.Votes {
				f.Votes[k].Decision = []review.Decision{
					review.Approve, review.RequestChanges, review.Reject, review.Undecided,
				}[(2*j+k)%4]
			}
		}
	}
	r.Comments[0].Visibility, r.Comments[1].Visibility = review.Public, review.Checkers
	r.Comments[1].ByChecker = false
	return r
}

// Draft returns a small draft of an author for a workspace.
func Draft(id review.RequestID, author review.Username, workspace review.WorkspaceName, created time.Time) *review.Request {
	return &review.Request{
		ID: id, Version: 1, Author: author, Workspace: workspace, Project: "p1",
		Status: review.Pending, Turn: 1, Created: created, Updated: created,
	}
}

// WithFiles returns a submitted request with that many files, in groups of ten,
// each file with two votes.
func WithFiles(id review.RequestID, files int) *review.Request {
	r := Draft(id, "ada", review.WorkspaceName("study-"+string(id)), start)
	r.Status = review.Submitted
	for i := range files {
		if i%10 == 0 {
			r.Groups = append(r.Groups, review.Group{
				ID: review.GroupID(fmt.Sprintf("g%d", i)), Name: fmt.Sprintf("group %d", i),
				Context: map[string]string{"population": "everybody"},
			})
		}
		g := &r.Groups[len(r.Groups)-1]
		d := sum([]byte(fmt.Sprint(i)))
		g.Files = append(g.Files, review.File{
			ID: review.FileID(fmt.Sprintf("f%d", i)), Path: fmt.Sprintf("release/t%d.csv", i), Kind: review.Output,
			Digest: d, Size: 100, Release: d, ReleaseSize: 100, MediaType: "text/csv", Added: start,
			Votes: []review.Vote{
				{Checker: "carol", Decision: review.Approve, Turn: 2, At: start, Basis: d},
				{Checker: "dave", Decision: review.Approve, Turn: 2, At: start, Basis: d},
			},
		})
	}
	return r
}

// Happened returns an event of a request.
func Happened(r *review.Request, kind review.EventType, at time.Time) review.Event {
	return review.Event{At: at, Type: kind, Actor: r.Author, Request: r.ID, Workspace: r.Workspace, Turn: r.Turn}
}
