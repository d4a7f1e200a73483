package table

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Limits of reading: what goes over them is an error, never a partial table.
const (
	MaxCells   = 3_000_000 // cells of one table, each row counting for two more
	MaxColumns = 2_000     // columns of one table
	MaxField   = 64 << 10  // bytes of one cell
)

// Info is what was noticed while splitting a CSV file.
type Info struct {
	Encoding  string // "utf-8", "utf-16", "latin-1"
	BOM       bool
	Delimiter byte
	Rows      int   // records after the header, however long
	Columns   int   // fields of the header
	Ragged    []int // data rows (0-based) with another number of fields than the header; at most 100
	RaggedAll int   // how many there are
}

// rowCost is what a row takes in memory beside its cells, in cells.
const rowCost = 2

// Reasons for which a CSV file is not read at all.
var (
	ErrNUL      = errors.New("the file contains NUL bytes, so it is not a text table")
	ErrTooLarge = errors.New("the table is too large to examine")
	ErrQuote    = errors.New("a quotation mark is opened and never closed")
)

// ReadCSV splits a CSV file into rows of text. It finds the encoding (UTF-8
// with or without a byte order mark, UTF-16, else Latin-1) and the delimiter
// (comma, tab, semicolon or bar). Records end with LF, CRLF or CR alone; empty
// lines are skipped and not counted. Quoted fields may hold line breaks, kept as
// they are; text after a closing quote is kept too. Rows may be ragged.
//
// An error means that no table was read; Info then still tells how many records
// were seen. The returned strings share memory with data, which must not change
// afterwards.
func ReadCSV(data []byte) (*Source, Info, error) {
	text, info, err := decode(data)
	if err != nil {
		return nil, info, err
	}
	info.Delimiter = delimiter(text)
	if n := strings.Count(text, "\n"); strings.Count(text, string(info.Delimiter))+rowCost*n > MaxCells {
		info.Rows = n - 1
		if !strings.HasSuffix(text, "\n") {
			info.Rows++
		}
		return nil, info, fmt.Errorf("%w: more than %d cells", ErrTooLarge, MaxCells)
	}
	records, err := split(text, info.Delimiter)
	if err != nil {
		info.Rows = max(0, len(records)-1)
		return nil, info, err
	}
	if len(records) == 0 {
		return &Source{}, info, nil
	}
	return newSource(records, info)
}

func newSource(records [][]string, info Info) (*Source, Info, error) {
	// The header is copied so that it does not keep all fields in memory.
	src := &Source{Header: slices.Clone(records[0]), Records: records[1:]}
	info.Rows, info.Columns = len(src.Records), len(src.Header)
	widest := info.Columns
	for i, r := range src.Records {
		if len(r) == info.Columns {
			continue
		}
		widest = max(widest, len(r))
		if info.RaggedAll++; len(info.Ragged) < 100 {
			info.Ragged = append(info.Ragged, i)
		}
	}
	if widest > MaxColumns {
		return nil, info, fmt.Errorf("%w: more than %d columns", ErrTooLarge, MaxColumns)
	}
	if (widest+rowCost)*len(src.Records) > MaxCells {
		return nil, info, fmt.Errorf("%w: more than %d cells", ErrTooLarge, MaxCells)
	}
	return src, info, nil
}

// split cuts text into records and fields. It returns the records before the
// one that it fails on.
func split(text string, delim byte) ([][]string, error) {
	lines := strings.Count(text, "\n") + 1
	if lines == 1 {
		lines += strings.Count(text, "\r")
	}
	s := splitter{
		text:    text,
		delim:   delim,
		fields:  make([]string, 0, strings.Count(text, string(delim))+lines),
		records: make([][]string, 0, lines),
	}
	for s.pos < len(text) {
		if err := s.record(); err != nil {
			return s.records, err
		}
	}
	return s.records, nil
}

type splitter struct {
	text    string
	pos     int
	delim   byte
	fields  []string // of all records, one after the other
	records [][]string
}

// record reads one record, or skips one empty line.
func (s *splitter) record() error {
	start := len(s.fields)
	text, delim := s.text, s.delim
	if c := text[s.pos]; c == '\n' || c == '\r' {
		s.endLine()
		return nil
	}
	for {
		if s.pos < len(text) && text[s.pos] == '"' {
			f, err := s.quoted()
			if err != nil {
				return fmt.Errorf("%w (record %d)", err, len(s.records)+1)
			}
			s.fields = append(s.fields, f)
		} else {
			i := s.pos
			for i < len(text) && text[i] != delim && text[i] != '\n' && text[i] != '\r' {
				i++
			}
			s.fields = append(s.fields, text[s.pos:i])
			s.pos = i
		}
		if n := len(s.fields[len(s.fields)-1]); n > MaxField {
			return fmt.Errorf("%w: record %d has a cell of %d bytes, over the limit of %d", ErrTooLarge, len(s.records)+1, n, MaxField)
		}
		if s.pos >= len(text) || text[s.pos] != delim {
			break
		}
		s.pos++
	}
	s.endLine()
	end := len(s.fields)
	s.records = append(s.records, s.fields[start:end:end])
	return nil
}

func (s *splitter) endLine() {
	if s.pos < len(s.text) && s.text[s.pos] == '\r' {
		s.pos++
	}
	if s.pos < len(s.text) && s.text[s.pos] == '\n' {
		s.pos++
	}
}

// quoted reads a field that begins with a quotation mark. Doubled marks stand
// for one; what follows the closing mark is kept as it is.
func (s *splitter) quoted() (string, error) {
	text := s.text
	begin := s.pos + 1
	i := begin
	var b []byte // set when the field is not one piece of text
	for {
		j := strings.IndexByte(text[i:], '"')
		if j < 0 {
			return "", ErrQuote
		}
		j += i
		if j+1 < len(text) && text[j+1] == '"' {
			b = append(b, text[begin:j+1]...)
			i = j + 2
			begin = i
			continue
		}
		end := j + 1
		for end < len(text) && text[end] != s.delim && text[end] != '\n' && text[end] != '\r' {
			end++
		}
		s.pos = end
		if b == nil && end == j+1 {
			return text[begin:j], nil
		}
		b = append(b, text[begin:j]...)
		return string(append(b, text[j+1:end]...)), nil
	}
}

// delimiter picks the separator that splits the first records most evenly.
func delimiter(text string) byte {
	head := text[:min(len(text), 64<<10)]
	best, bestScore := byte(','), 0.0
	for _, d := range []byte{',', '\t', ';', '|'} {
		if s := evenness(head, d); s > bestScore+1e-9 {
			best, bestScore = d, s
		}
	}
	return best
}

// evenness is the share of the first 30 records that have as many fields as
// the first, 0 when the first has but one.
func evenness(head string, d byte) float64 {
	var first, n, records, even int
	quoted := false
	for i := 0; i < len(head) && records < 30; i++ {
		switch c := head[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == d:
			n++
		case c == '\n' || c == '\r' && (i+1 == len(head) || head[i+1] != '\n'):
			if records++; records == 1 {
				first = n
			}
			if n == first {
				even++
			}
			n = 0
		}
	}
	if records == 0 {
		return min(float64(n), 1)
	}
	if first == 0 {
		return 0
	}
	return float64(even) / float64(records)
}

// hasNUL looks for bytes that no text table holds.
func hasNUL(data []byte) bool { return bytes.IndexByte(data, 0) >= 0 }
