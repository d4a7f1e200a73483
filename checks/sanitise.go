package checks

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"sallyport/checks/clean"
	"sallyport/checks/markup"
	"sallyport/checks/raster"
)

// Removal is one sort of thing that cleaning took out of a file, or changed.
type Removal = clean.Removal

// MediaTypes of what leaves, as a browser is told them.
const (
	mediaText = "text/plain; charset=utf-8"
	mediaHTML = "text/html; charset=utf-8"
	mediaSVG  = "image/svg+xml"
	mediaPNG  = "image/png"
	mediaJPEG = "image/jpeg"
	mediaCSV  = "text/csv"
	mediaJSON = "application/json"
)

// Sanitise makes the bytes that may leave out of the bytes that came, and says
// what it took out. Path is only a name, for its extension.
//
// Reports and drawings lose script, styling and every reference out of the
// file; pictures lose metadata and what hides behind or between their pixels,
// and no pixel changes; tables, text, JSON and logs are returned as they are.
// Sanitising the result again returns equal bytes and no removals.
//
// The error is a reason in plain words, quoting nothing from the file: the
// contents are not what the name says, cannot be cleaned, or are of a kind that
// nothing here can clean. No bytes are returned with it.
func Sanitise(path string, data []byte) (clean []byte, mediaType string, removed []Removal, err error) {
	t, asNamed := Identify(path, data)
	if !asNamed {
		return nil, "", nil, fmt.Errorf("the contents are %s, which is not what the name says or not a kind that can be cleaned", t)
	}
	switch want := contents[extension(path)]; {
	case len(want) > 0 && want[0] == TypeHTML:
		return cleaned(mediaHTML, data, markup.CleanHTML)
	case len(want) > 0 && want[0] == TypeSVG:
		return cleaned(mediaSVG, data, markup.CleanSVG)
	case len(want) > 0 && want[0] == TypePNG:
		return cleaned(mediaPNG, data, raster.Clean)
	case len(want) > 0 && want[0] == TypeJPEG:
		return cleaned(mediaJPEG, data, raster.Clean)
	}
	return data, plainMedia(path, t, data), nil, nil
}

func cleaned(mediaType string, data []byte, f func([]byte) ([]byte, []Removal, error)) ([]byte, string, []Removal, error) {
	if len(data) == 0 {
		return nil, "", nil, errors.New("the file is empty")
	}
	out, removed, err := f(data)
	if err != nil {
		return nil, "", nil, fmt.Errorf("the file cannot be cleaned: %w", err)
	}
	return out, mediaType, removed, nil
}

func plainMedia(path string, t Type, data []byte) string {
	switch {
	case extension(path) == ".csv":
		return mediaCSV
	case t == TypeJSON && extension(path) == ".json":
		return mediaJSON
	case !utf8.Valid(data):
		return "text/plain"
	}
	return mediaText
}
