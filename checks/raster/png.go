package raster

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// textLimit is how much of a text block is unpacked and shown.
const textLimit = 64 << 10

// chunk is one PNG chunk; raw includes length, type and checksum.
type chunk struct {
	kind   string
	body   []byte
	raw    []byte
	offset int
	sound  bool // its checksum is right
}

// header is the IHDR of a PNG.
type header struct {
	width, height int
	depth, colour byte
	interlaced    bool
}

// pngReader walks the chunks of a PNG once.
type pngReader struct {
	picture
	header
	seen   map[string]bool
	before [][]byte // chunks kept before the picture data
	idat   []byte
	ended  bool // picture data has ended
	colors int  // palette entries
}

// readPNG follows the PNG specification (third edition) as strictly as browsers
// do: a damaged or unknown critical chunk is an error; an ancillary chunk that
// does not change how the picture is drawn is a part.
func readPNG(data []byte) (*picture, error) {
	r := &pngReader{seen: map[string]bool{}}
	r.Format = PNG
	at := len(pngSignature)
	for {
		c, err := nextChunk(data, at)
		if err != nil {
			return &r.picture, err
		}
		at += len(c.raw)
		if err := r.chunk(c); err != nil {
			return &r.picture, err
		}
		if c.kind == "IEND" {
			break
		}
	}
	if rest := len(data) - at; rest > 0 {
		r.add(Part{Kind: Trailing, Name: "after IEND", Offset: at, Size: rest, Text: readable(data[at:])})
	}
	if err := r.finish(); err != nil {
		return &r.picture, err
	}
	return &r.picture, nil
}

func nextChunk(data []byte, at int) (chunk, error) {
	if len(data)-at < 12 {
		return chunk{}, errors.New("the picture is cut short")
	}
	n := binary.BigEndian.Uint32(data[at:])
	if uint64(n) > uint64(len(data)-at-12) {
		return chunk{}, errors.New("the picture is cut short, or one of its blocks states a wrong length")
	}
	end := at + 12 + int(n)
	c := chunk{kind: string(data[at+4 : at+8]), body: data[at+8 : end-4], raw: data[at:end], offset: at}
	c.sound = crc32.ChecksumIEEE(data[at+4:end-4]) == binary.BigEndian.Uint32(data[end-4:])
	return c, nil
}

// chunk sorts one chunk into what is kept and what is not.
func (r *pngReader) chunk(c chunk) error {
	critical := c.kind[0]&0x20 == 0
	if critical && !c.sound {
		return errors.New("the picture is damaged: a checksum is wrong")
	}
	if !r.seen["IHDR"] && c.kind != "IHDR" {
		return errors.New("the picture does not start with its header")
	}
	if len(r.idat) > 0 && c.kind != "IDAT" {
		r.ended = true
	}
	again := r.seen[c.kind]
	r.seen[c.kind] = true
	switch c.kind {
	case "IHDR":
		if again {
			return errors.New("the picture has two headers")
		}
		return r.readHeader(c)
	case "PLTE":
		return r.palette(c, again)
	case "IDAT":
		if r.ended {
			return errors.New("the picture's data is in separate places")
		}
		r.idat = append(r.idat, c.body...)
		return nil
	case "IEND":
		if len(c.body) > 0 {
			r.add(Part{Kind: Hidden, Name: "IEND", Offset: c.offset, Size: len(c.body), Text: readable(c.body)})
		}
		return nil
	}
	if critical {
		return errors.New("the picture has a block of an unknown kind")
	}
	if r.draws(c) && c.sound && !again && !r.ended {
		r.before = append(r.before, c.raw)
		return nil
	}
	r.ancillary(c)
	return nil
}

func (r *pngReader) readHeader(c chunk) error {
	b := c.body
	if len(b) != 13 || b[10] != 0 || b[11] != 0 || b[12] > 1 {
		return errors.New("the picture's header makes no sense")
	}
	w, h := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	r.header = header{width: int(w), height: int(h), depth: b[8], colour: b[9], interlaced: b[12] == 1}
	if samples(r.colour) == 0 || !depthAllowed(r.colour, r.depth) {
		return errors.New("the picture's header names a colour type that does not exist")
	}
	r.before = append(r.before, c.raw)
	return r.size(int(w), int(h))
}

// samples is how many numbers make one pixel; 0 for an unknown colour type.
func samples(colour byte) int {
	switch colour {
	case 0, 3:
		return 1
	case 2:
		return 3
	case 4:
		return 2
	case 6:
		return 4
	}
	return 0
}

func depthAllowed(colour, depth byte) bool {
	switch depth {
	case 1, 2, 4:
		return colour == 0 || colour == 3
	case 8:
		return true
	case 16:
		return colour != 3
	}
	return false
}

func (r *pngReader) palette(c chunk, again bool) error {
	if again || len(r.idat) > 0 || len(c.body)%3 != 0 || len(c.body) == 0 || len(c.body) > 3*256 {
		return errors.New("the picture's palette makes no sense")
	}
	if r.colour != 3 {
		// A palette that is only suggested draws nothing.
		r.add(Part{Kind: Other, Name: "PLTE", Offset: c.offset, Size: len(c.body)})
		return nil
	}
	if r.colors = len(c.body) / 3; r.colors > 1<<r.depth {
		return errors.New("the picture's palette makes no sense")
	}
	r.before = append(r.before, c.raw)
	return nil
}

