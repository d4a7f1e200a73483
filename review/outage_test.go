package review_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"

	"sallyport/checks"
	"sallyport/review"
	"sallyport/review/reviewtest"
)

// Findings made while the storage fails tell nothing of the file: nobody is shown
// them, they are not kept, and the same request goes on when the storage is back.
func TestFindingsOfAnOutageAreNotKept(t *testing.T) {
	w := newWorld(t)
	w.Checker = &checks.Engine{}
	ann := w.As(t, "ann")
	id := draft(t, w)
	const path, text = "release/counts.csv", "region,adults_rounded\nnorth,100\nsouth,250\n"
	w.Workspaces.Write(reviewtest.Cohort, path, text)
	sum := sha256.Sum256([]byte(text))
	back := w.Blobs.Break(review.Digest(hex.EncodeToString(sum[:])), errors.New("the disk says no"))
	add := []review.AddFile{{Path: path, Kind: review.Output, Group: "More"}}
	if _, err := w.AddFiles(t.Context(), ann, id, add); review.KindOf(err) != review.Unavailable {
		t.Errorf("while the storage fails: %v", err)
	}
	ticked, permitted := reviewtest.Checklist()
	if err := w.Submit(t.Context(), ann, id, ticked, permitted); review.KindOf(err) != review.Unavailable {
		t.Errorf("submitting while the storage fails: %v", err)
	}
	back()
	if err := w.Submit(t.Context(), ann, id, ticked, permitted); review.KindOf(err) == review.Unavailable {
		t.Errorf("afterwards: %v", err)
	}
	v, err := w.Request(t.Context(), ann, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range v.Groups {
		for _, f := range g.Files {
			if f.File.Path == path && (f.Report == nil || f.Report.Status != "complete") {
				t.Errorf("the file's findings: %+v", f.Report)
			}
		}
	}
}
