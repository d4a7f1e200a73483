package review_test

import (
	"os"
	"regexp"
	"testing"

	"sallyport/review"
)

// Every declared type is listed.
func TestEventTypes(t *testing.T) {
	source, err := os.ReadFile("event.go")
	must(t, err)
	declared := regexp.MustCompile(`(?m)^\tEv\w+\s+EventType = "(.+)"`).FindAllStringSubmatch(string(source), -1)
	listed := map[review.EventType]bool{}
	for _, e := range review.EventTypes() {
		listed[e] = true
	}
	if len(declared) < 40 || len(listed) != len(declared) {
		t.Errorf("%d types declared, %d listed", len(declared), len(listed))
	}
	for _, m := range declared {
		if !listed[review.EventType(m[1])] {
			t.Errorf("%s is not listed", m[1])
		}
	}
}