// draws says whether an ancillary chunk changes how the picture is drawn and
// has exactly the size it must have, so that nothing fits beside its meaning.
func (r *pngReader) draws(c chunk) bool {
	n := len(c.body)
	switch c.kind {
	case "gAMA", "cICP":
		return n == 4
	case "cHRM":
		return n == 32
	case "sRGB":
		return n == 1
	case "pHYs":
		return n == 9
	case "tRNS":
		return r.colour == 0 && n == 2 || r.colour == 2 && n == 6 ||
			r.colour == 3 && n > 0 && n <= r.colors
	}
	return false
}

// ancillary notes a chunk that is left out.
func (r *pngReader) ancillary(c chunk) {
	p := Part{Kind: Other, Name: printable(c.kind), Offset: c.offset, Size: len(c.body)}
	switch c.kind {
	case "tEXt", "zTXt", "iTXt":
		r.text(c, &p)
	case "eXIf":
		r.exif(c.body, p, !r.ended)
		return
	case "iCCP":
		p.Kind = Profile
	case "acTL", "fcTL", "fdAT":
		p.Kind = Animation
	case "tIME":
		p.Name = "time of change"
	default:
		p.Text = readable(c.body)
	}
	r.add(p)
}

// text reads a text chunk: keyword, NUL, then plain, packed or international.
func (r *pngReader) text(c chunk, p *Part) {
	p.Kind = Text
	key, rest, _ := bytes.Cut(c.body, []byte{0})
	p.Name += " " + printable(latin1(key))
	if string(key) == "XML:com.adobe.xmp" {
		p.Kind = XMP
	}
	switch {
	case c.kind == "tEXt":
		p.Text = readable(rest)
	case c.kind == "zTXt" && len(rest) > 0:
		p.Text = unpacked(rest[1:])
	case c.kind == "iTXt" && len(rest) > 1:
		packed := rest[0] == 1
		_, rest, _ = bytes.Cut(rest[2:], []byte{0}) // language
		_, rest, _ = bytes.Cut(rest, []byte{0})     // translated keyword
		if p.Text = readable(rest); packed {
			p.Text = unpacked(rest)
		}
	}
}

// unpacked inflates at most textLimit bytes, however much there is.
func unpacked(data []byte) string {
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return ""
	}
	text, _ := io.ReadAll(io.LimitReader(z, textLimit))
	return readable(text)
}

// finish checks the picture's data and puts the clean file together.
func (r *pngReader) finish() error {
	if len(r.idat) == 0 {
		return errors.New("the picture holds no picture data")
	}
	if r.colour == 3 && r.colors == 0 {
		return errors.New("the picture's palette is missing")
	}
	data, err := r.pixels()
	if err != nil {
		return err
	}
	r.keep = append([][]byte{[]byte(pngSignature)}, r.before...)
	if r.orient != 0 {
		r.keep = append(r.keep, makeChunk("eXIf", orientationExif(r.orient)))
	}
	r.keep = append(r.keep, makeChunk("IDAT", data), makeChunk("IEND", nil))
	return nil
}

// pixels returns the packed picture data and nothing else. Bytes after the
// packed stream are cut off; a stream that unpacks to more than the picture's
// rows is packed again without the rest. At most one byte more than the picture
// needs is ever unpacked, so a bomb costs no more than its stated size.
func (r *pngReader) pixels() ([]byte, error) {
	src := bytes.NewReader(r.idat)
	z, err := zlib.NewReader(src)
	if err != nil {
		return nil, errors.New("the picture's data is damaged")
	}
	want := r.rawSize()
	n, err := io.CopyN(io.Discard, z, want+1)
	switch {
	case err == nil:
		r.add(Part{Kind: Hidden, Name: "IDAT", Size: len(r.idat)})
		return r.repack(want)
	case err != io.EOF:
		return nil, errors.New("the picture's data is damaged or cut short")
	case n < want:
		return nil, errors.New("the picture's data is cut short")
	}
	if rest := src.Len(); rest > 0 {
		used := len(r.idat) - rest
		r.add(Part{Kind: Hidden, Name: "IDAT", Size: rest, Text: readable(r.idat[used:])})
		return r.idat[:used], nil
	}
	return r.idat, nil
}

func (r *pngReader) repack(want int64) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(r.idat))
	if err != nil {
		return nil, errors.New("the picture's data is damaged")
	}
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := io.CopyN(w, z, want); err != nil {
		return nil, errors.New("the picture's data is damaged")
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// adam7 holds, for each pass of an interlaced picture, its first column and row
// and the steps between columns and rows.
var adam7 = [7][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}

// rawSize is the number of bytes that the picture's rows take unpacked, each
// with its filter byte.
func (h header) rawSize() int64 {
	bits := int64(samples(h.colour)) * int64(h.depth)
	rows := func(w, h int) int64 {
		if w <= 0 || h <= 0 {
			return 0
		}
		return int64(h) * (1 + (int64(w)*bits+7)/8)
	}
	if !h.interlaced {
		return rows(h.width, h.height)
	}
	var n int64
	for _, p := range adam7 {
		n += rows((h.width-p[0]+p[2]-1)/p[2], (h.height-p[1]+p[3]-1)/p[3])
	}
	return n
}

func makeChunk(kind string, body []byte) []byte {
	b := make([]byte, 0, len(body)+12)
	b = binary.BigEndian.AppendUint32(b, uint32(len(body)))
	b = append(b, kind...)
	b = append(b, body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// printable shows a name from the file, at most 40 characters, with anything
// but ASCII letters, digits and plain punctuation as a full stop.
func printable(s string) string {
	if len(s) > 40 {
		s = s[:40]
	}
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e {
			return '.'
		}
		return r
	}, s)
}
