package review

import (
	"bytes"
	"context"
	"io"
)

// pack makes the package of an approved release.
func (s *Service) pack(ctx context.Context, rel *Release, r *Request) (*Package, error) {
	manifest, err := Manifest(rel)
	if err != nil {
		return nil, err
	}
	e, err := s.evidence(ctx, rel, r)
	if err != nil {
		return nil, err
	}
	files, err := s.Packer.Pack(ctx, e)
	if err != nil {
		return nil, err
	}
	return s.packageOf(rel, manifest, files), nil
}

// packageOf puts a package together from what is kept.
func (s *Service) packageOf(rel *Release, manifest []byte, files []SealedFile) *Package {
	p := &Package{Release: rel, Manifest: manifest, Open: s.openReleased}
	for _, f := range files {
		open := func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(f.Body)), nil }
		if f.Released {
			open = func(ctx context.Context) (io.ReadCloser, error) { return s.openReleased(ctx, f.SHA256) }
		}
		p.Entries = append(p.Entries, Entry{Path: f.Path, Size: f.Size, SHA256: f.SHA256, Open: open})
	}
	return p
}

func (s *Service) openReleased(ctx context.Context, d Digest) (io.ReadCloser, error) {
	s.step("release.file")
	return s.Blobs.Open(ctx, d)
}

// evidence gathers what a package tells of a release.
func (s *Service) evidence(ctx context.Context, rel *Release, r *Request) (*Evidence, error) {
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	report, err := s.report(ctx, r)
	if err != nil {
		return nil, err
	}
	return &Evidence{Release: rel, Request: r, People: names, Policy: s.Policy, Report: report, Open: s.Blobs.Open}, nil
}
