package storage

import (
	"context"
	"testing"

	"gorm.io/gorm"

	"sallyport/policy"
	"sallyport/review"
)

// What somebody may not see costs as many statements as what is not there, for
// each way of asking: an answer's time tells no more than its words.
func TestHiddenCostsAsMuchAsMissing(t *testing.T) {
	w, _ := busy(t, 2, 3)
	statements := 0
	for _, pool := range []*gorm.DB{w.Store.(*Store).reader, w.Store.(*Store).writer} {
		watch(t, pool, func(tx *gorm.DB) {
			if tx.Statement.Table != "tree" { // how much of the log's tree is written goes by the number of the event
				statements++
			}
		})
	}
	ctx := context.Background()
	for name, ask := range map[string]func(a review.Actor, id review.RequestID) error{
		"view":      func(a review.Actor, id review.RequestID) error { _, err := w.Request(ctx, a, id); return err },
		"record":    func(a review.Actor, id review.RequestID) error { _, err := w.Record(ctx, a, id); return err },
		"content":   func(a review.Actor, id review.RequestID) error { _, err := w.FileContent(ctx, a, id, "f1"); return err },
		"download":  func(a review.Actor, id review.RequestID) error { _, _, err := w.Download(ctx, a, id, "f1"); return err },
		"versions":  func(a review.Actor, id review.RequestID) error { _, err := w.Versions(ctx, a, id, "f1"); return err },
		"withdraw":  func(a review.Actor, id review.RequestID) error { return w.Withdraw(ctx, a, id) },
		"submit":    func(a review.Actor, id review.RequestID) error { return w.Submit(ctx, a, id, nil, "") },
		"review":    func(a review.Actor, id review.RequestID) error { return w.SubmitReview(ctx, a, id) },
		"claim":     func(a review.Actor, id review.RequestID) error { return w.Claim(ctx, a, id) },
		"return":    func(a review.Actor, id review.RequestID) error { return w.Return(ctx, a, id) },
		"release":   func(a review.Actor, id review.RequestID) error { return w.Release(ctx, a, id) },
		"hold":      func(a review.Actor, id review.RequestID) error { return w.Hold(ctx, a, id, "why") },
		"authorise": func(a review.Actor, id review.RequestID) error { return w.AuthoriseOn(ctx, a, policy.RequestView, id) },
		"vote": func(a review.Actor, id review.RequestID) error {
			return w.Vote(ctx, a, id, review.VoteInput{File: "f1", Decision: review.Approve, Seen: "d"})
		},
		"comment": func(a review.Actor, id review.RequestID) error {
			return w.Comment(ctx, a, id, review.CommentInput{Group: "g", Visibility: review.Public, Text: "Hm."})
		},
	} {
		for _, who := range []review.Username{"tim", "chen", "ops"} { // another project's, not routed to, no contents
			a := w.As(t, who)
			cost := func(id review.RequestID) int {
				statements = 0
				if err := ask(a, id); review.KindOf(err) != review.NotFound {
					t.Errorf("%s as %s: %v", name, who, err)
				}
				return statements
			}
			if hidden, missing := cost("r00001"), cost("none"); hidden != missing || hidden == 0 {
				t.Errorf("%s as %s: %d statements for what they may not see, %d for what is not there", name, who, hidden, missing)
			}
		}
	}
}
