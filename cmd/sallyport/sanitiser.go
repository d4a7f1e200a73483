package main

import (
	"fmt"
	"path"
	"strings"

	"sallyport/checks"
	"sallyport/review"
)

// sanitiser chooses how a file is cleaned, by what it is and not by what it is
// called. What nothing here can clean does not leave.
type sanitiser struct{}

var _ review.Sanitiser = sanitiser{}

// mediaTypes are those of cleaned files, by extension.
var mediaTypes = map[string]string{
	".csv": "text/csv; charset=utf-8", ".json": "application/json", ".html": "text/html; charset=utf-8", ".htm": "text/html; charset=utf-8",
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
}

// Sanitise returns the bytes that would leave, see review.Sanitiser.
func (sanitiser) Sanitise(name string, data []byte) (out []byte, mediaType string, removed []review.Removal, err error) {
	kind, asNamed := checks.Identify(name, data)
	mediaType = mediaTypes[strings.ToLower(path.Ext(name))]
	if mediaType == "" {
		mediaType = "text/plain; charset=utf-8"
	}
	if !asNamed {
		return nil, mediaType, nil, fmt.Errorf("its contents (%s) are not what its name says, so they cannot be cleaned", kind)
	}
	if len(data) == 0 {
		return data, mediaType, nil, nil
	}
	switch kind {
	case checks.TypeText, checks.TypeJSON:
		out = data
	default:
		err = fmt.Errorf("there is no way to clean contents of type %s", kind)
	}
	return out, mediaType, removed, err
}
