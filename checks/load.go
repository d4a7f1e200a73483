package checks

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
)

var (
	errOpen = errors.New("the file cannot be opened")
	errRead = errors.New("the file cannot be read to its end")
)

// Unreadable is an error of [File.Open] that says in plain words, naming no
// path, why there is nothing to read ("a link: links are not followed"). It
// becomes the reason of an incomplete file; other errors are not shown.
type Unreadable string

func (u Unreadable) Error() string { return string(u) }

// load reads a file's bytes, never more than limit+1 of them, and tells its
// type from them.
func load(f *File, limit int64) *Document {
	d := &Document{File: f, Path: f.Path, Ext: extension(f.Path), audits: new(auditMemo)}
	r, err := f.Open()
	if err != nil {
		d.Unread = errOpen
		if u := Unreadable(""); errors.As(err, &u) {
			d.Unread = u
		}
		return d
	}
	defer r.Close()
	size := SizeOf(r)
	// Room for one byte over the size lets the read see the end of the file.
	buf := make([]byte, 0, min(max(size, 0), limit)+2)
	for int64(len(buf)) <= limit {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		room := buf[len(buf):min(int64(cap(buf)), limit+1)]
		n, err := r.Read(room)
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			d.Unread = errRead
			return d
		}
	}
	d.Size = int64(len(buf))
	if d.Size > limit {
		d.TooLarge = true
		d.Size = max(d.Size, size)
		buf = append([]byte(nil), buf[:min(len(buf), sniffLength)]...)
	} else {
		sum := sha256.Sum256(buf)
		d.SHA256 = hex.EncodeToString(sum[:])
	}
	d.Data = buf
	d.Type = sniff(buf, d.Ext)
	return d
}

// extension returns the lower-case extension of a name, with its dot.
func extension(name string) string {
	return strings.ToLower(path.Ext(strings.ReplaceAll(name, `\`, "/")))
}

// SizeOf asks an open file, or bytes in memory, for its size; -1 when it cannot
// tell. A wrong answer costs a copy, nothing else.
func SizeOf(r io.Reader) int64 {
	if m, ok := r.(interface{ Len() int }); ok {
		return int64(m.Len())
	}
	if s, ok := r.(interface{ Stat() (fs.FileInfo, error) }); ok {
		if info, err := s.Stat(); err == nil && info.Mode().IsRegular() {
			return info.Size()
		}
	}
	return -1
}
