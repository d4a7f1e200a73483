package review

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"sallyport/checks/provenance"
	"sallyport/policy"
)

// AddFiles snapshots files of the workspace into groups of the request. Each is
// decided on its own: the results, in the order asked, say what became of it.
// An error means that nothing was added.
//
// Outputs must come from a release folder; supporting files may come from
// anywhere. Both must be moderately sensitive: what is not, or what cannot be
// told, is not read into the request.
func (s *Service) AddFiles(ctx context.Context, a Actor, id RequestID, files []AddFile) ([]AddResult, error) {
	r, _, err := s.load(ctx, a, id, policy.RequestEdit)
	if err != nil {
		return nil, err
	}
	if err := requireStatus(r, Pending, Returned); err != nil {
		return nil, err
	}
	if len(files) > MaxFiles {
		return nil, Errorf(Invalid, "A request holds at most %d files.", MaxFiles)
	}
	results := make([]AddResult, len(files))
	shots := make([]*File, len(files))
	for i, f := range files {
		results[i] = AddResult{Path: f.Path}
		shots[i], err = s.snapshot(ctx, r.Workspace, f.Path, f.Kind)
		if err != nil {
			if results[i].Problem = problemOf(err); results[i].Problem == "" {
				return nil, err
			}
		}
	}
	if !slices.ContainsFunc(shots, func(f *File) bool { return f != nil }) {
		return results, nil
	}
	_, err = s.change(ctx, a, id, policy.RequestEdit, func(r *Request, c *Change) error {
		if err := requireStatus(r, Pending, Returned); err != nil {
			return err
		}
		s.voiding(a, r, c, func() { err = s.place(a, r, c, files, shots, results) })
		if err == nil && len(c.Events) == 0 {
			// Every one of them was in the request already.
			return errNothing
		}
		r.ReportKey, r.Findings = ReportKey{}, ""
		return err
	})
	if errors.Is(err, errNothing) {
		return results, nil
	}
	if err != nil {
		return nil, err
	}
	return results, s.recheck(ctx, a, id)
}

// errNothing ends an update that would change nothing.
var errNothing = errors.New("nothing to change")

// place puts the snapshots into the request's groups. It may run more than
// once, so it sets the results afresh.
func (s *Service) place(a Actor, r *Request, c *Change, files []AddFile, shots []*File, results []AddResult) error {
	for i, shot := range shots {
		if shot == nil {
			continue
		}
		results[i].File, results[i].Problem = "", ""
		if fileAt(r, shot.Path) != nil {
			results[i].Problem = "This file is in the request already."
			continue
		}
		if countFiles(r) >= MaxFiles {
			results[i].Problem = fmt.Sprintf("The request holds %d files already, which is the most.", MaxFiles)
			continue
		}
		g, err := groupNamed(r, files[i].Group)
		if err != nil {
			return err
		}
		f := *shot
		g.Files = append(g.Files, f)
		e := s.fileEvent(a, EvFileAdded, r, g, &f)
		e.Detail = map[string]string{"kind": string(f.Kind), "original": string(f.Digest)}
		c.Events = append(c.Events, e)
		results[i].File = f.ID
	}
	dropEmptyGroups(r)
	return nil
}

// groupNamed returns the group of that name, made when there is none. A request
// keeps its groups in the order they were made.
func groupNamed(r *Request, name string) (*Group, error) {
	name = strings.Join(strings.Fields(name), " ")
	if name == "" {
		name = "Outputs"
	}
	if err := checkLengths(map[string]string{"group": name}, maxLine); err != nil {
		return nil, err
	}
	for i := range r.Groups {
		if r.Groups[i].Name == name {
			return &r.Groups[i], nil
		}
	}
	r.Groups = append(r.Groups, Group{ID: GroupID(newID()), Name: name, Context: map[string]string{}, Controls: map[string]string{}})
	return &r.Groups[len(r.Groups)-1], nil
}

