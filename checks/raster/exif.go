package raster

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// exif is what matters of an EXIF block.
type exif struct {
	orientation uint16
	gps         bool
	thumbnail   bool
	text        []string
}

// Tags of a TIFF directory.
const (
	tagOrientation = 0x0112
	tagGPS         = 0x8825
	tagExif        = 0x8769
	typeASCII      = 2
)

// readExif reads a TIFF structure. What cannot be read is left out: the block
// is dropped in any case.
func readExif(b []byte) exif {
	var e exif
	if len(b) < 8 {
		return e
	}
	var order binary.ByteOrder
	switch string(b[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return e
	}
	next := e.directory(b, order, order.Uint32(b[4:]), 0)
	e.thumbnail = next != 0 && int64(next) < int64(len(b))
	return e
}

// directory reads one directory and the EXIF directory below it, and returns
// the offset of the next one, which describes a thumbnail.
func (e *exif) directory(b []byte, order binary.ByteOrder, at uint32, depth int) uint32 {
	if int64(at)+2 > int64(len(b)) || depth > 1 {
		return 0
	}
	n := int(order.Uint16(b[at:]))
	pos := int(at) + 2
	for range n {
		if pos+12 > len(b) {
			return 0
		}
		tag, kind := order.Uint16(b[pos:]), order.Uint16(b[pos+2:])
		count, value := order.Uint32(b[pos+4:]), order.Uint32(b[pos+8:])
		switch {
		case tag == tagOrientation && depth == 0:
			e.orientation = order.Uint16(b[pos+8:])
		case tag == tagGPS:
			e.gps = true
		case tag == tagExif:
			e.directory(b, order, value, depth+1)
		case kind == typeASCII && count > 4 && int64(value)+int64(count) <= int64(len(b)) && len(e.text) < 100:
			e.text = append(e.text, readable(bytes.TrimRight(b[value:value+count], "\x00")))
		}
		pos += 12
	}
	if pos+4 > len(b) {
		return 0
	}
	return order.Uint32(b[pos:])
}

// parts describes an EXIF block that was found as p.
func (e exif) parts(p Part) []Part {
	p.Kind = EXIF
	p.Text = strings.Join(e.text, "\n")
	out := []Part{p}
	if e.gps {
		out = append(out, Part{Kind: GPS, Name: p.Name, Offset: p.Offset, Size: p.Size})
	}
	if e.thumbnail {
		out = append(out, Part{Kind: Thumbnail, Name: p.Name, Offset: p.Offset, Size: p.Size})
	}
	return out
}

// exif takes the orientation of the first EXIF block that counts, which it does
// before the picture's data, and notes the rest as parts.
func (p *picture) exif(body []byte, part Part, counts bool) {
	e := readExif(body)
	if e.orientation >= 2 && e.orientation <= 8 && p.orient == 0 && counts {
		p.orient = e.orientation
		if bytes.Equal(body, orientationExif(p.orient)) {
			return // ours, from an earlier cleaning
		}
	}
	for _, found := range e.parts(part) {
		p.add(found)
	}
}

// orientationExif makes an EXIF block that says how to turn the picture and
// nothing else.
func orientationExif(o uint16) []byte {
	b := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	b = binary.BigEndian.AppendUint16(b, o)
	return append(b, 0, 0, 0, 0, 0, 0) // rest of the value, no next directory
}
