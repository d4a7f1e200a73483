package storage

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"gorm.io/gorm"

	"sallyport/review"
	"sallyport/review/durable"
)

// A backup is a folder that either engine writes and either can be filled from:
// manifest.json, tables/<name>.jsonl (the names of the columns, then a line for
// each row), blobs/ab/cdef..., and service/ with what else the service needs that
// is no secret.

// Backed is what a backup holds: manifest.json, written last.
type Backed struct {
	Format int        `json:"format"` // 1
	Tables []TableSum `json:"tables"`
	Blobs  int        `json:"blobs"`
	// BlobNames is the SHA-256 over the names of the blobs in their order, one a
	// line; "" in backups of older programs.
	BlobNames review.Digest `json:"blob_names,omitempty"`
	// Missing are bytes that something names and that were not there, as after
	// their time was over.
	Missing []review.Digest `json:"missing"`
	// Damaged are bytes that are there and are not what they were: they are not in
	// the backup.
	Damaged []review.Digest `json:"damaged,omitempty"`
	// Service are the files below service/, by name.
	Service map[string]review.Digest `json:"service,omitempty"`
}

// Backup writes what the database at an address holds at one moment, and then
// the bytes that it names, to a new folder, which appears when all is in it. The
// service may be running. Beside are further files for service/, by name; none may
// hold a secret. Damaged bytes do not stop it.
func Backup(ctx context.Context, address string, blobs review.Blobs, beside map[string][]byte, dir string, now review.Clock) (made *Backed, err error) {
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("storage: %s is there already", filepath.Base(dir))
	}
	s, err := openCurrent(ctx, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	half, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), ".new-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(half) // gone already when all went well
	made = &Backed{Format: 1}
	var named []review.Digest
	err = s.read(ctx, "writing a backup", func(tx *gorm.DB) error {
		out := &sums{next: &tableWriter{dir: filepath.Join(half, "tables")}}
		err := errors.Join(eachTable(tx, s.engine, out), out.next.(*tableWriter).close())
		made.Tables = out.close()
		if err == nil {
			named, err = s.namedBytes(tx)
		}
		return err
	})
	if err == nil {
		err = made.copyBlobs(ctx, named, blobs, filepath.Join(half, "blobs"), now)
	}
	if err == nil {
		err = made.keepBeside(filepath.Join(half, besideFolder), beside)
	}
	if err == nil {
		err = made.write(half)
	}
	if err == nil {
		err = placeBackup(half, dir)
	}
	return made, err
}