// fileAt returns the file of that path that has not been withdrawn, or nil.
func fileAt(r *Request, p string) *File {
	for i := range r.Groups {
		for j := range r.Groups[i].Files {
			if f := &r.Groups[i].Files[j]; f.Path == p && f.Kind != WithdrawnF {
				return f
			}
		}
	}
	return nil
}

func countFiles(r *Request) int {
	n := 0
	for i := range r.Groups {
		n += len(r.Groups[i].Files)
	}
	return n
}

// dropEmptyGroups removes groups that hold no file and no comment.
func dropEmptyGroups(r *Request) {
	r.Groups = slices.DeleteFunc(r.Groups, func(g Group) bool {
		return len(g.Files) == 0 && !slices.ContainsFunc(r.Comments, func(c Comment) bool { return c.Group == g.ID })
	})
}

// problemOf returns the plain words of an error that is about the file, and ""
// for a fault of the service.
func problemOf(err error) string {
	switch KindOf(err) {
	case Invalid, TooLarge, NotFound, Conflict:
		return err.Error()
	default:
		return ""
	}
}

// snapshot reads one file of the workspace, keeps its bytes and the bytes that
// would leave, and describes it. An error of kind Invalid, TooLarge, NotFound
// or Conflict is about the file.
func (s *Service) snapshot(ctx context.Context, ws WorkspaceName, p string, kind FileKind) (*File, error) {
	if kind != Output && kind != Supporting {
		return nil, Errorf(Invalid, "A file is either an output or a supporting file.")
	}
	if kind == Output && !inReleaseFolder(p) {
		return nil, Errorf(Invalid, "Outputs are requested from the release folder. Copy the file there, or add it as a supporting file.")
	}
	data, err := s.readWorkspaceFile(ctx, ws, p)
	if err != nil {
		return nil, err
	}
	digest := digestBytes(data)
	origin, err := s.origin(ctx, ws, FileRef{p, digest})
	if err != nil {
		return nil, err
	}
	if origin.Level != provenance.Moderately {
		return nil, refuseLevel(origin)
	}
	if _, _, err := s.Blobs.Put(ctx, bytes.NewReader(data), int64(len(data))); err != nil {
		return nil, err
	}
	f := &File{
		ID: FileID(newID()), Path: p, Kind: kind, Digest: digest, Size: int64(len(data)),
		Origin: origin, Added: s.Now(),
	}
	return f, s.clean(ctx, f, data)
}

