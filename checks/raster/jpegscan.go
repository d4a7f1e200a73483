package raster

import (
	"bytes"
	"errors"
	"image/jpeg"
	"sort"
)

// Limits of the work that looking behind the last sample may take: pixels
// decoded in all, and pixels of a progressive picture, which takes much memory.
const (
	maxDecoded     = 300_000_000
	maxProgressive = 12_000_000
)

var errJPEGWork = errors.New("the picture is too large to be examined for hidden data")

// trim cuts off what follows the last sample in each scan: viewers stop there
// and never look at the rest, which may be anything. Where a scan truly ends is
// only known by decoding it, so the decoder is asked: a scan that decodes
// without its last byte holds more than its samples, and the shortest length
// that still decodes is what it needs.
func (r *jpegReader) trim() error {
	pixels := r.Width * r.Height
	if pixels*(len(r.scans)+1) > maxDecoded || r.progressive && pixels > maxProgressive {
		return errJPEGWork
	}
	if !r.decodes() {
		return errors.New("the picture's data is damaged or of an unusual kind")
	}
	for _, at := range r.scans {
		whole := r.body[at]
		if len(whole) == 0 || !r.decodesWith(at, whole, len(whole)-1) {
			continue
		}
		if pixels*32 > maxDecoded {
			return errJPEGWork
		}
		need := sort.Search(len(whole), func(n int) bool { return r.decodesWith(at, whole, n) })
		need = unbroken(whole, need)
		r.body[at] = whole[:need]
		if rest := whole[need:]; len(rest) > 0 {
			r.add(Part{Kind: Hidden, Name: "scan", Size: len(rest), Text: readable(rest)})
		}
	}
	return nil
}

// decodesWith says whether the picture decodes with a scan cut to n bytes. The
// scan is left as it was.
func (r *jpegReader) decodesWith(at int, whole []byte, n int) bool {
	r.body[at] = whole[:unbroken(whole, n)]
	ok := len(r.body[at]) < len(whole) && r.decodes()
	r.body[at] = whole
	return ok
}

// unbroken moves a cut to before a 0xFF whose second byte it would cut off.
func unbroken(data []byte, n int) int {
	if n > 0 && n < len(data) && data[n-1] == 0xff {
		return n - 1
	}
	return n
}

func (r *jpegReader) decodes() bool {
	parts := append(append([][]byte{{0xff, soi}}, r.body...), []byte{0xff, eoi})
	_, err := jpeg.Decode(bytes.NewReader(bytes.Join(parts, nil)))
	return err == nil
}
