package review

import (
	"iter"
	"strconv"
	"strings"
	"time"
)

// RequestQuery selects requests. Zero fields do not restrict.
type RequestQuery struct {
	Author    Username
	Checker   Username // holds a seat
	Person    Username // filed it or holds a seat
	Workspace WorkspaceName
	Projects  []ProjectID
	// OrProjects adds the requests of these projects to those of Author in Projects.
	OrProjects []ProjectID
	Statuses   []Status
	// Text is part of the title or the beginning of the id, in either case.
	Text string
	// Path is part of a file's path, in either case, and Digest the beginning of
	// the hex digest of a file as it came, or as it would leave.
	Path   string
	Digest Digest
	Policy string // beginning of the sha256, or the whole version, of the policy at submission
	// Since and Until bound the time of creation; Until is exclusive.
	Since, Until time.Time
	Whole        bool // groups, files, votes and comments too
	Limit        int  // 0 means 100
	Offset       int
	// After asks for those after a place, and Before for those just before one,
	// newest first all the same.
	After, Before Place
}

// EventQuery selects events. Zero fields do not restrict.
type EventQuery struct {
	Request   RequestID
	Actor     Username
	Workspace WorkspaceName
	Types     []EventType
	To        Status // a change to this status
	Path      string // whole path of a file
	Digest    Digest // beginning of the hex digest of the bytes concerned
	Policy    string // beginning of the sha256 of the policy in force
	// Since and Until bound the time; Until is exclusive.
	Since, Until time.Time
	After        int64 // Seq greater than
	Before       int64 // Seq less than
	Limit        int   // 0 means 1000
	Newest       bool  // newest first
}

// ReleaseQuery selects releases, newest first.
type ReleaseQuery struct {
	Workspace WorkspaceName
	Project   ProjectID
	Projects  []ProjectID // any of these
	// Recalled asks for those of which something was recalled, or, when false,
	// for those that stand whole.
	Recalled *bool
	// Since and Until bound the time of approval; Until is exclusive.
	Since, Until time.Time
	Limit        int // 0 means 100
	Offset       int
	// After asks for those after a place, and Before for those just before one,
	// newest first all the same.
	After, Before Place
}

// Place is where an element stands in a list that is newest first: pages of such
// lists go on from the place of an element, however far down it is, and stay where
// they are while newer ones are added.
type Place struct {
	At time.Time // of a request its creation, of a release its approval
	ID string
}

// Place is where a request stands among requests.
func (r *Request) Place() Place { return Place{r.Created, string(r.ID)} }

// Place is where a release stands among releases.
func (r *Release) Place() Place { return Place{r.Approved, r.ID} }

// Pages reads a list to its end, in pages of so many elements: next reads the page
// that begins after a place. It ends at the first error, which comes with no page.
func Pages[T any](size int, next func(after Place, limit int) ([]T, error), place func(*T) Place) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		for last := (Place{}); ; {
			list, err := next(last, size)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(list) > 0 && !yield(list, nil) || len(list) < size {
				return
			}
			last = place(&list[len(list)-1])
		}
	}
}

// String is the place as it stands in addresses.
func (p Place) String() string { return strconv.FormatInt(p.At.UnixMicro(), 10) + "." + p.ID }

// ParsePlace reads what String writes; "" is no place, which is no restriction.
// Invalid for anything else.
func ParsePlace(text string) (Place, error) {
	if text == "" {
		return Place{}, nil
	}
	micros, id, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(micros, 10, 64)
	if err != nil || id == "" || len(id) > maxPlaceID || strings.Trim(id, placeLetters) != "" {
		return Place{}, Errorf(Invalid, "There is no such place in this list.")
	}
	return Place{time.UnixMicro(n).UTC(), id}, nil
}

// What the IDs of requests and releases are made of.
const (
	maxPlaceID   = 100
	placeLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)
