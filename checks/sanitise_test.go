package checks_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"sallyport/checks"
)

func pictures(t testing.TB) (pngData, jpegData string) {
	t.Helper()
	var p, j bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, 4, 4))
	if err := png.Encode(&p, img); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&j, img, nil); err != nil {
		t.Fatal(err)
	}
	return p.String(), j.String()
}

func TestSanitise(t *testing.T) {
	pic, photo := pictures(t)
	for _, c := range []struct {
		path, data string
		media      string // "" when it must be refused
		same       bool   // the bytes are returned as they are
		what       string // among the removals
	}{
		{"t.csv", "a,b\n1,2\n", "text/csv", true, ""},
		{"t.CSV", "a,b\r\n1,\"2\"\r\n", "text/csv", true, ""},
		{"empty.csv", "", "text/csv", true, ""},
		{"n.txt", "n = 120\n", "text/plain; charset=utf-8", true, ""},
		{"n.txt", "caf\xe9\n", "text/plain", true, ""},
		{"m.log", "{}", "text/plain; charset=utf-8", true, ""},
		{"m.json", `{"n": 120}`, "application/json", true, ""},
		{"r.html", "<p onclick=x>120</p><script>1</script>", "text/html; charset=utf-8", false, "script"},
		{"r.htm", "no markup", "text/html; charset=utf-8", false, ""},
		{"f.svg", "<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image/svg+xml", false, "script"},
		{"p.png", pic, "image/png", true, ""},
		{"p.png", pic + "id,age", "image/png", false, "bytes after the end of the picture"},
		{"p.JPG", photo, "image/jpeg", true, ""},
		{"p.jpeg", photo + "PK", "image/jpeg", false, "bytes after the end of the picture"},

		{"p.png", photo, "", false, ""},
		{"p.png", "", "", false, ""},
		{"p.png", pic[:40], "", false, ""},
		{"f.svg", "", "", false, ""},
		{"f.svg", "a,b\n1,2", "", false, ""},
		{"f.svg", "<svg><g>", "", false, ""},
		{"t.csv", "<html><script>1</script>", "", false, ""},
		{"t.txt", "<svg onload=x>", "", false, ""},
		{"b.xlsx", "PK\x03\x04", "", false, ""},
		{"d.pdf", "%PDF-1.7", "", false, ""},
		{"d", pic, "", false, ""},
	} {
		out, media, removed, err := checks.Sanitise(c.path, []byte(c.data))
		if c.media == "" {
			if err == nil || out != nil {
				t.Errorf("%s %.20q: passed through", c.path, c.data)
			}
			continue
		}
		if err != nil || media != c.media || c.same != (string(out) == c.data) {
			t.Errorf("%s %.20q: %s, %v, %.80q", c.path, c.data, media, err, out)
			continue
		}
		found := c.what == "" && len(removed) == 0 || c.path == "r.htm"
		for _, r := range removed {
			found = found || r.What == c.what
		}
		if !found {
			t.Errorf("%s: removed %v, want %q", c.path, removed, c.what)
		}
		again, _, more, err := checks.Sanitise(c.path, out)
		if err != nil || !bytes.Equal(again, out) || len(more) > 0 {
			t.Errorf("%s %.20q: sanitising again gives %v, %v", c.path, c.data, more, err)
		}
	}
}

// Errors name no part of the file.
func TestSanitiseErrorsQuoteNothing(t *testing.T) {
	for path, data := range map[string]string{
		"f.svg": "<!DOCTYPE svg [<!ENTITY patient17 'x'>]><svg><text>&patient17;</text></svg>",
		"g.svg": "<svg><patient17></svg>",
		"p.png": "patient17",
		"r.htm": "<frameset patient17>",
	} {
		_, _, _, err := checks.Sanitise(path, []byte(data))
		if err == nil || strings.Contains(err.Error(), "patient17") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func FuzzSanitise(f *testing.F) {
	pic, photo := pictures(f)
	for _, s := range []string{"a,b\n1,2", "<svg/>", "<p>x<table><td>", pic, photo, "{}"} {
		f.Add("x.html", []byte(s))
		f.Add("x.svg", []byte(s))
		f.Add("x.png", []byte(s))
	}
	f.Fuzz(func(t *testing.T, path string, data []byte) {
		out, media, _, err := checks.Sanitise(path, data)
		if err != nil {
			if out != nil {
				t.Error("bytes with an error")
			}
			return
		}
		again, mediaAgain, removed, err := checks.Sanitise(path, out)
		if err != nil || !bytes.Equal(out, again) || media != mediaAgain || len(removed) > 0 {
			t.Errorf("sanitising again: %v %v %s %s\n%q\n%q", err, removed, media, mediaAgain, out, again)
		}
	})
}
