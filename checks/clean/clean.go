// Package clean holds what every sanitiser says about its work: the list of
// what it took out. It knows no file type.
package clean

import "strings"

// Removal is one sort of thing that cleaning took out of a file, or changed.
type Removal struct {
	What  string `json:"what"`  // in plain words: "script", "text chunk (tEXt Author)"
	Count int    `json:"count"` // how often; at least 1
	// Where is where in the file, the first places of several: "head",
	// "line 12"; "" when the place says nothing.
	Where string `json:"where"`
}

// placesShown is how many places of one sort of removal are named.
const placesShown = 3

// sortsKept limits how many different sorts are listed one by one, so that a
// hostile file cannot make the list grow with its size.
const sortsKept = 200

// List collects removals in the order they are first met, one entry for each
// What. The zero value is ready to use.
type List struct {
	entries []entry
	index   map[string]int
}

type entry struct {
	what   string
	count  int
	places []string
	more   bool
}

// Add counts one removal. Beyond 200 different sorts all others are counted
// under one heading.
func (l *List) Add(what, where string) { l.AddN(what, where, 1) }

// AddN counts n removals of one sort at one place.
func (l *List) AddN(what, where string, n int) {
	if n <= 0 {
		return
	}
	i, known := l.index[what]
	if !known && len(l.entries) >= sortsKept {
		what, where = "other things", ""
		i, known = l.index[what]
	}
	if !known {
		if l.index == nil {
			l.index = map[string]int{}
		}
		i = len(l.entries)
		l.index[what] = i
		l.entries = append(l.entries, entry{what: what})
	}
	e := &l.entries[i]
	e.count += n
	e.at(where)
}

func (e *entry) at(where string) {
	if where == "" {
		return
	}
	for _, p := range e.places {
		if p == where {
			return
		}
	}
	if len(e.places) >= placesShown {
		e.more = true
		return
	}
	e.places = append(e.places, where)
}

// Merge adds what a part of the file lost, naming the part as the place.
func (l *List) Merge(where string, parts []Removal) {
	for _, r := range parts {
		l.AddN(r.What, where, r.Count)
	}
}

// Removals returns the list; nil when nothing was taken out.
func (l *List) Removals() []Removal {
	var out []Removal
	for _, e := range l.entries {
		where := strings.Join(e.places, "; ")
		if e.more {
			where += "; and elsewhere"
		}
		out = append(out, Removal{What: e.what, Count: e.count, Where: where})
	}
	return out
}
