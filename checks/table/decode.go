package table

import (
	"bytes"
	"strings"
	"unicode/utf8"
	"unsafe"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Decode returns the text of a file and the encoding it was in: "utf-8" (a byte
// order mark is dropped), "utf-16" (with a mark, or recognised by its NULs), or
// "latin-1" (Windows-1252), which is what other bytes are read as. The text may
// share memory with data, which must not change afterwards.
func Decode(data []byte) (decoded, encodingName string, err error) {
	decoded, info, err := decode(data)
	return decoded, info.Encoding, err
}

func decode(data []byte) (string, Info, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) && utf8.Valid(data):
		return nulFree(text(data[3:]), Info{Encoding: "utf-8", BOM: true})
	case bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")):
		return convert(data, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM), Info{Encoding: "utf-16", BOM: true})
	case hasNUL(data):
		if e := bareUTF16(data); e != nil {
			return convert(data, e, Info{Encoding: "utf-16"})
		}
		return "", Info{Encoding: "binary"}, ErrNUL
	case utf8.Valid(data):
		return text(data), Info{Encoding: "utf-8"}, nil
	}
	return convert(data, charmap.Windows1252, Info{Encoding: "latin-1"})
}

// text views bytes that nobody changes any more as a string: a table may hold
// 16 MB, which need not be held twice.
func text(data []byte) string { return unsafe.String(unsafe.SliceData(data), len(data)) }

// bareUTF16 recognises UTF-16 without a mark: every other byte of its start is NUL.
func bareUTF16(data []byte) encoding.Encoding {
	head := data[:min(len(data), 512)&^1]
	if len(head) < 8 || len(data)%2 != 0 {
		return nil
	}
	var odd, even int
	for i := 0; i < len(head); i += 2 {
		if head[i] == 0 {
			even++
		}
		if head[i+1] == 0 {
			odd++
		}
	}
	switch n := len(head) / 2; {
	case odd*10 >= n*9 && even == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case even*10 >= n*9 && odd == 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

func convert(data []byte, e encoding.Encoding, info Info) (string, Info, error) {
	out, err := e.NewDecoder().Bytes(data)
	if err != nil {
		return "", info, err
	}
	return nulFree(string(out), info)
}

func nulFree(s string, info Info) (string, Info, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return "", info, ErrNUL
	}
	return s, info, nil
}
