package storage

import (
	"strings"
	"time"

	"gorm.io/gorm"

	"sallyport/review"
)

// searchRequests adds what an auditor looks for. The SQL is what every database
// speaks; the names of columns are ours, all values are bound.
func searchRequests(page *gorm.DB, q review.RequestQuery) *gorm.DB {
	if q.Person != "" {
		page = page.Where("(author = ? OR id IN (SELECT request FROM request_seats WHERE checker = ?))", string(q.Person), string(q.Person))
	}
	if q.Text != "" {
		page = page.Where(`(lower(title) LIKE ? ESCAPE '\' OR lower(id) LIKE ? ESCAPE '\')`, "%"+pattern(q.Text)+"%", pattern(q.Text)+"%")
	}
	if q.Path != "" {
		page = page.Where(`id IN (SELECT request FROM request_files WHERE lower(path) LIKE ? ESCAPE '\')`, "%"+pattern(q.Path)+"%")
	}
	if q.Digest != "" {
		low, high := prefix(string(q.Digest))
		page = page.Where(`id IN (SELECT request FROM request_files WHERE digest >= ? AND digest < ?
			UNION SELECT request FROM request_files WHERE "release" >= ? AND "release" < ?)`, low, high, low, high)
	}
	if q.Policy != "" {
		low, high := prefix(q.Policy)
		page = page.Where("(policy_version = ? OR policy_sha256 >= ? AND policy_sha256 < ?)", q.Policy, low, high)
	}
	return page
}

// pattern makes plain text of what LIKE would read, in lower case.
func pattern(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(text))
}

// prefix bounds all hex texts that begin with one, so that an index serves.
func prefix(text string) (low, high string) {
	low = strings.ToLower(text)
	return low, low + "g"
}

func beginning(page *gorm.DB, column, text string) *gorm.DB {
	low, high := prefix(text)
	return page.Where(column+" >= ? AND "+column+" < ?", low, high)
}

// between bounds a column of times; a zero time does not restrict.
func between(page *gorm.DB, column string, since, until time.Time) *gorm.DB {
	if !since.IsZero() {
		page = page.Where(column+" >= ?", micros(since))
	}
	if !until.IsZero() {
		page = page.Where(column+" < ?", micros(until))
	}
	return page
}
