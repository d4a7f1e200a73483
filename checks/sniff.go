package checks

import (
	"bytes"
	"encoding/json"
	"slices"

	"sallyport/checks/table"
)

// sniffLength is how much of a file its type is told from.
const sniffLength = 64 << 10

// signatures are the first bytes of formats that are no text.
var signatures = []struct {
	typ   Type
	magic string
}{
	{TypePNG, "\x89PNG\r\n\x1a\n"}, {TypeJPEG, "\xff\xd8\xff"}, {"gif", "GIF8"}, {"tiff", "II*\x00"}, {"tiff", "MM\x00*"},
	{"pdf", "%PDF"}, {"postscript", "%!PS"}, {"zip", "PK\x03\x04"}, {"zip", "PK\x05\x06"}, {"gzip", "\x1f\x8b"}, {"bzip2", "BZh"},
	{"xz", "\xfd7zXZ\x00"}, {"zstd", "\x28\xb5\x2f\xfd"}, {"7z", "7z\xbc\xaf\x27\x1c"}, {"rar", "Rar!"},
	{"feather", "ARROW1"}, {"feather", "FEA1"}, {"parquet", "PAR1"}, {"rdata", "RDX2\n"}, {"rdata", "RDX3\n"}, {"rdata", "RDA2\n"}, {"rdata", "RDA3\n"},
	{"rds", "X\n\x00\x00"}, {"sqlite", "SQLite format 3\x00"}, {"stata", "<stata_dta>"}, {"hdf5", "\x89HDF\r\n"}, {"numpy", "\x93NUMPY"},
	{"ole", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}, {"elf", "\x7fELF"}, {"pickle", "\x80\x04\x95"}, {"rtf", `{\rtf`},
}

// sniff tells what a file is by its first bytes. The extension decides only
// between readings that the bytes leave open.
func sniff(data []byte, ext string) Type {
	head := data[:min(len(data), sniffLength)]
	for _, s := range signatures {
		if bytes.HasPrefix(head, []byte(s.magic)) {
			return s.typ
		}
	}
	if len(head) > 12 && bytes.HasPrefix(head, []byte("RIFF")) && string(head[8:12]) == "WEBP" {
		return "webp"
	}
	text := head
	if bytes.IndexByte(head, 0) >= 0 {
		s, _, err := table.Decode(head[:len(head)&^1])
		if err != nil {
			return "binary"
		}
		text = []byte(s)
	}
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	switch tag := firstTag(text); {
	case tag == "svg":
		return TypeSVG
	case slices.Contains(htmlTags, tag) || ext == ".html" || ext == ".htm":
		return TypeHTML
	case tag == "?xml":
		return "xml"
	}
	if len(text) > 0 && (text[0] == '{' || text[0] == '[') && (ext == ".json" || json.Valid(data)) {
		return TypeJSON
	}
	if ext == ".json" && json.Valid(data) {
		return TypeJSON
	}
	return TypeText
}

var htmlTags = []string{
	"!doctype", "html", "head", "body", "title", "meta", "link", "style", "script", "table", "div", "span", "p", "h1", "h2", "h3",
	"ul", "ol", "a", "img", "iframe", "form", "section", "article", "main", "br", "center", "font", "pre",
}

// firstTag names the first element of markup in lower case, after an XML
// declaration, comments and a document type; "?xml" when there is only a
// declaration, "!doctype" for an HTML document type, "" for other text.
func firstTag(text []byte) string {
	seen := ""
	for {
		text = bytes.TrimSpace(text)
		if len(text) < 2 || text[0] != '<' {
			return seen
		}
		switch lower := bytes.ToLower(text[:min(len(text), 64)]); {
		case bytes.HasPrefix(lower, []byte("<?")):
			seen = "?xml"
			text = after(text, "?>")
		case bytes.HasPrefix(lower, []byte("<!--")):
			text = after(text, "-->")
		case bytes.HasPrefix(lower, []byte("<!doctype html")):
			return "!doctype"
		case bytes.HasPrefix(lower, []byte("<!doctype")):
			seen = "?xml"
			text = afterDoctype(text)
		default:
			name := lower[1:]
			if i := bytes.IndexAny(name, " \t\r\n/>"); i >= 0 {
				name = name[:i]
			}
			if i := bytes.IndexByte(name, ':'); i >= 0 {
				name = name[i+1:]
			}
			if tag := string(name); tag == "svg" || slices.Contains(htmlTags, tag) || seen == "" {
				return tag
			}
			return seen
		}
	}
}

func after(text []byte, mark string) []byte {
	if i := bytes.Index(text, []byte(mark)); i >= 0 {
		return text[i+len(mark):]
	}
	return nil
}

// afterDoctype skips a document type with its internal subset, if any.
func afterDoctype(text []byte) []byte {
	open, end := bytes.IndexByte(text, '['), bytes.IndexByte(text, '>')
	if open >= 0 && open < end {
		return after(text[open:], "]>")
	}
	return after(text, ">")
}
