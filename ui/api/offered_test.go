package api

import (
	"reflect"
	"slices"
	"testing"

	"sallyport/review"
)

// Every use case that has an actor is offered to programs, or is named here with
// the reason why not.
func TestEveryUseCaseIsOffered(t *testing.T) {
	apart := []string{
		"Requests",      // RequestsPage is the same in pages
		"RecordSignOut", // nobody signs in here, so nobody signs out
		"People",        // no program decides who may come in
		"PersonNamed",
		"FramedContent",    // what a page frames; FileContent is the same
		"Alarms",           // they are part of the status
		"Amend",            // EditDetails and EditGroup say everything at once
		"Since",            // the events of a request say so
		"AuthoriseOn",      // part of others
		"Invited",          // part of an invitation, which a browser takes up
		"TeamPace",         // the same, on the board
		"MyPace",           // a page's estimate, of what the queue holds
		"ChooseZone",       // how pages write times; programs get UTC
		"RecalledRequests", // each request and release says so itself
	}
	offered, service := reflect.TypeFor[Service](), reflect.TypeFor[*review.Service]()
	for i := range service.NumMethod() {
		m := service.Method(i)
		if !slices.Contains(slices.Collect(m.Type.Ins()), reflect.TypeFor[review.Actor]()) || slices.Contains(apart, m.Name) {
			continue
		}
		if _, ok := offered.MethodByName(m.Name); !ok {
			t.Errorf("programs cannot use %s: add a row to routes, or say here why not", m.Name)
		}
	}
}
