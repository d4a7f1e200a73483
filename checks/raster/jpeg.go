package raster

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// JPEG markers, the byte after 0xFF.
const (
	soi   = 0xd8
	eoi   = 0xd9
	sos   = 0xda
	dqt   = 0xdb
	dnl   = 0xdc
	dri   = 0xdd
	dht   = 0xc4
	sof0  = 0xc0
	sof1  = 0xc1
	sof2  = 0xc2
	app0  = 0xe0
	app1  = 0xe1
	app2  = 0xe2
	app14 = 0xee
	com   = 0xfe
)

// tablesKept limits the blocks of tables: a picture has at most four of each,
// renewed for each of its scans.
const tablesKept = 500

// tablesSize is the largest block of tables that makes sense: eight Huffman
// tables of 16 lengths and 256 values each, with their ids.
const tablesSize = 8 * (1 + 16 + 256)

var errShortJPEG = errors.New("the picture is cut short")

type jpegReader struct {
	picture
	data        []byte
	at          int
	framed      bool // the frame header was seen
	scanned     bool // a scan was seen
	tables      int
	jfif        []byte
	adobe       bool
	body        [][]byte // kept segments, in order
	scans       []int    // which of body are compressed data
	progressive bool
}

// readJPEG walks the segments of a baseline or progressive JPEG.
func readJPEG(data []byte) (*picture, error) {
	r := &jpegReader{data: data, at: 2}
	r.Format = JPEG
	for {
		marker, err := r.marker()
		if err != nil {
			return &r.picture, err
		}
		if marker == eoi {
			break
		}
		if err := r.segment(marker); err != nil {
			return &r.picture, err
		}
	}
	if rest := data[r.at:]; len(rest) > 0 {
		r.add(Part{Kind: Trailing, Name: "after EOI", Offset: r.at, Size: len(rest), Text: readable(rest)})
	}
	if !r.framed || !r.scanned {
		return &r.picture, errors.New("the picture holds no picture data")
	}
	if err := r.trim(); err != nil {
		return &r.picture, err
	}
	r.assemble()
	return &r.picture, nil
}

func (r *jpegReader) assemble() {
	r.keep = append(r.keep, []byte{0xff, soi})
	if r.jfif != nil {
		r.keep = append(r.keep, r.jfif)
	}
	if r.orient != 0 {
		r.keep = append(r.keep, makeSegment(app1, append([]byte("Exif\x00\x00"), orientationExif(r.orient)...)))
	}
	r.keep = append(append(r.keep, r.body...), []byte{0xff, eoi})
}

// marker moves behind the next marker and returns it. Bytes before it draw
// nothing.
func (r *jpegReader) marker() (byte, error) {
	start := r.at
	i := bytes.IndexByte(r.data[r.at:], 0xff)
	if i < 0 {
		return 0, errShortJPEG
	}
	r.at += i
	if i > 0 {
		r.add(Part{Kind: Hidden, Name: "between segments", Offset: start, Size: i, Text: readable(r.data[start:r.at])})
	}
	for r.at < len(r.data) && r.data[r.at] == 0xff {
		r.at++ // fill bytes
	}
	if r.at >= len(r.data) {
		return 0, errShortJPEG
	}
	r.at++
	return r.data[r.at-1], nil
}

// segment reads the segment after a marker and decides whether it is kept.
func (r *jpegReader) segment(marker byte) error {
	if len(r.data)-r.at < 2 {
		return errShortJPEG
	}
	offset := r.at - 2
	n := int(binary.BigEndian.Uint16(r.data[r.at:]))
	if n < 2 || n > len(r.data)-r.at {
		return errors.New("the picture is cut short, or one of its blocks states a wrong length")
	}
	body := r.data[r.at+2 : r.at+n]
	r.at += n
	switch marker {
	case sof0, sof1, sof2:
		return r.frame(marker, body)
	case dqt, dht:
		if r.tables++; r.tables > tablesKept || len(body) > tablesSize {
			return errors.New("the picture has too many tables")
		}
		r.body = append(r.body, makeSegment(marker, body))
	case dri:
		if len(body) != 2 {
			return errors.New("the picture's restart interval makes no sense")
		}
		r.body = append(r.body, makeSegment(marker, body))
	case sos:
		return r.scan(body)
	default:
		if marker < app0 && marker != com {
			return errors.New("the picture is of an unusual kind of JPEG")
		}
		r.metadata(marker, offset, body)
	}
	return nil
}

