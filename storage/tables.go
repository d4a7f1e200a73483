package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"sallyport/review/ledger"
)

// tableColumn is a column as both engines speak of it.
type tableColumn struct {
	Name string
	Kind string // "text", "integer", "boolean" or "bytes"
	Key  int    // its place in the primary key, from 1; 0 when it is in none
}

// TableSum is what one table holds.
type TableSum struct {
	Table  string `json:"table"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"` // of its rows as lines, in the order of the primary key
}

// tableReader is told the rows of one table: their columns' names first. Values
// are nil, string, int64 (a boolean is 0 or 1) or []byte.
type tableReader interface {
	table(name string, columns []string) error
	row(values []any) error
}

// eachTable reads every table but the schema's record and what triggers make of
// the others (they make it again wherever rows are written), in the order of names and
// of primary keys, on one moment's state.
func eachTable(tx *gorm.DB, e engine, to tableReader) error {
	names, err := e.tables(tx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == (takenRow{}).TableName() || name == (requestCountRow{}).TableName() {
			continue
		}
		if err := readTable(tx, e, name, to); err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
	}
	return nil
}

func readTable(tx *gorm.DB, e engine, name string, to tableReader) error {
	columns, err := e.columns(tx, name)
	if err != nil {
		return err
	}
	rows, err := tx.Raw("SELECT " + strings.Join(quotedNames(columns), ", ") + " FROM " + quoted(name) + orderOf(columns)).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := to.table(name, names(columns)); err != nil {
		return err
	}
	for rows.Next() {
		values, err := scan(rows, len(columns))
		if err != nil {
			return err
		}
		if err := to.row(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

func names(columns []tableColumn) []string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.Name
	}
	return list
}

func quotedNames(columns []tableColumn) []string {
	list := names(columns)
	for i, name := range list {
		list[i] = quoted(name)
	}
	return list
}

// orderOf is the order of the primary key.
func orderOf(columns []tableColumn) string {
	key := slices.DeleteFunc(slices.Clone(columns), func(c tableColumn) bool { return c.Key == 0 })
	slices.SortFunc(key, func(a, b tableColumn) int { return a.Key - b.Key })
	if len(key) == 0 {
		return ""
	}
	return " ORDER BY " + strings.Join(quotedNames(key), ", ")
}

func scan(rows *sql.Rows, n int) ([]any, error) {
	values, into := make([]any, n), make([]any, n)
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	for i, v := range values {
		switch v := v.(type) {
		case nil, string, int64, []byte:
		case bool:
			values[i] = int64(0)
			if v {
				values[i] = int64(1)
			}
		default:
			return nil, fmt.Errorf("a value of type %T", v)
		}
	}
	return values, nil
}

// line is a row as one line of JSON: a text is a string, and bytes, or a text
// that is not UTF-8, an object with their base64.
func line(values []any) ([]byte, error) {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
		switch v := v.(type) {
		case []byte:
			out[i] = encodedBytes{Bytes: base64.StdEncoding.EncodeToString(v)}
		case string:
			if !utf8.ValidString(v) {
				out[i] = encodedBytes{Text: base64.StdEncoding.EncodeToString([]byte(v))}
			}
		}
	}
	text, err := json.Marshal(out)
	return append(text, '\n'), err
}

type encodedBytes struct {
	Bytes string `json:"bytes"`
	Text  string `json:"text,omitempty"` // of a text that is not UTF-8
}

