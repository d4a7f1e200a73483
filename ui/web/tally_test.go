package web

import (
	"fmt"
	"testing"
	"time"
)

func TestTally(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	tally := NewTally(func() time.Time { return now }, time.Minute)
	for range 3 {
		tally.Add("a")
	}
	if !tally.Reached("a", 3) || tally.Reached("a", 4) || tally.Reached("b", 1) {
		t.Error("three failures of a do not count as three failures of a")
	}
	now = now.Add(time.Minute)
	if tally.Reached("a", 3) {
		t.Error("failures count after their window")
	}
	now = now.Add(time.Second)
	tally.Add("a")
	if tally.Reached("a", 2) || !tally.Reached("a", 1) {
		t.Error("the count did not begin anew")
	}
	tally.Forget("a")
	if tally.Reached("a", 1) {
		t.Error("a forgiven failure counts")
	}
}

func TestTallyIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	tally := NewTally(func() time.Time { return now }, time.Minute)
	for i := range 2*maxTracked + 10 {
		tally.Add(fmt.Sprint(i))
	}
	if n := len(tally.fails); n > maxTracked+1 {
		t.Errorf("%d keys are kept", n)
	}
}

func TestSourceClass(t *testing.T) {
	for remote, want := range map[string]string{
		"127.0.0.1:80": "local", "[::1]:80": "local", "10.0.0.1:1": "private", "[::ffff:192.168.1.1]:1": "private",
		"192.0.2.1:1": "public", "somewhere": "", "": "",
	} {
		if got := SourceClass(remote); got != want {
			t.Errorf("SourceClass(%q) = %q, want %q", remote, got, want)
		}
	}
}
