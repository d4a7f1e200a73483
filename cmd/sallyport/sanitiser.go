package main

import (
	"sallyport/checks"
	"sallyport/checks/confine"
	"sallyport/review"
)

// sanitiser is the sanitisers of package checks as a review.Sanitiser: in the
// children of a pool, or in this process when there is none.
type sanitiser struct{ pool *confine.Pool }

var _ review.Sanitiser = sanitiser{}

// Sanitise returns the bytes that would leave, see review.Sanitiser.
func (s sanitiser) Sanitise(path string, data []byte) (clean []byte, mediaType string, removed []review.Removal, err error) {
	of := checks.Sanitise
	if s.pool != nil {
		of = s.pool.Sanitise
	}
	clean, mediaType, went, err := of(path, data)
	for _, w := range went {
		removed = append(removed, review.Removal{What: w.What, Count: w.Count, Where: w.Where})
	}
	return clean, mediaType, removed, err
}
