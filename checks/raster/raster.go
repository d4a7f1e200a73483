package raster

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/jpeg"

	"sallyport/checks/clean"
)

// MaxPixels is the largest picture that is read or cleaned: 50 megapixels.
const MaxPixels = 50_000_000

// Formats of pictures.
const (
	PNG  = "png"
	JPEG = "jpeg"
)

// Kind says what a block beside the picture is.
type Kind string

// The kinds of blocks.
const (
	Text      Kind = "text"
	EXIF      Kind = "exif"
	GPS       Kind = "gps"
	XMP       Kind = "xmp"
	Profile   Kind = "profile"   // ICC colour profile
	Animation Kind = "animation" // frames besides the picture shown
	Thumbnail Kind = "thumbnail"
	Trailing  Kind = "trailing" // bytes after the picture's end
	Hidden    Kind = "hidden"   // bytes inside the picture's data that draw nothing
	Other     Kind = "other"
)

// Part is one block that is not needed to draw the picture.
type Part struct {
	Kind   Kind
	Name   string // of the block: "tEXt Author", "APP1 Exif"
	Offset int    // in the file, bytes
	Size   int    // bytes
	// Text is what can be read in it, at most 64 kB. It comes from the file.
	Text string
}

// Image is what a picture's blocks say of it.
type Image struct {
	Format        string
	Width, Height int // as stored, before any orientation
	Parts         []Part
	// More counts parts beyond the first 1,000, which are not listed.
	More int
}

// partsKept limits the list of parts of a hostile file.
const partsKept = 1000

// ErrTooLarge is matched by the error for a picture of more than MaxPixels.
var ErrTooLarge = errors.New("the picture has more than 50 million pixels")

// errFormat is returned for data that is neither PNG nor JPEG.
var errFormat = errors.New("this is neither a PNG nor a JPEG picture")

// picture is an image taken apart: what it says, and the blocks to keep.
type picture struct {
	Image
	keep [][]byte // written one after another, they are the clean file
	// orient is the EXIF orientation that is kept; 0 for none.
	orient uint16
}

func (p *picture) add(part Part) {
	if len(p.Parts) >= partsKept {
		p.More++
		return
	}
	p.Parts = append(p.Parts, part)
}

// Inspect lists what a PNG or JPEG holds beside its picture. The error, in
// plain words, says why the file cannot be read whole; it matches [ErrTooLarge]
// for a picture of more than [MaxPixels]. The Image is then nil or what was
// read before.
func Inspect(data []byte) (*Image, error) {
	p, err := read(data)
	if p == nil {
		return nil, err
	}
	return &p.Image, err
}

// Clean returns the picture with every pixel as it was and everything else
// gone, and the list of what went. Cleaning clean bytes returns equal bytes. A
// picture that is damaged, cut short, of an odd kind or larger than [MaxPixels]
// is an error in plain words.
func Clean(data []byte) ([]byte, []clean.Removal, error) {
	p, err := read(data)
	if err != nil {
		return nil, nil, err
	}
	var gone clean.List
	for _, part := range p.Parts {
		gone.Add(part.describe(), "")
	}
	gone.AddN("other blocks", "", p.More)
	return bytes.Join(p.keep, nil), gone.Removals(), nil
}

// Format returns "png", "jpeg" or "", by the first bytes.
func Format(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte(pngSignature)):
		return PNG
	case bytes.HasPrefix(data, []byte{0xff, soi, 0xff}):
		return JPEG
	}
	return ""
}

// Pixels returns how many pixels a picture states that it has, 0 if it does not,
// without reading further.
func Pixels(data []byte) int64 {
	var c image.Config
	switch Format(data) {
	case PNG:
		if len(data) >= 24 {
			c.Width, c.Height = int(binary.BigEndian.Uint32(data[16:])), int(binary.BigEndian.Uint32(data[20:]))
		}
	case JPEG:
		c, _ = jpeg.DecodeConfig(bytes.NewReader(data)) // zero on error
	}
	if c.Width > 1<<31 || c.Height > 1<<31 {
		return 1 << 62
	}
	return int64(c.Width) * int64(c.Height)
}

func read(data []byte) (*picture, error) {
	switch Format(data) {
	case PNG:
		return readPNG(data)
	case JPEG:
		return readJPEG(data)
	}
	return nil, errFormat
}

func (p Part) describe() string {
	switch p.Kind {
	case Profile:
		return fmt.Sprintf("colour profile (%s): colours may look slightly different", p.Name)
	case Trailing:
		return "bytes after the end of the picture"
	case Hidden:
		return "bytes within the picture data that draw nothing"
	case Thumbnail:
		return "thumbnail (" + p.Name + ")"
	case Animation:
		return "animation frame (" + p.Name + ")"
	case GPS:
		return "place where the picture was taken (" + p.Name + ")"
	}
	return "metadata (" + p.Name + ")"
}

// size checks the dimensions against what is allowed.
func (p *picture) size(w, h int) error {
	p.Width, p.Height = w, h
	switch {
	case w <= 0 || h <= 0:
		return errors.New("the picture has no width or no height")
	case int64(w)*int64(h) > MaxPixels:
		return ErrTooLarge
	}
	return nil
}
