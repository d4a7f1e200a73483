package markup

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"

	"sallyport/checks/clean"
	"sallyport/checks/raster"
)

var errImageKind = errors.New("only PNG, JPEG and SVG images can be cleaned")

// figures counts the pixels of all pictures embedded in one file, because many
// small bombs are as bad as a large one.
type figures struct {
	pixels int64
}

// maxFigures is how many pixels all embedded pictures of one file may have: a
// hundred full pages at 200 dots to the inch come to 390 million.
const maxFigures = 500_000_000

var errFigures = errors.New("its pictures have more than 500 million pixels together")

// take counts a picture; an error means that it is too much.
func (f *figures) take(data []byte) error {
	n := raster.Pixels(data)
	if n > maxFigures-f.pixels {
		return errFigures
	}
	f.pixels += n
	return nil
}

// cleanData cleans the picture in a data: address and returns its new address.
// depth is the number of drawings around it.
func (f *figures) cleanData(address string, depth int) (string, []clean.Removal, error) {
	kind, data, err := readDataImage(address)
	if err != nil {
		return "", nil, err
	}
	var removed []clean.Removal
	switch {
	case kind == "image/svg+xml":
		if depth >= maxEmbedding {
			return "", nil, errTooDeep
		}
		data, removed, err = cleanSVG(data, depth+1, f)
	case raster.Format(data) != "":
		kind = "image/" + raster.Format(data)
		if err = f.take(data); err == nil {
			data, removed, err = raster.Clean(data)
		}
	default:
		err = errImageKind
	}
	if err != nil {
		return "", nil, err
	}
	return dataImage(kind, data), removed, nil
}

func dataImage(kind string, data []byte) string {
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data)
}

// readDataImage decodes a data: address of an image.
func readDataImage(address string) (kind string, data []byte, err error) {
	head, body, ok := strings.Cut(strings.TrimSpace(address), ",")
	head, scheme := strings.CutPrefix(strings.ToLower(head), "data:")
	if !ok || !scheme {
		return "", nil, errImageKind
	}
	kind, _, _ = strings.Cut(head, ";")
	if strings.Contains(body, "%") || !strings.HasSuffix(head, ";base64") {
		if body, err = url.PathUnescape(body); err != nil {
			return "", nil, errImageKind
		}
	}
	if !strings.HasSuffix(head, ";base64") {
		return strings.TrimSpace(kind), []byte(body), nil
	}
	raw := bytes.TrimRight([]byte(strings.Join(strings.Fields(body), "")), "=")
	data, err = base64.RawStdEncoding.DecodeString(string(raw))
	if err != nil {
		return "", nil, errImageKind
	}
	return strings.TrimSpace(kind), data, nil
}
