package review

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"

	"sallyport/checks/provenance"
)

// Many files are read together, their origins are found together, and their bytes
// are put together: a place for bytes that is far away is waited for a few times,
// not a thousand times.
const (
	// batchFiles and batchBytes are when no further file is read before those that
	// were are kept. The last may be as large as the policy lets through.
	batchFiles = 64
	batchBytes = 8 << 20
	// putAtOnce is how many files' bytes are on their way at a time.
	putAtOnce = 16
)

// taken is a file as it was read from the workspace, before its bytes are kept.
type taken struct {
	*File
	at   int // its place among the files asked for
	data []byte
}

// snapshots reads files of the workspace, keeps their bytes and the bytes that
// would leave, and describes them, in the order asked. What is about a file, of
// kind Invalid, TooLarge, NotFound or Conflict, is among the problems, and its
// shot is nil; an error is a fault of the service. Kept, when not nil, is told how
// many are decided so far; its error ends it.
func (s *Service) snapshots(ctx context.Context, ws WorkspaceName, files []AddFile, kept func(int) error) (shots []*File, problems []error, err error) {
	shots, problems = make([]*File, len(files)), make([]error, len(files))
	for next := 0; next < len(files); {
		var batch []taken
		if batch, next, err = s.readBatch(ctx, ws, files, next, problems); err != nil {
			return nil, nil, err
		}
		if batch, err = s.origins(ctx, ws, batch, problems); err != nil {
			return nil, nil, err
		}
		if err = s.keepBatch(ctx, batch, problems); err != nil {
			return nil, nil, err
		}
		for _, t := range batch {
			if problems[t.at] == nil {
				shots[t.at] = t.File
			}
		}
		if kept != nil {
			if err = kept(next); err != nil {
				return nil, nil, err
			}
		}
	}
	return shots, problems, nil
}

// snapshot does the same with one file; an error may be about the file.
func (s *Service) snapshot(ctx context.Context, ws WorkspaceName, f AddFile) (*File, error) {
	shots, problems, err := s.snapshots(ctx, ws, []AddFile{f}, nil)
	if err != nil {
		return nil, err
	}
	return shots[0], problems[0]
}

// aboutFile keeps an error that is about the file, and passes on a fault of the
// service.
func aboutFile(problem *error, err error) error {
	if problemOf(err) == "" {
		return err
	}
	*problem = err
	return nil
}

// readBatch reads files from one on until there is enough to keep; next is the
// first that was not read.
func (s *Service) readBatch(ctx context.Context, ws WorkspaceName, files []AddFile, from int, problems []error) (batch []taken, next int, err error) {
	size := 0
	for next = from; next < len(files) && next-from < batchFiles && size < batchBytes; next++ {
		f, data, err := s.read(ctx, ws, files[next])
		if err := aboutFile(&problems[next], err); err != nil {
			return nil, 0, err
		}
		if err == nil {
			batch, size = append(batch, taken{f, next, data}), size+len(data)
		}
	}
	return batch, next, nil
}

// keepBatch keeps the bytes of files, of several at a time.
func (s *Service) keepBatch(ctx context.Context, batch []taken, problems []error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(putAtOnce)
	for i := range batch {
		t := &batch[i]
		group.Go(func() error { return aboutFile(&problems[t.at], s.keepBytes(ctx, t)) })
	}
	return group.Wait()
}

// read reads one file. A reason for an exception lets a file in that is over the
// size limit.
func (s *Service) read(ctx context.Context, ws WorkspaceName, ask AddFile) (*File, []byte, error) {
	exception := strings.TrimSpace(ask.Exception)
	if ask.Kind != Output && ask.Kind != Supporting {
		return nil, nil, Errorf(Invalid, "A file is either an output or a supporting file.")
	}
	if ask.Kind == Output && !provenance.IsRelease(ask.Path) {
		return nil, nil, Errorf(Invalid, "Outputs are requested from the release folder. Copy the file there, or add it as a supporting file.")
	}
	if err := checkLengths(map[string]string{"exception": exception}, maxText); err != nil {
		return nil, nil, err
	}
	data, err := s.readWorkspaceFile(ctx, ws, ask.Path, exception != "")
	if err != nil {
		return nil, nil, err
	}
	f := &File{ID: FileID(newID()), Path: ask.Path, Kind: ask.Kind, Digest: digestBytes(data), Size: int64(len(data)), Added: s.Now()}
	if f.Size > s.Policy.Files.MaxBytes {
		f.Exceptions = []Exception{{Kind: ExceptSize, Check: "file-size", Reason: exception, Asked: f.Added}}
	}
	return f, data, nil
}

