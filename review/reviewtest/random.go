package reviewtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport/review"
)

// randomChanges turns one random request into another, over and over, with ids
// from small pools, so that groups, files and votes come, go and change places
// in every combination.
func randomChanges(t *testing.T, s review.Store) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		id := review.RequestID(fmt.Sprint("r", n))
		want := drawRequest(rt, id)
		if err := s.Create(t.Context(), want, Happened(want, review.EvRequestCreated, start)); err != nil {
			rt.Fatal(err)
		}
		for range rapid.IntRange(1, 3).Draw(rt, "changes") {
			next := drawRequest(rt, id)
			next.Version = want.Version + 1
			kept, err := s.Update(t.Context(), id, func(r *review.Request) (review.Change, error) {
				*r = *next
				return review.Change{Events: []review.Event{Happened(r, review.EvRequestEdited, start)}}, nil
			})
			if err != nil {
				rt.Fatal(err)
			}
			got, err := s.Request(t.Context(), id)
			if err != nil {
				rt.Fatal(err)
			}
			if diff := difference(next, got) + difference(next, kept); diff != "" {
				rt.Fatalf("kept (-want +got):\n%s", diff)
			}
			want = next
		}
	})
}

func drawRequest(rt *rapid.T, id review.RequestID) *review.Request {
	r := Draft(id, "ada", review.WorkspaceName(id), start)
	r.Title = drawText(rt, "title")
	r.Turn = rapid.IntRange(1, 9).Draw(rt, "turn")
	files := pool(rt, "f", 6)
	for _, g := range pool(rt, "g", 4) {
		group := review.Group{
			ID: review.GroupID(g), Name: drawText(rt, "name"),
			Context: rapid.MapOfN(rapid.String(), rapid.String(), 0, 2).Draw(rt, "context"),
		}
		for range rapid.IntRange(0, len(files)).Draw(rt, "files of group") {
			group.Files = append(group.Files, drawFile(rt, files[0]))
			files = files[1:]
		}
		r.Groups = append(r.Groups, group)
	}
	for _, name := range pool(rt, "checker", 3) {
		r.Seats = append(r.Seats, review.Seat{Checker: review.Username(name), Submitted: drawTime(rt)})
	}
	for _, c := range pool(rt, "c", 4) {
		r.Comments = append(r.Comments, review.Comment{
			ID: review.CommentID(c), Author: "ada", Visibility: review.Public, Text: drawText(rt, "text"),
		})
	}
	return r
}

func drawFile(rt *rapid.T, id string) review.File {
	f := review.File{
		ID: review.FileID(id), Path: "release/" + drawText(rt, "path"), Kind: review.Output,
		Size: rapid.Int64Min(0).Draw(rt, "size"), Added: drawTime(rt),
	}
	for _, name := range pool(rt, "checker", 3) {
		f.Votes = append(f.Votes, review.Vote{
			Checker: review.Username(name), Decision: review.Approve, Reason: drawText(rt, "reason"), At: drawTime(rt),
		})
	}
	return f
}

// drawText draws text that every store keeps.
func drawText(rt *rapid.T, label string) string {
	return strings.ReplaceAll(rapid.String().Draw(rt, label), "\x00", "0")
}

// pool draws some of n names, in any order.
func pool(rt *rapid.T, prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint(prefix, i)
	}
	names = rapid.Permutation(names).Draw(rt, prefix)
	return names[:rapid.IntRange(0, n).Draw(rt, "number")]
}

// drawTime draws the zero time, or one to the microsecond.
func drawTime(rt *rapid.T) time.Time {
	us := rapid.Int64Range(0, 1<<40).Draw(rt, "time")
	if us == 0 {
		return time.Time{}
	}
	return start.Add(time.Duration(us) * time.Microsecond)
}
