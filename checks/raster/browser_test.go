package raster

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"

	"sallyport/checks/browsertest"
)

// Pictures look the same in a browser, which heeds gamma and turns a picture by
// its EXIF orientation.
func TestDrawsTheSame(t *testing.T) {
	pic, photo := encodePNG(t, noise(90, 40)), encodeJPEG(t, noise(90, 40))
	pictures := map[string][]byte{
		"png":              pic,
		"jpeg":             photo,
		"jpeg turned":      insertJPEG(photo, makeSegment(app1, append([]byte("Exif\x00\x00"), tiff(6)...))),
		"jpeg mirrored":    insertJPEG(photo, makeSegment(app1, append([]byte("Exif\x00\x00"), tiff(5)...))),
		"png turned":       insertPNG(pic, makeChunk("eXIf", tiff(8))),
		"png with gamma":   insertPNG(pic, makeChunk("gAMA", []byte{0, 1, 0x86, 0xa0})),
		"png with colours": insertPNG(pic, makeChunk("sRGB", []byte{0})),
		"png interlaced":   interlaced(31, 17, []byte("hidden")),
		"jpeg with more":   append(append(photo[:len(photo)-2:len(photo)-2], "hidden"...), 0xff, eoi, 'x'),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<!DOCTYPE html>")) })
	paths := map[string]string{}
	for name, data := range pictures {
		after, _, err := Clean(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		path := fmt.Sprintf("/%d", len(paths))
		paths[name] = path
		for kind, b := range map[string][]byte{"before": data, "after": after} {
			mux.HandleFunc(path+kind, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(b) })
		}
	}
	srv := httptest.NewServer(mux)
	defer srv.Close()
	ctx := browsertest.Start(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(srv.URL)); err != nil {
		t.Fatal(err)
	}
	for name, path := range paths {
		if differ, drawn := browsertest.Compare(t, ctx, path+"before", path+"after"); differ > 0 || drawn < 1000 {
			t.Errorf("%s: %d pixels differ, %d are drawn", name, differ, drawn)
		}
	}
}