func inReleaseFolder(p string) bool {
	return path.Dir(p) != "." && strings.HasPrefix(p, "release")
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

// readWorkspaceFile reads at most the policy's limit.
func (s *Service) readWorkspaceFile(ctx context.Context, ws WorkspaceName, p string) ([]byte, error) {
	rc, err := s.Workspaces.Open(ctx, ws, p)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	most := s.Policy.Files.MaxBytes
	data, err := io.ReadAll(io.LimitReader(rc, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > most {
		return nil, Errorf(TooLarge, "This file is larger than the %d MB that may be released.", most>>20)
	}
	return data, nil
}

func (s *Service) origin(ctx context.Context, ws WorkspaceName, ref FileRef) (provenance.Origin, error) {
	found, err := s.Workspaces.Origins(ctx, ws, []FileRef{ref})
	if err != nil {
		return provenance.Origin{}, err
	}
	if len(found) != 1 {
		return provenance.Origin{}, fmt.Errorf("origins of one file: %d answers", len(found))
	}
	return found[0], nil
}

// clean makes and keeps the bytes that would leave. A file that cannot be
// cleaned is kept, with the reason, and cannot be approved.
func (s *Service) clean(ctx context.Context, f *File, data []byte) error {
	f.Release, f.ReleaseSize, f.CleanError, f.Cleaning = "", 0, "", nil
	out, media, removed, err := s.Sanitiser.Sanitise(f.Path, data)
	f.MediaType = media
	if err != nil {
		f.CleanError = err.Error()
		return nil
	}
	d, n, err := s.Blobs.Put(ctx, bytes.NewReader(out), int64(len(out)))
	if err != nil {
		return err
	}
	f.Release, f.ReleaseSize, f.Cleaning = d, n, removed
	return nil
}

// UpdateFile takes a new snapshot of a file that changed in the workspace. Its
// votes stay on record and count no longer.
func (s *Service) UpdateFile(ctx context.Context, a Actor, id RequestID, file FileID) error {
	r, _, err := s.load(ctx, a, id, policy.RequestEdit)
	if err != nil {
		return err
	}
	if err := requireStatus(r, Pending, Returned); err != nil {
		return err
	}
	_, old := r.File(file)
	if old == nil || old.Kind == WithdrawnF {
		return Errorf(NotFound, "There is no such file in the request.")
	}
	shot, err := s.snapshot(ctx, r.Workspace, old.Path, old.Kind)
	if err != nil {
		return err
	}
	return s.editFile(ctx, a, id, file, func(r *Request, g *Group, f *File) (Event, error) {
		kept := *f
		*f = *shot
		f.ID, f.Kind, f.Votes = kept.ID, kept.Kind, kept.Votes
		e := s.fileEvent(a, EvFileUpdated, r, g, f)
		e.Detail = map[string]string{"was": string(kept.Digest), "original": string(f.Digest)}
		return e, nil
	})
}

// WithdrawFile takes one file back. It stays on the record.
func (s *Service) WithdrawFile(ctx context.Context, a Actor, id RequestID, file FileID) error {
	return s.editFile(ctx, a, id, file, func(r *Request, g *Group, f *File) (Event, error) {
		f.Kind = WithdrawnF
		return s.fileEvent(a, EvFileWithdrawn, r, g, f), nil
	})
}

// MoveFile moves a file to a group, made when there is none of that name, and
// sets whether it is an output or a supporting file.
func (s *Service) MoveFile(ctx context.Context, a Actor, id RequestID, file FileID, group string, kind FileKind) error {
	return s.editFile(ctx, a, id, file, func(r *Request, g *Group, f *File) (Event, error) {
		if kind != Output && kind != Supporting {
			return Event{}, Errorf(Invalid, "A file is either an output or a supporting file.")
		}
		if kind == Output && !inReleaseFolder(f.Path) {
			return Event{}, Errorf(Invalid, "Outputs are requested from the release folder.")
		}
		moved := *f
		moved.Kind = kind
		g.Files = slices.DeleteFunc(g.Files, func(x File) bool { return x.ID == file })
		to, err := groupNamed(r, group)
		if err != nil {
			return Event{}, err
		}
		to.Files = append(to.Files, moved)
		e := s.fileEvent(a, EvFileMoved, r, to, &moved)
		e.Detail = map[string]string{"kind": string(kind)}
		dropEmptyGroups(r)
		return e, nil
	})
}

// editFile is one change of one file by its author, checked afresh afterwards.
func (s *Service) editFile(ctx context.Context, a Actor, id RequestID, file FileID, edit func(*Request, *Group, *File) (Event, error)) error {
	_, err := s.change(ctx, a, id, policy.RequestEdit, func(r *Request, c *Change) error {
		if err := requireStatus(r, Pending, Returned); err != nil {
			return err
		}
		g, f := r.File(file)
		if f == nil || f.Kind == WithdrawnF {
			return Errorf(NotFound, "There is no such file in the request.")
		}
		var e Event
		var err error
		s.voiding(a, r, c, func() { e, err = edit(r, g, f) })
		if err != nil {
			return err
		}
		c.Events = append(c.Events, e)
		r.ReportKey, r.Findings = ReportKey{}, ""
		return nil
	})
	if err != nil {
		return err
	}
	return s.recheck(ctx, a, id)
}
