package ui

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/sync/singleflight"

	"sallyport/checks"
	"sallyport/checks/table"
)

// largestShelf bounds the tables that are kept parsed, in cells. A cell takes
// about 50 bytes beside the file itself.
const largestShelf = table.MaxCells

// shelf keeps the files read last, parsed, so that the next window of a table
// does not read all of it again. It holds no authority: who may see a file is
// asked before it is looked for here, under the digest of its bytes.
type shelf struct {
	mu      sync.Mutex
	reading singleflight.Group
	list    []*readFile // the one used last at the end
	limit   int         // cells
}

// readFile is one file as the checks read it.
type readFile struct {
	key    string
	doc    *checks.Document
	tables []*tableSheet
	cells  int
}

// tableSheet is one table of it, with what showing it needs to know of the
// whole.
type tableSheet struct {
	*table.Table
	size int // rows that a page shows; 0 for as many as suit its columns

	measure sync.Once
	widths  []int  // of the columns, in characters
	numbers []bool // columns that are aligned as numbers
	summary sync.Once
	columns []columnSummary

	mu     sync.Mutex
	orders map[string][]int // rows by question, a few
}

// read returns the file with this key, reading it when it is not on the shelf.
func (s *shelf) read(ctx context.Context, key string, read func(context.Context) *checks.Document) *readFile {
	if f := s.find(key); f != nil {
		return f
	}
	out, _, _ := s.reading.Do(key, func() (any, error) {
		if f := s.find(key); f != nil {
			return f, nil
		}
		f := newReadFile(key, read(context.WithoutCancel(ctx)))
		s.keep(f)
		return f, nil
	})
	return out.(*readFile)
}

func newReadFile(key string, doc *checks.Document) *readFile {
	f := &readFile{key: key, doc: doc, cells: 1}
	for _, t := range doc.Tables {
		f.tables = append(f.tables, &tableSheet{Table: t})
		f.cells += max(1, len(t.Columns)) * max(1, t.Rows)
	}
	return f
}

func (s *shelf) find(key string) *readFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.list {
		if f.key == key {
			s.list = append(append(s.list[:i:i], s.list[i+1:]...), f)
			return f
		}
	}
	return nil
}

// keep puts a file on the shelf and takes off those used longest ago until the
// rest fits. A file that is larger than the shelf is not kept.
func (s *shelf) keep(f *readFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, f)
	sum := 0
	for i := len(s.list) - 1; i >= 0; i-- {
		if sum += s.list[i].cells; sum > s.limit {
			s.list = append([]*readFile(nil), s.list[i+1:]...)
			return
		}
	}
}

// mostOrders is how many orders of one table are remembered.
const mostOrders = 8

// rows is the answer to a question, remembered for the next window.
func (s *tableSheet) rows(ask tableQuery, flagged map[int]bool) []int {
	if ask.Flagged { // depends on the findings too, and is short
		return ask.order(s.Table, flagged)
	}
	ask.Hide = nil
	q := url.Values{}
	ask.into(q)
	key := q.Encode()
	s.mu.Lock()
	rows, known := s.orders[key]
	s.mu.Unlock()
	if known {
		return rows
	}
	rows = ask.order(s.Table, nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.orders == nil || len(s.orders) >= mostOrders {
		s.orders = map[string][]int{}
	}
	s.orders[key] = rows
	return rows
}

// The widths that columns come in, in characters: style can only name them.
var widthSteps = [...]int{5, 7, 9, 12, 14, 16, 20, 24, 30, 40}

// width is how many characters a column wants.
func (s *tableSheet) width(column int) int {
	s.measureOnce()
	return s.widths[column]
}

// number says that a column is aligned as numbers are.
func (s *tableSheet) number(column int) bool {
	s.measureOnce()
	return s.numbers[column]
}

func (s *tableSheet) measureOnce() {
	s.measure.Do(func() {
		s.widths = make([]int, max(len(s.Header), len(s.Columns)))
		s.numbers = make([]bool, len(s.widths))
		for i, c := range s.Columns {
			s.numbers[i] = mostlyNumbers(c)
			for j := range c.Cells {
				// Bytes first: hardly any cell is worth counting.
				if n := len(c.Cells[j].Raw); n > s.widths[i] {
					s.widths[i] = max(s.widths[i], utf8.RuneCountInString(c.Cells[j].Raw))
				}
			}
		}
		for i, name := range s.Header {
			s.widths[i] = max(s.widths[i], headerWidth(name))
		}
	})
}

// headerWidth is that of a name whose words may stand below one another.
func headerWidth(name string) int {
	longest := 0
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '_' || r == '.' }) {
		longest = max(longest, utf8.RuneCountInString(word)+1)
	}
	return min(max(longest, 7), 20)
}

func widthClass(characters int) string {
	for _, step := range widthSteps {
		if characters <= step {
			return fmt.Sprintf("app-w%d", step)
		}
	}
	return fmt.Sprintf("app-w%d", widthSteps[len(widthSteps)-1])
}

func widthOf(class string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(class, "app-w"))
	return n
}