// unline reads what line wrote.
func unline(text []byte) ([]any, error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		return nil, err
	}
	values := make([]any, len(parts))
	for i, part := range parts {
		var err error
		if values[i], err = unlineValue(part); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func unlineValue(part json.RawMessage) (any, error) {
	switch {
	case string(part) == "null":
		return nil, nil
	case part[0] == '"':
		var s string
		err := json.Unmarshal(part, &s)
		return s, err
	case part[0] == '{':
		var b encodedBytes
		if err := json.Unmarshal(part, &b); err != nil {
			return nil, err
		}
		if b.Text != "" {
			text, err := base64.StdEncoding.DecodeString(b.Text)
			return string(text), err
		}
		return base64.StdEncoding.DecodeString(b.Bytes)
	}
	var n int64
	err := json.Unmarshal(part, &n)
	return n, err
}

// sums adds up the tables that pass by, and passes them on.
type sums struct {
	next tableReader // may be nil
	done []TableSum
	hash hash.Hash
}

func (s *sums) table(name string, columns []string) error {
	s.close()
	s.done = append(s.done, TableSum{Table: name})
	s.hash = sha256.New()
	head, err := json.Marshal(columns)
	if err != nil {
		return err
	}
	s.hash.Write(append(head, '\n'))
	if s.next == nil {
		return nil
	}
	return s.next.table(name, columns)
}

func (s *sums) row(values []any) error {
	text, err := line(values)
	if err != nil {
		return err
	}
	s.hash.Write(text)
	s.done[len(s.done)-1].Rows++
	if s.next == nil {
		return nil
	}
	return s.next.row(values)
}

// close ends the table that is being added up.
func (s *sums) close() []TableSum {
	if s.hash != nil {
		s.done[len(s.done)-1].SHA256 = hex.EncodeToString(s.hash.Sum(nil))
		s.hash = nil
	}
	return s.done
}

// errNotEmpty says that a database holds something.
var errNotEmpty = errors.New("the database to be filled is not empty")

// fill writes the tables that from yields into an empty database, in one
// transaction, and reads them again before it commits. The guards that keep the
// record from being written otherwise than one event after another are put aside
// within that transaction only.
func (s *Store) fill(ctx context.Context, from func(tableReader) error, check func(ledger.Report) error) (*Copied, error) {
	copied := new(Copied)
	err := s.writer.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.engine.begin(tx); err != nil {
			return err
		}
		if err := requireEmpty(tx, s.engine); err != nil {
			return err
		}
		restore, err := s.engine.withoutGuards(tx)
		if err != nil {
			return err
		}
		in := &sums{next: &filler{tx: tx, engine: s.engine}}
		if err := from(in); err != nil {
			return err
		}
		if err := in.next.(*filler).flush(); err != nil {
			return err
		}
		copied.Tables = in.close()
		kept := new(sums)
		if err := eachTable(tx, s.engine, kept); err != nil {
			return err
		}
		if err := sameTables(copied.Tables, kept.close()); err != nil {
			return err
		}
		if err := restore(); err != nil {
			return err
		}
		filled := &Store{engine: s.engine, reader: tx, writer: tx, alone: true}
		if copied.Record, err = filled.verifiedRecord(ctx); err != nil {
			return err
		}
		return check(copied.Record)
	})
	return copied, err
}

// requireEmpty refuses a database with rows.
func requireEmpty(tx *gorm.DB, e engine) error {
	kept := new(sums)
	if err := eachTable(tx, e, kept); err != nil {
		return err
	}
	for _, sum := range kept.close() {
		if sum.Rows > 0 {
			return fmt.Errorf("%w: there are rows in %s", errNotEmpty, sum.Table)
		}
	}
	return nil
}

// sameTables compares what was written with what is there.
func sameTables(want, got []TableSum) error {
	kept := map[string]TableSum{}
	for _, sum := range got {
		kept[sum.Table] = sum
	}
	for _, sum := range want {
		if kept[sum.Table] != sum {
			return fmt.Errorf("table %s has %d rows where %d were written, or other ones", sum.Table, kept[sum.Table].Rows, sum.Rows)
		}
		delete(kept, sum.Table)
	}
	for name, sum := range kept {
		if sum.Rows > 0 {
			return fmt.Errorf("table %s has rows that nobody wrote", name)
		}
	}
	return nil
}

// filler writes rows, many with one statement.
type filler struct {
	tx      *gorm.DB
	engine  engine
	name    string
	columns []tableColumn
	values  []any
	rows    int
	size    int // of values, about
}

// What one statement writes at most.
const (
	fillValues = 8000
	fillBytes  = 4 << 20
)

func (f *filler) table(name string, columns []string) error {
	if err := f.flush(); err != nil {
		return err
	}
	known, err := f.engine.columns(f.tx, name)
	if err != nil {
		return err
	}
	f.name, f.columns = name, nil
	for _, column := range columns {
		i := slices.IndexFunc(known, func(c tableColumn) bool { return c.Name == column })
		if i < 0 {
			return fmt.Errorf("this program knows no column %q of a table %q", column, name)
		}
		f.columns = append(f.columns, known[i])
	}
	return nil
}

func (f *filler) row(values []any) error {
	if len(values) != len(f.columns) {
		return fmt.Errorf("a row of table %s has %d values, not %d", f.name, len(values), len(f.columns))
	}
	for i, v := range values {
		switch v := v.(type) {
		case int64:
			if f.columns[i].Kind == "boolean" {
				values[i] = v != 0
			}
		case string:
			f.size += len(v)
		case []byte:
			f.size += len(v)
		}
	}
	f.values = append(f.values, values...)
	f.rows++
	if len(f.values)+len(f.columns) > fillValues || f.size > fillBytes {
		return f.flush()
	}
	return nil
}

func (f *filler) flush() error {
	if f.rows == 0 {
		return nil
	}
	tuples := make([]string, f.rows)
	for i := range tuples {
		places := make([]string, len(f.columns))
		for j := range places {
			places[j] = fmt.Sprint("$", i*len(places)+j+1)
		}
		tuples[i] = "(" + strings.Join(places, ", ") + ")"
	}
	text := fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", quoted(f.name), strings.Join(quotedNames(f.columns), ", "), strings.Join(tuples, ", "))
	_, err := f.tx.Statement.ConnPool.ExecContext(f.tx.Statement.Context, text, f.values...)
	if err != nil {
		return fmt.Errorf("writing table %s: %w", f.name, err)
	}
	f.values, f.rows, f.size = f.values[:0], 0, 0
	return nil
}
