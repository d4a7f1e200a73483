package storage

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"sallyport/review"
)

// Requests lists requests with two statements, or six with all that is below
// them, whatever their number.
func (s *Store) Requests(ctx context.Context, q review.RequestQuery) ([]review.Request, error) {
	var list []review.Request
	err := s.read(ctx, "listing requests", func(tx *gorm.DB) error {
		var rows []requestRow
		if err := selectRequests(tx, q).Find(&rows).Error; err != nil || len(rows) == 0 {
			return err
		}
		below, err := loadBelow(tx, selectRequests(tx, q).Select("id"), q.Whole)
		if err != nil {
			return err
		}
		for _, row := range rows {
			below.at(row.ID).request = row
			r, err := below.at(row.ID).domain()
			if err != nil {
				return err
			}
			list = append(list, *r)
		}
		return nil
	})
	if q.Before != (review.Place{}) {
		slices.Reverse(list)
	}
	return list, err
}

// selectRequests is the query of one page, newest first.
func selectRequests(tx *gorm.DB, q review.RequestQuery) *gorm.DB {
	page := placed(tx.Model(&requestRow{}), "created", q.After, q.Before).
		Limit(limit(q.Limit, 100)).Offset(max(q.Offset, 0))
	switch {
	case len(q.OrProjects) > 0:
		page = page.Where("(author = ? AND project IN ? OR project IN ?)", string(q.Author), texts(q.Projects), texts(q.OrProjects))
		q.Projects = nil
	case q.Author != "" && onlyUnderWay(q):
		page = page.Where("author || '' = ?", string(q.Author)) // not by its index: that holds all that they ever filed
	case q.Author != "":
		page = page.Where("author = ?", string(q.Author))
	}
	if q.Checker != "" {
		seats := "id IN (SELECT request FROM request_seats WHERE checker = ?)"
		if len(q.Statuses) > 0 { // few are under way, whatever the checker has seen in years
			seats = "EXISTS (SELECT 1 FROM request_seats WHERE request = requests.id AND checker = ?)"
		}
		page = page.Where(seats, string(q.Checker))
	}
	if q.Workspace != "" {
		page = page.Where("workspace = ?", string(q.Workspace))
	}
	if len(q.Projects) > 0 {
		page = page.Where("project IN ?", texts(q.Projects))
	}
	if len(q.Statuses) > 0 {
		page = page.Where("status IN ?", texts(q.Statuses))
		if onlyUnderWay(q) {
			page = page.Where(underWay)
		}
	}
	return searchRequests(between(page, "created", q.Since, q.Until), q)
}

// underWay is the condition of the index requests_under_way, in its very words. Those
// requests are few, whatever the years have brought; without it SQLite takes it that
// each status is as common as the others, and reads all.
const underWay = "status IN ('PENDING', 'RETURNED', 'SUBMITTED', 'PARTIALLY_REVIEWED', 'REVIEWED', 'APPROVED')"

// onlyUnderWay reports whether only requests are asked for that are not over.
func onlyUnderWay(q review.RequestQuery) bool {
	return len(q.Statuses) > 0 && !slices.ContainsFunc(q.Statuses, func(s review.Status) bool {
		return s == review.Released || s == review.Rejected || s == review.Withdrawn
	})
}

// placed orders a list newest first by a column, after a place if there is one;
// before a place, oldest first, so that a limit leaves those nearest to it.
func placed(page *gorm.DB, column string, after, before review.Place) *gorm.DB {
	none := review.Place{}
	switch {
	case before != none:
		return page.Where("("+column+", id) > (?, ?)", micros(before.At), before.ID).Order(column + ", id")
	case after != none:
		page = page.Where("("+column+", id) < (?, ?)", micros(after.At), after.ID)
	}
	return page.Order(column + " DESC, id DESC")
}

// loadBelow reads the seats of the requests that ids selects, and all else below
// them when the whole is asked for.
func loadBelow(tx, ids *gorm.DB, whole bool) (aggregates, error) {
	var all aggregate
	tables := []any{&all.seats}
	if whole {
		tables = append(tables, &all.groups, &all.files, &all.votes, &all.comments)
	}
	for _, table := range tables {
		if err := tx.Where("request IN (?)", ids).Order("request, position").Find(table).Error; err != nil {
			return nil, err
		}
	}
	below := aggregates{}
	for _, row := range all.seats {
		below.at(row.Request).seats = append(below.at(row.Request).seats, row)
	}
	for _, row := range all.groups {
		below.at(row.Request).groups = append(below.at(row.Request).groups, row)
	}
	for _, row := range all.files {
		below.at(row.Request).files = append(below.at(row.Request).files, row)
	}
	for _, row := range all.votes {
		below.at(row.Request).votes = append(below.at(row.Request).votes, row)
	}
	for _, row := range all.comments {
		below.at(row.Request).comments = append(below.at(row.Request).comments, row)
	}
	return below, nil
}

// aggregates are requests as rows, by id.
type aggregates map[string]*aggregate

// at returns the aggregate of an id, made when there is none.
func (m aggregates) at(id string) *aggregate {
	if m[id] == nil {
		m[id] = new(aggregate)
	}
	return m[id]
}

// limit is n, or otherwise when n is not set.
func limit(n, otherwise int) int {
	if n <= 0 {
		return otherwise
	}
	return n
}

// texts makes plain strings of identifiers, for a query.
func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}
