package clean

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestList(t *testing.T) {
	var l List
	l.Add("script", "head")
	l.Add("script", "head")
	l.Add("comment", "")
	for i := range 5 {
		l.Add("style", fmt.Sprintf("line %d", i))
	}
	l.Merge("figure 1", []Removal{{What: "script", Count: 3, Where: "line 9"}})
	l.AddN("nothing", "", 0)
	want := []Removal{
		{What: "script", Count: 5, Where: "head; figure 1"},
		{What: "comment", Count: 1},
		{What: "style", Count: 5, Where: "line 0; line 1; line 2; and elsewhere"},
	}
	if d := cmp.Diff(want, l.Removals()); d != "" {
		t.Error(d)
	}
	if got := new(List).Removals(); got != nil {
		t.Errorf("an empty list gives %v", got)
	}
}

// A hostile file with a million sorts of things has a short list all the same.
func TestListIsBounded(t *testing.T) {
	var l List
	for i := range 10_000 {
		l.Add(fmt.Sprint("thing ", i), fmt.Sprint("line ", i))
	}
	got := l.Removals()
	if len(got) != sortsKept+1 || got[sortsKept].Count != 10_000-sortsKept {
		t.Errorf("%d entries, the last %+v", len(got), got[len(got)-1])
	}
}
