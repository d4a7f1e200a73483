package review

import "context"

// Which of two versions of a file.
const (
	BeforeChange = "before"
	AfterChange  = "after"
)

// VersionContent is one of the two versions that [Service.Versions] tells of, as
// it would leave: cleaned, so that a browser may show it. NotFound for any other
// version, Conflict when it cannot be cleaned. The view is on record.
func (s *Service) VersionContent(ctx context.Context, a Actor, id RequestID, file FileID, which string) (clean []byte, mediaType string, err error) {
	if which != BeforeChange && which != AfterChange {
		return nil, "", Errorf(NotFound, "There is no such version.")
	}
	v, err := s.Versions(ctx, a, id, file)
	if err != nil {
		return nil, "", err
	}
	if _, fv, err := s.fileView(ctx, a, id, file); err != nil {
		return nil, "", err
	} else if err := fv.Withheld(); err != nil {
		return nil, "", err
	}
	data := v.Before
	if which == AfterChange {
		data = v.After
	}
	clean, mediaType, _, err = s.Sanitiser.Sanitise(v.File.Path, data)
	if err != nil {
		return nil, "", Errorf(Conflict, "This version cannot be shown: %s", err)
	}
	return clean, mediaType, nil
}

// Updated reports whether the checkers have seen an earlier version of the file:
// it was replaced after its request was first submitted.
func (f *File) Updated() bool {
	return len(f.Previous) > 0 && f.Previous[len(f.Previous)-1].Turn > 1
}
