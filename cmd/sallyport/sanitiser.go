package main

import (
	"sallyport/checks/confine"
	"sallyport/review"
)

// sanitiser is the children of a pool as a review.Sanitiser.
type sanitiser struct{ pool *confine.Pool }

var _ review.Sanitiser = sanitiser{}

// Sanitise returns the bytes that would leave, see review.Sanitiser.
func (s sanitiser) Sanitise(path string, data []byte) (clean []byte, mediaType string, removed []review.Removal, err error) {
	clean, mediaType, went, err := s.pool.Sanitise(path, data)
	for _, w := range went {
		removed = append(removed, review.Removal{What: w.What, Count: w.Count, Where: w.Where})
	}
	return clean, mediaType, removed, err
}
