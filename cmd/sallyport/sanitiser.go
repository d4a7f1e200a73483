package main

import (
	"sallyport/checks"
	"sallyport/review"
)

// sanitiser is the sanitisers of package checks as a review.Sanitiser.
type sanitiser struct{}

var _ review.Sanitiser = sanitiser{}

// Sanitise returns the bytes that would leave, see review.Sanitiser.
func (sanitiser) Sanitise(path string, data []byte) (clean []byte, mediaType string, removed []review.Removal, err error) {
	clean, mediaType, went, err := checks.Sanitise(path, data)
	for _, w := range went {
		removed = append(removed, review.Removal{What: w.What, Count: w.Count, Where: w.Where})
	}
	return clean, mediaType, removed, err
}
