package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"sallyport/review"
	"sallyport/ui/sheet"
)

// Format of a file.
type Format string

const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// Media is the media type of a format.
func (f Format) Media() string {
	if f == CSV {
		return "text/csv; charset=utf-8"
	}
	return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
}

// ParseFormat reads a format by its name; Invalid for any other.
func ParseFormat(text string) (Format, error) {
	if f := Format(text); f == CSV || f == XLSX {
		return f, nil
	}
	return "", review.Errorf(review.Invalid, "There is no such format: choose csv or xlsx.")
}

// Service is what exports need of the domain; *review.Service is one.
type Service interface {
	Releases(ctx context.Context, a review.Actor, q review.ReleaseQuery) ([]review.Release, error)
	AllRequests(ctx context.Context, a review.Actor, q review.RequestQuery) ([]review.Request, error)
	Audit(ctx context.Context, a review.Actor, q review.EventQuery) ([]review.Event, error)
	RecordExport(ctx context.Context, a review.Actor, x review.Export) error
}

// Document is what is to be exported.
type Document struct {
	Kind    string // stable words for the record, without the format
	Name    string // of the file, without its extension
	Request review.RequestID
	Filter  map[string]string
	Listed  bool // see [review.Export]
	// Tables are the sheets of a workbook; Flat is the one table of a CSV.
	Tables []sheet.Table
	Flat   sheet.Table
}

// File is an export that is on record: its bytes may go out. Close removes it.
type File struct {
	Name  string
	Media string
	Size  int64
	file  *os.File
}

// Read reads on from where the last call ended.
func (f *File) Read(p []byte) (int, error) { return f.file.Read(p) }

// Close removes the file.
func (f *File) Close() error {
	return errors.Join(f.file.Close(), os.Remove(f.file.Name()))
}

// Make writes a document and puts it on record for the actor. A temporary file
// holds it, so that a long one costs no memory.
func Make(ctx context.Context, s Service, a review.Actor, format Format, d Document) (*File, error) {
	tmp, err := os.CreateTemp("", "sallyport-export-*")
	if err != nil {
		return nil, fmt.Errorf("making an export: %w", err)
	}
	f := &File{Name: d.Name + "." + string(format), Media: format.Media(), file: tmp}
	if err := f.fill(ctx, s, a, format, d); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Spool is a file of what write writes. It puts nothing on record: that is for
// what has an event of its own.
func Spool(name, media string, write func(io.Writer) error) (*File, error) {
	tmp, err := os.CreateTemp("", "sallyport-export-*")
	if err != nil {
		return nil, fmt.Errorf("making a file: %w", err)
	}
	f := &File{Name: name, Media: media, file: tmp}
	if err = write(tmp); err == nil {
		f.Size, err = tmp.Seek(0, io.SeekCurrent)
	}
	if err == nil {
		_, err = tmp.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *File) fill(ctx context.Context, s Service, a review.Actor, format Format, d Document) error {
	sum := sha256.New()
	out := io.MultiWriter(f.file, sum)
	var rows int
	var err error
	if format == CSV {
		rows, err = sheet.WriteCSV(out, d.Flat)
	} else {
		rows, err = sheet.WriteXLSX(out, d.Tables...)
	}
	if err != nil {
		return err
	}
	if f.Size, err = f.file.Seek(0, io.SeekCurrent); err != nil {
		return err
	}
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return s.RecordExport(ctx, a, review.Export{
		Kind: d.Kind + " " + string(format), Request: d.Request, Listed: d.Listed, Filter: d.Filter, Rows: rows, Size: f.Size,
		SHA256: review.Digest(hex.EncodeToString(sum.Sum(nil))),
	})
}
