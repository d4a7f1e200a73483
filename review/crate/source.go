package crate

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits on a package that is read. What a release may hold is far below them.
const (
	maxFiles   = 20_000
	maxOctets  = 16 << 30
	maxNames   = 16 << 20 // length of all paths together
	maxPathLen = 1100
	maxText    = 64 << 20 // of one file that is read whole
	// maxRatio is how many bytes one packed byte of a ZIP may become, beyond the
	// first megabyte.
	maxRatio = 250
)

// source is a package to be read: the files below its top, by path.
type source struct {
	sizes map[string]int64
	open  func(path string) (io.ReadCloser, error)
	close func() error
	zip   bool
	top   string // of a ZIP: the folder that holds the bag
	// raw is the ZIP itself.
	raw     io.ReaderAt
	rawSize int64
}

// errRefused marks a package that is not even looked at further.
type errRefused struct{ why string }

func (e errRefused) Error() string { return e.why }

func refuse(format string, args ...any) error { return errRefused{fmt.Sprintf(format, args...)} }

// openSource opens a folder or a ZIP. An errRefused says why the package is not
// read; any other error that it cannot be.
func openSource(name string) (*source, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return openFolder(name)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is neither a folder nor a file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	s, err := openZIP(f, info.Size())
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s.close = f.Close
	return s, nil
}

// add takes in one file, under the limits.
func (s *source) add(name string, size int64, total *limits) error {
	if why := pathProblem(name); why != "" {
		return refuse("A file's name %s.", why)
	}
	if _, twice := s.sizes[name]; twice {
		return refuse("Two files have the same name, %q.", name)
	}
	total.files, total.names, total.octets = total.files+1, total.names+len(name), total.octets+size
	if total.files > maxFiles || total.names > maxNames || size < 0 || total.octets > maxOctets {
		return refuse("The package is larger than any release is.")
	}
	s.sizes[name] = size
	return nil
}

type limits struct {
	files, names int
	octets       int64
}

// pathProblem says what is wrong with a path, to follow "the name"; "" when it
// is a plain path downwards.
func pathProblem(name string) string {
	switch {
	case !utf8.ValidString(name):
		return "is not UTF-8"
	case len(name) > maxPathLen:
		return "is too long"
	case strings.ContainsFunc(name, unicode.IsControl), strings.ContainsFunc(name, unicodeHidden), strings.Contains(name, `\`):
		return "has characters that no name should have"
	case !fs.ValidPath(name) || name == ".":
		return "leads out of the package"
	}
	return ""
}

// unicodeHidden finds what reorders or hides the text around it.
func unicodeHidden(r rune) bool { return unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) }

func openFolder(name string) (*source, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	s := &source{sizes: map[string]int64{}, close: root.Close}
	var total limits
	err = fs.WalkDir(root.FS(), ".", func(at string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if !entry.Type().IsRegular() {
			return refuse("%q is a link or a device, not a file.", at)
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return s.add(at, info.Size(), &total)
	})
	s.open = func(at string) (io.ReadCloser, error) {
		// A file that became a link or a pipe since it was listed is not followed.
		info, err := root.Lstat(at)
		if err == nil && !info.Mode().IsRegular() {
			err = refuse("%q changed while it was read.", at)
		}
		if err != nil {
			return nil, err
		}
		return root.Open(at)
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return s, nil
}

// openZIP lists a ZIP: one folder with a bag in it.
func openZIP(r io.ReaderAt, size int64) (*source, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, refuse("It is no ZIP that can be read.")
	}
	if len(z.File) > 2*maxFiles {
		return nil, refuse("The package is larger than any release is.")
	}
	s := &source{sizes: map[string]int64{}, zip: true, raw: r, rawSize: size, close: func() error { return nil }}
	at := map[string]*zip.File{}
	var total limits
	for _, f := range z.File {
		if err := plainZIPEntry(f); err != nil {
			return nil, err
		}
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		top, name, _ := strings.Cut(f.Name, "/")
		if s.top == "" {
			s.top = top
		}
		if top != s.top || pathProblem(top) != "" || name == "" {
			return nil, refuse("The ZIP holds more than one folder at its top.")
		}
		if err := s.add(name, int64(f.UncompressedSize64), &total); err != nil {
			return nil, err
		}
		at[name] = f
	}
	s.open = func(name string) (io.ReadCloser, error) {
		f := at[name]
		if f == nil {
			return nil, fs.ErrNotExist
		}
		rc, err := f.Open()
		if err != nil {
			return nil, refuse("%q in the ZIP cannot be read.", name)
		}
		return rc, nil
	}
	return s, nil
}

// plainZIPEntry refuses what is no file or folder, cannot be read without a
// password, or would unpack to far more than it is.
func plainZIPEntry(f *zip.File) error {
	folder := strings.HasSuffix(f.Name, "/")
	switch mode := f.Mode(); {
	case f.Flags&1 != 0:
		return refuse("The ZIP is encrypted.")
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return refuse("The ZIP is packed in an unusual way.")
	case folder && (f.UncompressedSize64 != 0 || pathProblem(strings.TrimSuffix(f.Name, "/")) != ""):
		return refuse("A folder's name in the ZIP leads out of the package, or it has contents.")
	case !folder && !mode.IsRegular():
		return refuse("%q is a link or a device, not a file.", path.Base(f.Name))
	case f.UncompressedSize64 > 1<<20 && f.UncompressedSize64/maxRatio > f.CompressedSize64:
		return refuse("The ZIP would unpack to far more than it is.")
	}
	return nil
}

// opener opens a file when it is asked to.
func (s *source) opener(name string) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return s.open(name) }
}

// paths lists the files in order.
func (s *source) paths() []string {
	var out []string
	for name := range s.sizes {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// text reads a file whole, if it is not longer than a text should be.
func (s *source) text(name string) ([]byte, error) {
	if s.sizes[name] > maxText {
		return nil, fmt.Errorf("%s is too long", name)
	}
	r, err := s.open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close() // only read from
	data, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err == nil && int64(len(data)) != s.sizes[name] {
		err = fmt.Errorf("%s is not as long as it says", name)
	}
	return data, err
}