// readWorkspaceFile reads at most the policy's limit, or its limit for
// exceptions.
func (s *Service) readWorkspaceFile(ctx context.Context, ws WorkspaceName, p string, exception bool) ([]byte, error) {
	rc, err := s.Workspaces.Open(ctx, ws, p)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	most := s.Policy.Files.MaxBytes
	if exception {
		most = s.Policy.Files.ExceptionMaxBytes
	}
	data, err := io.ReadAll(io.LimitReader(rc, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > most {
		return nil, Errorf(TooLarge, "This file is larger than the %d MB that %s.", most>>20, map[bool]string{
			false: "may be released without an exception", true: "may be released even as an exception",
		}[exception])
	}
	return data, nil
}

// origins finds where files come from, and leaves out those that may not be
// requested.
func (s *Service) origins(ctx context.Context, ws WorkspaceName, batch []taken, problems []error) ([]taken, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	refs := make([]FileRef, len(batch))
	for i, t := range batch {
		refs[i] = FileRef{t.Path, t.Digest}
	}
	found, err := s.Workspaces.Origins(ctx, ws, refs)
	if err != nil {
		return nil, err
	}
	if len(found) != len(refs) {
		return nil, fmt.Errorf("origins of %d files: %d answers", len(refs), len(found))
	}
	var out []taken
	for i, t := range batch {
		if t.Origin = found[i]; t.Origin.Level != provenance.Moderately {
			problems[t.at] = refuseLevel(t.Origin)
			continue
		}
		out = append(out, t)
	}
	return out, nil
}

func refuseLevel(o provenance.Origin) error {
	if o.Level == provenance.Highly {
		return Errorf(Invalid, "This file is highly sensitive and may never be viewed or requested.")
	}
	why := o.Why
	if why == "" {
		why = "no pattern of the pipeline covers it"
	}
	return Errorf(Invalid, "Only moderately sensitive outputs may be requested, and this one is not known to be: %s.", strings.TrimSuffix(why, "."))
}

// keepBytes keeps a file's bytes as they came, and as they would leave.
func (s *Service) keepBytes(ctx context.Context, t *taken) error {
	if _, _, err := s.Blobs.Put(ctx, bytes.NewReader(t.data), t.Size); err != nil {
		return err
	}
	return s.clean(ctx, t.File, t.data)
}

// clean makes and keeps the bytes that would leave; those that came are kept
// already. A file of an allowed type that cannot be cleaned is kept, with the
// reason, and cannot be approved.
func (s *Service) clean(ctx context.Context, f *File, data []byte) error {
	out, media, removed, err := s.Sanitiser.Sanitise(f.Path, data)
	if _, listed := s.Policy.Files.Types[strings.ToLower(path.Ext(f.Path))]; err != nil && !listed {
		// Of a type that nobody can clean, only an exception that both checkers
		// accept lets the file leave, and then as it is.
		out, media, err = data, "application/octet-stream", nil
		removed = []Removal{{What: "nothing: this type of file cannot be cleaned", Count: 0}}
	}
	f.MediaType = media
	if err != nil {
		f.CleanError = err.Error()
		return nil
	}
	f.Release, f.ReleaseSize, f.Cleaning = f.Digest, f.Size, removed
	if !bytes.Equal(out, data) {
		f.Release, f.ReleaseSize, err = s.Blobs.Put(ctx, bytes.NewReader(out), int64(len(out)))
	}
	return err
}