func (r *jpegReader) frame(marker byte, body []byte) error {
	if r.framed {
		return errors.New("the picture has two headers")
	}
	if len(body) < 6 || len(body) != 6+3*int(body[5]) || body[5] == 0 || body[5] > 4 {
		return errors.New("the picture's header makes no sense")
	}
	r.framed, r.progressive = true, marker == sof2
	r.body = append(r.body, makeSegment(marker, body))
	return r.size(int(binary.BigEndian.Uint16(body[3:])), int(binary.BigEndian.Uint16(body[1:])))
}

// scan keeps a scan header and the compressed data after it, up to the next
// marker that is not a restart.
func (r *jpegReader) scan(body []byte) error {
	if !r.framed || len(body) < 1 || len(body) != 4+2*int(body[0]) {
		return errors.New("the picture's data makes no sense")
	}
	r.scanned = true
	start := r.at
	for {
		i := bytes.IndexByte(r.data[r.at:], 0xff)
		if i < 0 || r.at+i+1 >= len(r.data) {
			return errShortJPEG
		}
		r.at += i
		next := r.data[r.at+1]
		if next != 0 && (next < 0xd0 || next > 0xd7) {
			break
		}
		r.at += 2
	}
	r.body = append(r.body, makeSegment(sos, body), r.data[start:r.at])
	r.scans = append(r.scans, len(r.body)-1)
	return nil
}

// metadata handles the application and comment segments. Of JFIF the version
// and pixel density stay, of Adobe's the colour transform, of EXIF the
// orientation.
func (r *jpegReader) metadata(marker byte, offset int, body []byte) {
	name := fmt.Sprintf("APP%d", marker-app0)
	if marker == com {
		name = "comment"
	}
	p := Part{Kind: Other, Name: name, Offset: offset, Size: len(body), Text: readable(body)}
	switch {
	case marker == app0 && bytes.HasPrefix(body, []byte("JFIF\x00")) && len(body) >= 14 && r.jfif == nil && !r.framed:
		r.readJFIF(body, p)
		return
	case marker == app14 && bytes.HasPrefix(body, []byte("Adobe")) && len(body) >= 12 && !r.adobe:
		r.adobe = true
		kept := []byte{'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, body[11]}
		r.body = append(r.body, makeSegment(marker, kept))
		if bytes.Equal(body, kept) {
			return
		}
	case marker == app1 && bytes.HasPrefix(body, []byte("Exif\x00")) && len(body) >= 6:
		p.Name, p.Text = "APP1 Exif", ""
		r.exif(body[6:], p, !r.scanned)
		return
	case marker == app1 && bytes.HasPrefix(body, []byte("http://ns.adobe.com/x")):
		p.Kind, p.Name = XMP, "APP1 XMP"
	case marker == app2 && bytes.HasPrefix(body, []byte("ICC_PROFILE\x00")):
		p.Kind, p.Name, p.Text = Profile, "APP2 ICC", ""
	case marker == com:
		p.Kind = Text
	}
	r.add(p)
}

func (r *jpegReader) readJFIF(body []byte, p Part) {
	head := append([]byte(nil), body[:14]...)
	head[12], head[13] = 0, 0 // no thumbnail
	r.jfif = makeSegment(app0, head)
	if len(body) > 14 || body[12] != 0 || body[13] != 0 {
		p.Kind, p.Name, p.Text = Thumbnail, "APP0 JFIF", ""
		r.add(p)
	}
}

func makeSegment(marker byte, body []byte) []byte {
	b := make([]byte, 0, len(body)+4)
	b = append(b, 0xff, marker)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)+2))
	return append(b, body...)
}
