package form

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"regexp"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Limits on a workbook, checked before the library that reads it sees a byte.
const (
	maxParts    = 200
	maxUnzipped = 24 << 20 // bytes, all parts together
	maxRatio    = 100      // of a part's size to its packed size
)

var (
	dtd      = regexp.MustCompile(`<!(DOCTYPE|ENTITY)`)
	external = regexp.MustCompile(`<(?:\w+:)?Relationship\b[^>]*\bTargetMode\s*=\s*["']External["'][^>]*>`)
	// linkKind marks a link that a person may click and nothing here follows.
	linkKind = regexp.MustCompile(`\bType\s*=\s*["'][^"']*/hyperlink["']`)
)

// foreign are parts of a workbook that a form has no use for, by what their
// names hold, in lower case.
var foreign = []struct{ part, what string }{
	{"vba", "macros"}, {"macrosheets/", "macros"}, {"externallinks/", "links to other workbooks"}, {"embeddings/", "embedded objects"},
	{"activex/", "controls"}, {"connections.xml", "data connections"}, {"querytables/", "data connections"}, {"ctrlprops/", "controls"},
}

// checkArchive refuses a workbook that is too large unpacked, or that holds what
// a form may not. It unpacks every part itself, because a size that an archive
// states may be a lie.
func checkArchive(data []byte) error {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return wrong("", "this is not a workbook (or it is protected by a password)")
	}
	if len(archive.File) > maxParts {
		return wrong("", "the workbook has more than %d parts", maxParts)
	}
	seen := map[string]bool{}
	left := int64(maxUnzipped)
	for _, part := range archive.File {
		name := strings.ToLower(path.Clean(strings.ReplaceAll(part.Name, `\`, "/")))
		if seen[name] {
			return wrong("", "a part of the workbook is there twice")
		}
		seen[name] = true
		for _, f := range foreign {
			if strings.Contains(name, f.part) {
				return wrong("", "the workbook holds %s, which a form may not", f.what)
			}
		}
		text, err := unpack(part, left)
		if err != nil {
			return err
		}
		left -= int64(len(text))
		if err := checkPart(name, text); err != nil {
			return err
		}
	}
	return nil
}

// unpack returns the bytes of one part, if they are no bomb.
func unpack(part *zip.File, left int64) ([]byte, error) {
	r, err := part.Open()
	if err != nil {
		return nil, wrong("", "a part of the workbook cannot be unpacked")
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, left+1))
	switch packed := max(int64(part.CompressedSize64), 1<<10); {
	case int64(len(text)) > left:
		return nil, wrong("", "the workbook unpacks to more than %d MB", maxUnzipped>>20)
	case int64(len(text)) > packed*maxRatio:
		return nil, wrong("", "a part of the workbook unpacks to more than %d times its size", maxRatio)
	case err != nil:
		return nil, wrong("", "a part of the workbook cannot be unpacked")
	}
	return text, nil
}

func checkPart(name string, text []byte) error {
	markup := bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return wrong("", "a part of the workbook is not UTF-8")
	case !bytes.HasPrefix(markup, []byte("<")):
		return nil // a picture, or settings of a printer
	}
	if dtd.Match(text) {
		return wrong("", "the workbook declares entities, which a form may not")
	}
	if name == "[content_types].xml" && bytes.Contains(bytes.ToLower(text), []byte("macroenabled")) {
		return wrong("", "the workbook holds macros, which a form may not")
	}
	if strings.HasSuffix(name, ".rels") {
		for _, rel := range external.FindAll(text, -1) {
			if !linkKind.Match(rel) {
				return wrong("", "the workbook links to something outside it, which a form may not")
			}
		}
	}
	return checkPlaces(markup)
}

// Places beyond these are refused wherever they are: the library makes up all
// rows and cells that lie before one.
const (
	farRow    = 20_000
	farColumn = 1_000
)

// checkPlaces walks through a part, whatever its name, and refuses rows and
// cells that lie far out.
func checkPlaces(markup []byte) error {
	d := xml.NewDecoder(bytes.NewReader(markup))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return wrong("", "a part of the workbook is not well-formed")
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "row" && start.Name.Local != "c" {
			continue
		}
		for _, a := range start.Attr {
			if a.Name.Local != "r" || a.Value == "" {
				continue
			}
			place := a.Value
			if start.Name.Local == "row" {
				place = "A" + place
			}
			x, y, err := excelize.CellNameToCoordinates(place)
			if err != nil || x > farColumn || y > farRow {
				return wrong("", "the workbook has a cell far out, at %q", place)
			}
		}
	}
}
