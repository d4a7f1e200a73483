package review

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	results, err := s.addFiles(ctx, a, r, files, nil)
	if err != nil || !slices.ContainsFunc(results, AddResult.added) {
		return results, err
	}
	return results, s.recheck(ctx, a, id)
}

// addFiles does it without the checks. Kept, when not nil, is told how many of the
// files were read and kept so far; its error ends it.
func (s *Service) addFiles(ctx context.Context, a Actor, r *Request, files []AddFile, kept func(int) error) ([]AddResult, error) {
	shots, problems, err := s.snapshots(ctx, r.Workspace, files, kept)
	if err != nil {
		return nil, err
	}
	results := make([]AddResult, len(files))
	for i, f := range files {
		results[i] = AddResult{Path: f.Path, Problem: problemOf(problems[i])}
	}
	if err := s.refuseReleased(ctx, r.Workspace, shots, results); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(shots, func(f *File) bool { return f != nil }) {
		return results, nil
	}
	_, err = s.change(ctx, a, r.ID, policy.RequestEdit, func(r *Request, c *Change) error {
		if err := requireStatus(r, Pending, Returned); err != nil {
			return err
		}
		var err error
		s.voiding(a, r, c, func() { err = s.place(a, r, c, files, shots, results) })
		if err == nil && len(c.Events) == 0 {
			// Every one of them was in the request already.
			return errNothing
		}
		r.ReportKey, r.Findings = ReportKey{}, ""
		return err
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return results, nil
}

// added reports whether the file is a new part of the request.
func (r AddResult) added() bool { return r.File != "" && !r.Before }

// errNothing ends an update that would change nothing.
var errNothing = errors.New("nothing to change")

// place puts the snapshots into the request's groups. It may run more than
// once, so it sets the results afresh.
func (s *Service) place(a Actor, r *Request, c *Change, files []AddFile, shots []*File, results []AddResult) error {
	for i, shot := range shots {
		if shot == nil {
			continue
		}
		results[i] = AddResult{Path: results[i].Path}
		if there := fileAt(r, shot.Path); there != nil {
			if same(r, there, shot, files[i].Group) {
				results[i].File, results[i].Before = there.ID, true
			} else {
				results[i].Problem = AddedBefore
			}
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
		if ok, _ := path.Match(g.Pattern, shot.Path); g.Pattern != "" && shot.Kind == Output && !ok {
			results[i].Problem = fmt.Sprintf("The group's wildcard %s does not match this file.", g.Pattern)
			continue
		}
		f := *shot
		f.copyLists()
		g.Files = append(g.Files, f)
		e := s.fileEvent(a, EvFileAdded, r, g, &f)
		e.Detail = map[string]string{"kind": string(f.Kind), "original": string(f.Digest)}
		c.Events = append(c.Events, e)
		results[i].File = f.ID
		if g.Pattern == "" && files[i].Pattern != "" {
			g.Pattern, g.PatternCount = files[i].Pattern, files[i].PatternCount
			c.Events = append(c.Events, s.groupEvent(a, r, g))
		}
	}
	dropEmptyGroups(r)
	return nil
}

// AddedBefore is what people are told of a file that is in the request.
const AddedBefore = "This file is in the request already."

// same reports whether what is there is what was asked for, as when somebody asks
// again who never heard the first answer.
func same(r *Request, there, shot *File, group string) bool {
	name := groupName(group)
	at := slices.IndexFunc(r.Groups, func(g Group) bool {
		return g.Name == name && slices.ContainsFunc(g.Files, func(f File) bool { return f.ID == there.ID })
	})
	return at >= 0 && there.Digest == shot.Digest && there.Kind == shot.Kind
}

// refuseReleased takes out outputs that have left before: the same bytes under
// the same path. They can be added as supporting files.
func (s *Service) refuseReleased(ctx context.Context, ws WorkspaceName, shots []*File, results []AddResult) error {
	past, err := s.Store.Releases(ctx, ReleaseQuery{Workspace: ws, Limit: maxEarlier})
	if err != nil {
		return err
	}
	out := map[FileRef]bool{}
	for _, rel := range past {
		for _, f := range rel.Files {
			out[FileRef{f.Path, f.Original}] = true
		}
	}
	for i, shot := range shots {
		if shot != nil && shot.Kind == Output && out[FileRef{shot.Path, shot.Digest}] {
			results[i].Problem = "This file has been released already, with the same contents. Add it as a supporting file."
			shots[i] = nil
		}
	}
	return nil
}

// AddMatching adds every file of the release folders that a wildcard matches as
// outputs of one group, which is named by it from then on. Invalid when it does
// not capture as many files as stated.
func (s *Service) AddMatching(ctx context.Context, a Actor, id RequestID, group string, d GroupDetails) ([]AddResult, error) {
	return s.addMatching(ctx, a, id, group, d, s.AddFiles)
}

// AddMatchingBehind does what AddMatching does, as AddFilesBehind adds files.
func (s *Service) AddMatchingBehind(ctx context.Context, a Actor, id RequestID, group string, d GroupDetails) ([]AddResult, error) {
	return s.addMatching(ctx, a, id, group, d, s.AddFilesBehind)
}

func (s *Service) addMatching(ctx context.Context, a Actor, id RequestID, group string, d GroupDetails, add func(context.Context, Actor, RequestID, []AddFile) ([]AddResult, error)) ([]AddResult, error) {
	d, err := s.cleanDetails(d)
	if err != nil {
		return nil, err
	}
	if d.Pattern == "" {
		return nil, Errorf(Invalid, "Write a wildcard.").with("pattern", "Write it like release/rate_by_*.csv.")
	}
	files, err := s.matching(ctx, a, id, group, d)
	if err != nil {
		return nil, err
	}
	results, err := add(ctx, a, id, files)
	if err != nil {
		return nil, err
	}
	_, err = s.change(ctx, a, id, policy.RequestEdit, func(r *Request, c *Change) error {
		g, err := groupNamed(r, group)
		if err != nil {
			return err
		}
		if len(g.Files) == 0 {
			dropEmptyGroups(r)
			return errNothing
		}
		if g.Pattern == d.Pattern && g.PatternCount == d.PatternCount {
			return errNothing // so it was named when its first file came
		}
		g.Pattern, g.PatternCount = d.Pattern, d.PatternCount
		c.Events = append(c.Events, s.groupEvent(a, r, g))
		return nil
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return results, err
}

// matching is the files that a wildcard captures, as many as stated.
func (s *Service) matching(ctx context.Context, a Actor, id RequestID, group string, d GroupDetails) ([]AddFile, error) {
	r, _, err := s.load(ctx, a, id, policy.RequestEdit)
	if err != nil {
		return nil, err
	}
	w, err := s.Workspaces.Workspace(ctx, r.Workspace)
	if err != nil {
		return nil, err
	}
	var files []AddFile
	for _, f := range w.Files {
		if ok, _ := path.Match(d.Pattern, f.Path); ok && f.Problem == "" && provenance.IsRelease(f.Path) {
			files = append(files, AddFile{Path: f.Path, Kind: Output, Group: group, Pattern: d.Pattern, PatternCount: d.PatternCount})
		}
	}
	if len(files) != d.PatternCount {
		e := Errorf(Invalid, "The wildcard captures %s, and you state %d.", counted(len(files), "file"), d.PatternCount)
		return nil, e.with("pattern_count", e.Message)
	}
	return files, nil
}

// groupName is the name of a group as it is kept.
func groupName(name string) string {
	return cmp.Or(strings.Join(strings.Fields(name), " "), "Outputs")
}

// groupNamed returns the group of that name, made when there is none. A request
// keeps its groups in the order they were made.
func groupNamed(r *Request, name string) (*Group, error) {
	name = groupName(name)
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
	exception := ""
	for _, x := range old.Exceptions {
		if x.Kind == ExceptSize {
			exception = x.Reason
		}
	}
	shot, err := s.snapshot(ctx, r.Workspace, AddFile{Path: old.Path, Kind: old.Kind, Exception: exception})
	if err != nil {
		return err
	}
	return s.editFile(ctx, a, id, file, func(r *Request, g *Group, f *File) (Event, error) {
		kept := *f
		*f = *shot
		f.copyLists()
		f.ID, f.Kind, f.Votes, f.PastVotes = kept.ID, kept.Kind, kept.Votes, kept.PastVotes
		f.Checkers, f.Exceptions = kept.Checkers, kept.Exceptions
		f.Previous = append(slices.Clone(kept.Previous), Snapshot{
			Digest: kept.Digest, Release: kept.Release, Size: kept.Size, Turn: r.Turn, Replaced: s.Now(),
		})
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
		if kind == Output && !provenance.IsRelease(f.Path) {
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
