package crate

import (
	"context"

	"sallyport/review"
)

// Packer is a review.Packer that writes bags.
type Packer struct{}

var _ review.Packer = Packer{}

// Pack implements review.Packer.
func (Packer) Pack(ctx context.Context, e *review.Evidence) ([]review.SealedFile, error) {
	var load []part
	for _, f := range e.Release.Files {
		p, err := released(ctx, e, f)
		if err != nil {
			return nil, err
		}
		load = append(load, p)
	}
	var files []review.SealedFile
	for _, p := range bag(e.Release, load) {
		files = append(files, review.SealedFile{Path: p.path, Size: p.size, SHA256: p.sha256, Body: p.body, Released: p.released})
	}
	return files, nil
}
