package review

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sallyport/checks"
	"sallyport/policy"
)

// outsiders names the checkers of a request that was found fit to be released:
// none is its author or belongs to its project (see router.stillFit).
func outsiders(r *Request) string {
	var names []string
	for _, seat := range r.Seats {
		names = append(names, string(seat.Checker))
	}
	return strings.Join(names, " ")
}

// weighty counts the blocking findings and warnings on some of the outputs, by
// check, as the events that end a review keep them. Nothing of the file is in
// it: the checks are ours.
func weighty(r *Request, report *checks.Report, which func(*Group, *File) bool) string {
	found := reportsByPath(report)
	count := map[string]int{}
	for g, f := range r.Outputs() {
		rep := found[f.Path]
		if rep == nil || !which(g, f) {
			continue
		}
		if rep.Status != "complete" {
			count["incomplete:"+string(policy.Block)]++
		}
		for _, x := range rep.Findings {
			if x.Severity == policy.Block || x.Severity == policy.Warn {
				count[x.Check+":"+string(x.Severity)]++
			}
		}
	}
	var out []string
	for _, key := range slices.Sorted(maps.Keys(count)) {
		out = append(out, fmt.Sprintf("%s:%d", key, count[key]))
	}
	return strings.Join(out, " ")
}

// note sets a key of an event's facts, unless there is nothing to say.
func (e *Event) note(key, value string) {
	if value == "" {
		return
	}
	if e.Detail == nil {
		e.Detail = map[string]string{}
	}
	e.Detail[key] = value
}
