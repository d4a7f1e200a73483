package storage

import (
	"path/filepath"
	"strings"
	"testing"

	"gorm.io/gorm"

	"sallyport/review"
	"sallyport/review/reviewtest"
)

// TestUnderWayIsFoundByIndex: the lists behind queues, boards and a person's
// workspaces read the requests that are not over, and not all that ever were.
func TestUnderWayIsFoundByIndex(t *testing.T) {
	address := filepath.Join(t.TempDir(), "x.db")
	s := openStore(t, address)
	start := noon()
	for _, name := range []string{"r1", "r2"} {
		r := reviewtest.Draft(review.RequestID(name), "ada", review.WorkspaceName(name), start)
		if err := s.Create(t.Context(), r, reviewtest.Happened(r, review.EvRequestCreated, start)); err != nil {
			t.Fatal(err)
		}
	}
	err := s.write(t.Context(), "many that are over", func(tx *gorm.DB) error {
		var names []string
		if err := tx.Raw("SELECT name FROM pragma_table_info('requests') WHERE name NOT IN ('id', 'status')").Scan(&names).Error; err != nil {
			return err
		}
		columns := strings.Join(names, ", ")
		return tx.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
			INSERT INTO requests (id, status, ` + columns + `) SELECT 'old' || i, 'RELEASED', ` + columns + ` FROM n, requests WHERE id = 'r1'`).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.writer.Exec("ANALYZE").Error; err != nil {
		t.Fatal(err)
	}
	s = openStore(t, address) // connections read once what was counted
	active := []review.Status{review.Pending, review.Submitted, review.PartiallyReviewed, review.Reviewed, review.Approved, review.Returned}
	for name, q := range map[string]review.RequestQuery{
		"active of an author": review.RequestQuery{Author: "ada", Statuses: active, Limit: 1000},
		"queue":               review.RequestQuery{Checker: "cora", Statuses: active[1:], Limit: 10_000},
		"with the checkers":   review.RequestQuery{Statuses: active[1:4], Limit: 10_000},
		"of projects":         review.RequestQuery{Statuses: active[1:4], Projects: []review.ProjectID{"p1", "p2"}, Limit: 10_000},
		"drafts":              review.RequestQuery{Statuses: []review.Status{review.Pending, review.Returned}, Limit: 10_000},
	} {
		t.Run(name, func(t *testing.T) {
			asked := s.reader.ToSQL(func(tx *gorm.DB) *gorm.DB { return selectRequests(tx, q).Find(new([]requestRow)) })
			var steps []struct{ Detail string }
			if err := s.reader.Raw("EXPLAIN QUERY PLAN " + asked).Scan(&steps).Error; err != nil {
				t.Fatal(err)
			}
			var plan []string
			for _, step := range steps {
				plan = append(plan, step.Detail)
			}
			if !strings.Contains(plan[0], "INDEX requests_status") && !strings.Contains(plan[0], "INDEX requests_under_way") {
				t.Errorf("it reads more than what is under way:\n%s", strings.Join(plan, "\n"))
			}
		})
	}
}
