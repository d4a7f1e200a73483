package export

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/review"
	"sallyport/ui/sheet"
)

// page is how many elements one statement reads.
const page = 500

// paged is each element of a list that is read page by page.
func paged[T any](next func(after review.Place, limit int) ([]T, error), place func(*T) review.Place) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for list, err := range review.Pages(page, next, place) {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, x := range list {
				if !yield(x, nil) {
					return
				}
			}
		}
	}
}

// rows makes any number of rows of each element.
func rows[T any](list iter.Seq2[T, error], row func(T) [][]string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for x, err := range list {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, r := range row(x) {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

// stamp is a time as files hold it, "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func itoa[N int | int64](n N) string { return strconv.FormatInt(int64(n), 10) }

func join[T ~string](list []T) string {
	var out []string
	for _, x := range list {
		out = append(out, string(x))
	}
	return strings.Join(out, ", ")
}

// day is a bound of a filter, for the record.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

var (
	releaseColumns = []string{"release", "request", "approved", "delivered", "workspace", "project", "title", "asked by", "released by",
		"checkers", "policy", "policy version", "policy sha256", "#files", "#bytes", "recalled", "recalled on"}
	releasedColumns = []string{"file", "sha256 of the bytes that left", "#size", "sha256 before cleaning", "group", "approved by", "recalled"}
)

// Register is the register of releases, newest first: a sheet of releases and
// one of their files, or as CSV one line for each file. now pins the end, so
// that a release made meanwhile shifts nothing.
func Register(ctx context.Context, s Service, a review.Actor, q review.ReleaseQuery, now time.Time) Document {
	filter := map[string]string{"workspace": string(q.Workspace), "project": string(q.Project), "since": day(q.Since), "until": day(q.Until)}
	if q.Recalled != nil {
		filter["recalled"] = yes(*q.Recalled)
	}
	if q.Until.IsZero() {
		q.Until = now
	}
	list := paged(func(after review.Place, limit int) ([]review.Release, error) {
		q := q
		q.Limit, q.After = limit, after
		return s.Releases(ctx, a, q)
	}, (*review.Release).Place)
	flat := func(r review.Release) [][]string {
		var out [][]string
		head := releaseRow(r)
		for _, f := range r.Files {
			out = append(out, append(slices.Clone(head), releasedRow(&r, f)...))
		}
		return out
	}
	files := func(r review.Release) [][]string {
		var out [][]string
		for _, f := range r.Files {
			out = append(out, append([]string{r.ID, string(r.Request)}, releasedRow(&r, f)...))
		}
		return out
	}
	return Document{
		Kind: "releases", Name: "releases-" + day(now), Filter: filter, Listed: true,
		Tables: []sheet.Table{
			{Name: "Releases", Columns: sheet.Columns(releaseColumns...), Rows: rows(list, func(r review.Release) [][]string { return [][]string{releaseRow(r)} })},
			{Name: "Files", Columns: sheet.Columns(append([]string{"release", "request"}, releasedColumns...)...), Rows: rows(list, files)},
		},
		Flat: sheet.Table{Name: "Releases", Columns: sheet.Columns(append(slices.Clone(releaseColumns), releasedColumns...)...), Rows: rows(list, flat)},
	}
}

func releaseRow(r review.Release) []string {
	var size int64
	for _, f := range r.Files {
		size += f.Size
	}
	recalled, on := "no", ""
	if r.Recalled != nil {
		recalled, on = recalledWords(r.Recalled.Whole), stamp(r.Recalled.Since)
	}
	return []string{r.ID, string(r.Request), stamp(r.Approved), stamp(r.Delivered), string(r.Workspace), string(r.Project), r.Title, string(r.Author),
		string(r.By), join(r.Checkers), r.Policy.Name, r.Policy.Version, r.Policy.SHA256, itoa(len(r.Files)), itoa(size), recalled, on}
}

func releasedRow(r *review.Release, f review.ReleasedFile) []string {
	var by []string
	for _, a := range f.Approvals {
		by = append(by, string(a.Checker)+" "+stamp(a.At))
	}
	return []string{f.Path, string(f.SHA256), itoa(f.Size), string(f.Original), f.Group, strings.Join(by, ", "), yes(r.Recalled.Covers(f.Path))}
}

// Requests is a list of requests, newest first.
func Requests(ctx context.Context, s Service, a review.Actor, q review.RequestQuery, now time.Time) Document {
	filter := map[string]string{
		"text": q.Text, "path": q.Path, "sha256": string(q.Digest), "workspace": string(q.Workspace), "person": string(q.Person), "author": string(q.Author),
		"policy": q.Policy, "status": join(q.Statuses), "project": join(q.Projects), "since": day(q.Since), "until": day(q.Until),
	}
	if q.Until.IsZero() {
		q.Until = now
	}
	list := paged(func(after review.Place, limit int) ([]review.Request, error) {
		q := q
		q.Limit, q.After = limit, after
		return s.AllRequests(ctx, a, q)
	}, (*review.Request).Place)
	t := sheet.Table{
		Name: "Requests",
		Columns: sheet.Columns("request", "title", "workspace", "project", "asked by", "status", "#turn", "checkers", "policy version", "policy sha256",
			"created", "submitted", "due", "decided", "released"),
		Rows: rows(list, func(r review.Request) [][]string {
			var seats []review.Username
			for _, x := range r.Seats {
				seats = append(seats, x.Checker)
			}
			return [][]string{{string(r.ID), r.Title, string(r.Workspace), string(r.Project), string(r.Author), string(r.Status), itoa(r.Turn), join(seats),
				r.Policy.Version, r.Policy.SHA256, stamp(r.Created), stamp(r.Submitted), stamp(r.Due), stamp(r.Decided), stamp(r.Released)}}
		}),
	}
	return Document{Kind: "requests", Name: "requests-" + day(now), Filter: filter, Listed: true, Tables: []sheet.Table{t}, Flat: t}
}

// Events is the event log, oldest first, up to what it holds now.
func Events(ctx context.Context, s Service, a review.Actor, q review.EventQuery, now time.Time) Document {
	var types []string
	for _, t := range q.Types {
		types = append(types, string(t))
	}
	filter := map[string]string{
		"request": string(q.Request), "actor": string(q.Actor), "type": strings.Join(types, ", "), "path": q.Path, "sha256": string(q.Digest),
		"workspace": string(q.Workspace), "policy": q.Policy, "status": string(q.To), "since": day(q.Since), "until": day(q.Until),
	}
	q.Newest, q.Limit = false, page
	events := func(yield func(review.Event, error) bool) {
		q := q
		for {
			list, err := s.Audit(ctx, a, q)
			if err != nil {
				yield(review.Event{}, err)
				return
			}
			for _, e := range list {
				if !yield(e, nil) {
					return
				}
				q.After = e.Seq
			}
			if len(list) < page {
				return
			}
		}
	}
	t := eventTable(rows(iter.Seq2[review.Event, error](events), func(e review.Event) [][]string { return [][]string{eventRow(e)} }))
	return Document{Kind: "events", Name: "events-" + day(now), Filter: filter, Tables: []sheet.Table{t}, Flat: t}
}
