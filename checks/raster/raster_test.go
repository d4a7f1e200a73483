package raster

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pixels decodes a picture into its samples, whatever its kind.
func pixels(t testing.TB, data []byte) image.Image {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("decoding: %v", err)
	}
	return img
}

func noise(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = byte(r.UintN(256))
	}
	return img
}

func encodePNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodeJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// insertPNG puts chunks behind the header.
func insertPNG(data []byte, chunks ...[]byte) []byte {
	const at = len(pngSignature) + 25
	return bytes.Join([][]byte{data[:at], bytes.Join(chunks, nil), data[at:]}, nil)
}

// insertJPEG puts segments behind the start marker.
func insertJPEG(data []byte, segments ...[]byte) []byte {
	return bytes.Join([][]byte{data[:2], bytes.Join(segments, nil), data[2:]}, nil)
}

func deflate(data []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

// tiff is an EXIF block with a camera's name, an orientation, a place and a
// thumbnail.
func tiff(orientation uint16) []byte {
	b := []byte("II*\x00\x08\x00\x00\x00\x03\x00")
	le := binary.LittleEndian
	entry := func(tag, kind uint16, count, value uint32) {
		b = le.AppendUint16(b, tag)
		b = le.AppendUint16(b, kind)
		b = le.AppendUint32(b, count)
		b = le.AppendUint32(b, value)
	}
	const end = 10 + 3*12 + 4
	entry(0x010f, typeASCII, 10, end)
	entry(tagOrientation, 3, 1, uint32(orientation))
	entry(tagGPS, 4, 1, end)
	b = le.AppendUint32(b, end) // next directory: the thumbnail
	return append(b, "Camera X1\x00"...)
}

type found struct {
	Kind Kind
	Name string
	Text string
}

func parts(img *Image) []found {
	var out []found
	for _, p := range img.Parts {
		out = append(out, found{p.Kind, p.Name, p.Text})
	}
	return out
}

// Whatever is put beside the picture is found, goes, and no pixel changes.
func TestPictures(t *testing.T) {
	plainPNG, plainJPEG := encodePNG(t, noise(37, 21)), encodeJPEG(t, noise(37, 21))
	exifSegment := func(o uint16) []byte { return makeSegment(app1, append([]byte("Exif\x00\x00"), tiff(o)...)) }
	broken := makeChunk("tEXt", []byte("Author\x00someone"))
	broken[len(broken)-1] ^= 1
	for _, c := range []struct {
		name string
		data []byte
		want []found
	}{
		{"plain png", plainPNG, nil},
		{"plain jpeg", plainJPEG, nil},
		{"png text", insertPNG(plainPNG, makeChunk("tEXt", []byte("Author\x00someone"))), []found{{Text, "tEXt Author", "someone"}}},
		{"png packed text", insertPNG(plainPNG, makeChunk("zTXt", append([]byte("Note\x00\x00"), deflate([]byte("n = 3"))...))), []found{{Text, "zTXt Note", "n = 3"}}},
		{"png international text", insertPNG(plainPNG, makeChunk("iTXt", []byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00<x/>"))), []found{{XMP, "iTXt XML:com.adobe.xmp", "<x/>"}}},
		{"png text with a wrong checksum", insertPNG(plainPNG, broken), []found{{Text, "tEXt Author", "someone"}}},
		{"png exif", insertPNG(plainPNG, makeChunk("eXIf", tiff(1))), []found{{EXIF, "eXIf", "Camera X1"}, {GPS, "eXIf", ""}, {Thumbnail, "eXIf", ""}}},
		{"png animation", insertPNG(plainPNG, makeChunk("acTL", make([]byte, 8))), []found{{Animation, "acTL", ""}}},
		{"png profile", insertPNG(plainPNG, makeChunk("iCCP", []byte("p\x00\x00xx"))), []found{{Profile, "iCCP", ""}}},
		{"png private chunk", insertPNG(plainPNG, makeChunk("paTi", []byte("id,age\n1,2"))), []found{{Other, "paTi", "id,age\n1,2"}}},
		{"png gamma and density stay", insertPNG(plainPNG, makeChunk("gAMA", make([]byte, 4)), makeChunk("pHYs", make([]byte, 9))), nil},
		{"png gamma with data behind it", insertPNG(plainPNG, makeChunk("gAMA", []byte("\x00\x00\x00\x01secret"))), []found{{Other, "gAMA", "secret"}}},
		{"png trailing", append(bytes.Clone(plainPNG), "zz"...), []found{{Trailing, "after IEND", "zz"}}},
		{"png and zip in one", append(bytes.Clone(plainPNG), "PK\x03\x04id.csv"...), []found{{Trailing, "after IEND", "PK  id.csv"}}},
		{"jpeg comment", insertJPEG(plainJPEG, makeSegment(com, []byte("n = 3"))), []found{{Text, "comment", "n = 3"}}},
		{"jpeg exif", insertJPEG(plainJPEG, exifSegment(1)), []found{{EXIF, "APP1 Exif", "Camera X1"}, {GPS, "APP1 Exif", ""}, {Thumbnail, "APP1 Exif", ""}}},
		{"jpeg profile", insertJPEG(plainJPEG, makeSegment(app2, []byte("ICC_PROFILE\x00xx"))), []found{{Profile, "APP2 ICC", ""}}},
		{"jpeg thumbnail", insertJPEG(plainJPEG, makeSegment(app0, []byte("JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x01\x01abc"))), []found{{Thumbnail, "APP0 JFIF", ""}}},
		{"jpeg between segments", insertJPEG(plainJPEG, makeSegment(app0+9, []byte("x")), []byte("hidden")), []found{{Other, "APP9", "x"}, {Hidden, "between segments", "hidden"}}},
		{"jpeg trailing", append(bytes.Clone(plainJPEG), "id,age"...), []found{{Trailing, "after EOI", "id,age"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			img, err := Inspect(c.data)
			if err != nil {
				t.Fatal(err)
			}
			clean, removed, err := Clean(c.data)
			if err != nil {
				t.Fatal(err)
			}
			for i := range c.want {
				c.want[i].Text = strings.TrimSpace(c.want[i].Text)
			}
			got := parts(img)
			for i := range got {
				got[i].Text = strings.Map(func(r rune) rune {
					if r == 0 {
						return ' '
					}
					return r
				}, got[i].Text)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if len(removed) == 0 && len(c.want) > 0 {
				t.Error("nothing is said to be removed")
			}
			if c.name == "png text with a wrong checksum" {
				c.data = plainPNG // which decoders refuse as it is
			}
			checkClean(t, c.data, clean)
		})
	}
}

// checkClean holds a cleaned picture to its promises: equal pixels, nothing
// left beside them, and nothing changed by cleaning again.
func checkClean(t testing.TB, before, after []byte) {
	t.Helper()
	if !reflect.DeepEqual(pixels(t, before), pixels(t, after)) {
		t.Error("the pixels differ")
	}
	img, err := Inspect(after)
	if err != nil {
		t.Fatal(err)
	}
	if len(img.Parts) > 0 {
		t.Errorf("left behind: %+v", img.Parts)
	}
	again, removed, err := Clean(after)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(after, again) || removed != nil {
		t.Errorf("cleaning again changes it: %v", removed)
	}
}

// All the ways a PNG stores its samples survive.
func TestPNGColourTypes(t *testing.T) {
	src := noise(19, 11)
	r := src.Bounds()
	palette := image.NewPaletted(r, color.Palette{color.NRGBA{1, 2, 3, 255}, color.NRGBA{4, 5, 6, 100}, color.NRGBA{9, 9, 9, 255}})
	gray, gray16, rgba64 := image.NewGray(r), image.NewGray16(r), image.NewNRGBA64(r)
	for i := range palette.Pix {
		palette.Pix[i] = byte(i % 3)
	}
	for y := range r.Dy() {
		for x := range r.Dx() {
			for _, dst := range []interface{ Set(x, y int, c color.Color) }{gray, gray16, rgba64} {
				dst.Set(x, y, src.At(x, y))
			}
		}
	}
	for _, img := range []image.Image{src, palette, gray, gray16, rgba64} {
		data := encodePNG(t, img)
		clean, _, err := Clean(data)
		if err != nil {
			t.Fatalf("%T: %v", img, err)
		}
		checkClean(t, data, clean)
	}
}

// An interlaced picture of an odd size, built by hand: 8-bit grey, every sample
// known.
func interlaced(w, h int, extra []byte) []byte {
	var raw []byte
	for _, p := range adam7 {
		for y := p[1]; y < h; y += p[3] {
			if p[0] >= w {
				continue
			}
			raw = append(raw, 0)
			for x := p[0]; x < w; x += p[2] {
				raw = append(raw, byte(x*7+y*13))
			}
		}
	}
	ihdr := binary.BigEndian.AppendUint32(nil, uint32(w))
	ihdr = binary.BigEndian.AppendUint32(ihdr, uint32(h))
	ihdr = append(ihdr, 8, 0, 0, 0, 1)
	return bytes.Join([][]byte{[]byte(pngSignature), makeChunk("IHDR", ihdr),
		makeChunk("IDAT", deflate(append(raw, extra...))), makeChunk("IEND", nil)}, nil)
}

func TestInterlaced(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {2, 5}, {8, 8}, {13, 3}, {17, 29}} {
		data := interlaced(size[0], size[1], nil)
		clean, removed, err := Clean(data)
		if err != nil || removed != nil {
			t.Fatalf("%v: %v %v", size, removed, err)
		}
		checkClean(t, data, clean)
	}
}

// Data packed behind the last row, or put behind the packed stream, is hidden
// from every viewer: it goes, and the pixels stay.
func TestHiddenInPixelData(t *testing.T) {
	behindRows := interlaced(9, 9, bytes.Repeat([]byte("patient 17;"), 1000))
	stream := deflate(make([]byte, 3*2))
	ihdr := []byte{0, 0, 0, 1, 0, 0, 0, 3, 8, 0, 0, 0, 0}
	behindStream := bytes.Join([][]byte{[]byte(pngSignature), makeChunk("IHDR", ihdr),
		makeChunk("IDAT", append(stream, "patient 17"...)), makeChunk("IEND", nil)}, nil)
	for name, data := range map[string][]byte{"rows": behindRows, "stream": behindStream} {
		img, err := Inspect(data)
		if err != nil {
			t.Fatal(name, err)
		}
		if len(img.Parts) != 1 || img.Parts[0].Kind != Hidden {
			t.Errorf("%s: found %+v", name, img.Parts)
		}
		clean, _, err := Clean(data)
		if err != nil {
			t.Fatal(name, err)
		}
		if got, err := Inspect(clean); err != nil || len(got.Parts) > 0 {
			t.Errorf("%s: left %+v, %v", name, got.Parts, err)
		}
		if name == "rows" {
			checkClean(t, interlaced(9, 9, nil), clean)
		}
	}
}

// The same in a JPEG: data behind the last sample of a scan.
func TestHiddenInScan(t *testing.T) {
	for _, size := range []int{1, 8, 9, 64} {
		plain := encodeJPEG(t, noise(size, size))
		for _, secret := range []string{"x", "id,age\n17,93\n", strings.Repeat("patient 17;", 5000), "a\xff\x00b", "\xff\xd0"} {
			data := append(append(bytes.Clone(plain[:len(plain)-2]), secret...), 0xff, eoi)
			img, err := Inspect(data)
			if err != nil {
				t.Fatal(err)
			}
			if len(img.Parts) != 1 || img.Parts[0].Kind != Hidden || img.Parts[0].Size != len(secret) {
				t.Errorf("%d: found %+.80v", size, img.Parts)
			}
			clean, _, err := Clean(data)
			if err != nil || !bytes.Equal(clean, plain) {
				t.Errorf("%d: cleaning leaves %d bytes of %d: %v", size, len(clean), len(plain), err)
			}
		}
	}
}

// The orientation turns the picture when drawn, so it stays, alone.
func TestOrientationStays(t *testing.T) {
	jpg := insertJPEG(encodeJPEG(t, noise(8, 8)), makeSegment(app1, append([]byte("Exif\x00\x00"), tiff(6)...)))
	pic := insertPNG(encodePNG(t, noise(8, 8)), makeChunk("eXIf", tiff(6)))
	for name, data := range map[string][]byte{"jpeg": jpg, "png": pic} {
		clean, removed, err := Clean(data)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(clean, orientationExif(6)) || bytes.Contains(clean, []byte("Camera")) {
			t.Errorf("%s: not the orientation alone", name)
		}
		if len(removed) != 3 {
			t.Errorf("%s: removed %+v", name, removed)
		}
		checkClean(t, data, clean)
	}
}

// A bomb states a size, or unpacks to one, that nobody wants to decode.
func TestBombs(t *testing.T) {
	huge := encodePNG(t, noise(1, 1))
	copy(huge[len(pngSignature)+8:], makeChunk("IHDR", []byte{0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff, 8, 6, 0, 0, 0})[8:])
	copy(huge[len(pngSignature):], makeChunk("IHDR", []byte{0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff, 8, 6, 0, 0, 0}))
	if _, _, err := Clean(huge); !errors.Is(err, ErrTooLarge) {
		t.Errorf("65535 x 65535: %v", err)
	}
	if img, err := Inspect(huge); !errors.Is(err, ErrTooLarge) || img.Width != 65535 {
		t.Errorf("inspecting: %+v %v", img, err)
	}
	bomb := deflate(make([]byte, 4<<20))
	text := insertPNG(encodePNG(t, noise(3, 3)), makeChunk("zTXt", append([]byte("k\x00\x00"), bomb...)))
	img, err := Inspect(text)
	if err != nil || len(img.Parts[0].Text) > textLimit {
		t.Errorf("a text of 4 MB is kept whole: %v", err)
	}
	rows := interlaced(4, 4, make([]byte, 4<<20))
	clean, _, err := Clean(rows)
	if err != nil || len(clean) > 200 {
		t.Errorf("a picture of 16 pixels takes %d bytes: %v", len(clean), err)
	}
}

// What cannot be cleaned is an error, never passed through.
func TestDamaged(t *testing.T) {
	pic, jpg := encodePNG(t, noise(20, 20)), encodeJPEG(t, noise(20, 20))
	flip := func(b []byte, at int) []byte { b = bytes.Clone(b); b[at] ^= 0x10; return b }
	for name, data := range map[string][]byte{
		"empty":            {},
		"gif":              []byte("GIF89a\x01\x00\x01\x00"),
		"text":             []byte("id,n\n1,2\n"),
		"half a png":       pic[:len(pic)/2],
		"half a jpeg":      jpg[:len(jpg)/2],
		"header flipped":   flip(pic, 18),
		"data flipped":     flip(pic, 60),
		"unknown critical": insertPNG(pic, makeChunk("CgBI", nil)),
		"two headers":      insertPNG(pic, pic[len(pngSignature):len(pngSignature)+25]),
		"no data":          append(bytes.Clone(pic[:len(pngSignature)+25]), makeChunk("IEND", nil)...),
		"arithmetic jpeg":  bytes.Replace(jpg, []byte{0xff, sof0}, []byte{0xff, 0xc9}, 1),
		"jpeg no end":      jpg[:len(jpg)-2],
	} {
		if out, _, err := Clean(data); err == nil || out != nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Pictures that were really released: every pixel survives.
func TestReleasedPictures(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "corpus", "files")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the folder of released outputs is not here:", err)
	}
	n := 0
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		ext := strings.ToLower(filepath.Ext(path))
		if err != nil || ext != ".png" && ext != ".jpeg" && ext != ".jpg" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		after, _, err := Clean(data)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		n++
		if len(data) < 100<<10 { // decoding larger ones takes too long with the race detector
			checkClean(t, data, after)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d pictures", n)
}

func FuzzClean(f *testing.F) {
	pic, jpg := encodePNG(f, noise(5, 4)), encodeJPEG(f, noise(9, 9))
	f.Add(pic)
	f.Add(jpg)
	f.Add(interlaced(5, 3, []byte("x")))
	f.Add(insertPNG(pic, makeChunk("tEXt", []byte("a\x00b")), makeChunk("eXIf", tiff(3))))
	f.Add(insertJPEG(jpg, makeSegment(app1, append([]byte("Exif\x00\x00"), tiff(8)...)), makeSegment(com, []byte("c"))))
	f.Fuzz(func(t *testing.T, data []byte) {
		after, _, err := Clean(data)
		if err != nil {
			return
		}
		if len(after) > len(data)+100 {
			t.Errorf("%d bytes grew to %d", len(data), len(after))
		}
		img, err := Inspect(after)
		if err != nil || len(img.Parts) > 0 {
			t.Fatalf("left behind: %+v, %v", img, err)
		}
		again, _, err := Clean(after)
		if err != nil || !bytes.Equal(after, again) {
			t.Fatalf("cleaning again changes it: %v", err)
		}
		before, _, errBefore := image.Decode(bytes.NewReader(data))
		now, _, errNow := image.Decode(bytes.NewReader(after))
		if errBefore == nil && (errNow != nil || !reflect.DeepEqual(before, now)) {
			t.Fatalf("the pixels changed: %v", errNow)
		}
	})
}