// placeBackup flushes the folders of a backup whose files are flushed, and gives it
// its name.
func placeBackup(half, dir string) error {
	for _, name := range []string{"tables", besideFolder, "."} {
		if err := durable.Flush(filepath.Join(half, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(half, dir); err != nil {
		return err
	}
	return durable.Flush(filepath.Dir(filepath.Clean(dir)))
}

// besideFolder holds what is neither a table nor stored bytes.
const besideFolder = "service"

func (m *Backed) keepBeside(dir string, files map[string][]byte) error {
	m.Service = map[string]review.Digest{}
	for name, data := range files {
		if filepath.Base(name) != name {
			return fmt.Errorf("storage: %q is no name of a file", name)
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := writeSynced(filepath.Join(dir, name), data); err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		m.Service[name] = review.Digest(hex.EncodeToString(sum[:]))
	}
	return nil
}

// besideWhole holds the files of service/ to the manifest.
func (m *Backed) besideWhole(dir string) error {
	for name, want := range m.Service {
		if filepath.Base(name) != name {
			return damagef("a file of that name")
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != string(want) {
			return damagef("%s/%s is not what manifest.json says", besideFolder, name)
		}
	}
	return nil
}

func (m *Backed) write(dir string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return writeSynced(filepath.Join(dir, "manifest.json"), append(text, '\n'))
}

func writeSynced(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// copyBlobs puts bytes beside the tables.
func (m *Backed) copyBlobs(ctx context.Context, named []review.Digest, from review.Blobs, dir string, now review.Clock) error {
	to, err := OpenBlobs(dir, now)
	if err != nil {
		return err
	}
	slices.Sort(named) // as a folder lists them, whatever the database's order
	names := sha256.New()
	for _, d := range named {
		switch err := moveBlob(ctx, d, from, to); {
		case review.KindOf(err) == review.NotFound:
			m.Missing = append(m.Missing, d)
		case errors.Is(err, review.ErrCorrupt):
			m.Damaged = append(m.Damaged, d)
		case err != nil:
			return errors.Join(err, to.Close())
		default:
			m.Blobs++
			fmt.Fprintln(names, d)
		}
	}
	m.BlobNames = review.Digest(hex.EncodeToString(names.Sum(nil)))
	return to.Close()
}

func moveBlob(ctx context.Context, d review.Digest, from, to review.Blobs) error {
	r, err := from.Open(ctx, d)
	if err != nil {
		return err
	}
	defer r.Close() // only read from
	got, _, err := to.Put(ctx, r, 1<<50)
	if err == nil && got != d {
		err = fmt.Errorf("%w: the bytes %s", review.ErrCorrupt, d)
	}
	return err
}

// tableWriter writes each table to a file.
type tableWriter struct {
	dir string
	f   *os.File
	w   *bufio.Writer
}

func (t *tableWriter) table(name string, columns []string) error {
	if err := errors.Join(t.close(), os.MkdirAll(t.dir, 0o700)); err != nil {
		return err
	}
	var err error
	if t.f, err = os.OpenFile(filepath.Join(t.dir, name+".jsonl"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return err
	}
	t.w = bufio.NewWriterSize(t.f, 1<<16)
	head, err := json.Marshal(columns)
	if err == nil {
		_, err = t.w.Write(append(head, '\n'))
	}
	return err
}

func (t *tableWriter) row(values []any) error {
	text, err := line(values)
	if err == nil {
		_, err = t.w.Write(text)
	}
	return err
}

func (t *tableWriter) close() error {
	if t.f == nil {
		return nil
	}
	err := errors.Join(t.w.Flush(), t.f.Sync(), t.f.Close())
	t.f = nil
	return err
}

// readBackup yields the tables of a backup, and holds them to its manifest.
func readBackup(dir string) (*Backed, func(tableReader) error, error) {
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return nil, nil, err
	}
	m := new(Backed)
	if err := json.Unmarshal(text, m); err != nil || m.Format != 1 {
		return nil, nil, fmt.Errorf("manifest.json is not of a backup that this program knows: %w", err)
	}
	return m, func(to tableReader) error {
		out := &sums{next: to}
		for _, want := range m.Tables {
			if err := readTableFile(dir, want.Table, out); err != nil {
				return fmt.Errorf("table %s: %w", want.Table, err)
			}
		}
		for i, got := range out.close() {
			if got != m.Tables[i] {
				return damagef("table %s is not what manifest.json says", got.Table)
			}
		}
		return nil
	}, nil
}

// nothingElse holds a folder of a backup to the names that its manifest has.
func nothingElse(dir string, known func(name string) bool) error {
	list, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) { // what is missing is found by its name
		return err
	}
	for _, entry := range list {
		if !known(entry.Name()) {
			return damagef("%s/%s is not in manifest.json", filepath.Base(dir), entry.Name())
		}
	}
	return nil
}

func readTableFile(dir, name string, to tableReader) error {
	if filepath.Base(name) != name {
		return damagef("a table of that name")
	}
	f, err := os.Open(filepath.Join(dir, "tables", name+".jsonl"))
	if err != nil {
		return err
	}
	defer f.Close() // only read from
	lines := bufio.NewReaderSize(f, 1<<16)
	var columns []string
	for n := 0; ; n++ {
		text, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(text) == 0 && n > 0 {
			return nil
		}
		if err != nil {
			return damagef("line %d: %w", n+1, err)
		}
		if n == 0 {
			if err = json.Unmarshal(text, &columns); err == nil {
				err = to.table(name, columns)
			}
		} else {
			var values []any
			if values, err = unline(bytes.TrimSpace(text)); err == nil {
				err = to.row(values)
			}
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n+1, err)
		}
	}
}

// nowhere takes rows and keeps none.
type nowhere struct{}

func (nowhere) table(string, []string) error { return nil }
func (nowhere) row([]any) error              { return nil }

// VerifyBackup reads a backup whole: every row, and all bytes.
func VerifyBackup(ctx context.Context, dir string, now review.Clock) (*Backed, error) {
	m, tables, err := readBackup(dir)
	if err == nil {
		err = errors.Join(tables(nowhere{}), m.besideWhole(filepath.Join(dir, besideFolder)), m.namesAll(dir))
	}
	if err != nil {
		return nil, err
	}
	names := sha256.New()
	n, err := eachBackedBlob(ctx, dir, now, func(blobs review.Blobs, d review.Digest) error {
		fmt.Fprintln(names, d)
		return readThrough(ctx, blobs, d)
	})
	switch {
	case err != nil:
	case n != m.Blobs:
		err = damagef("%d snapshots where there were %d", n, m.Blobs)
	case m.BlobNames != "" && hex.EncodeToString(names.Sum(nil)) != string(m.BlobNames):
		err = damagef("the snapshots are not those that were put in")
	}
	return m, err
}

// namesAll refuses files of tables and of service/ that the manifest does not name.
func (m *Backed) namesAll(dir string) error {
	tables := map[string]bool{}
	for _, t := range m.Tables {
		tables[t.Table+".jsonl"] = true
	}
	return errors.Join(
		nothingElse(filepath.Join(dir, "tables"), func(name string) bool { return tables[name] }),
		nothingElse(filepath.Join(dir, besideFolder), func(name string) bool { _, known := m.Service[name]; return known }),
	)
}

func eachBackedBlob(ctx context.Context, dir string, now review.Clock, do func(review.Blobs, review.Digest) error) (n int, err error) {
	blobs, err := OpenBlobs(filepath.Join(dir, "blobs"), now)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	found, err := filepath.Glob(filepath.Join(dir, "blobs", "[0-9a-f][0-9a-f]", "*"))
	for _, name := range found {
		if err := errors.Join(ctx.Err(), do(blobs, review.Digest(filepath.Base(filepath.Dir(name))+filepath.Base(name)))); err != nil {
			return n, err
		}
		n++
	}
	return n, err
}
