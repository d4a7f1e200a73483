package ui

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"

	"sallyport/review"
)

// dist holds what `npm run build` made of assets/: script and style under names
// with their own hash, each with compressed copies, and a manifest.
//
//go:embed all:static/dist
var dist embed.FS

// assets knows the built files by their plain names.
type assets struct {
	built bool
	files fs.FS
	names map[string]string // "app.css" -> "app-1A2B3C.css"
}

// loadAssets reads the manifest. A program built without it still serves plain
// pages; a broken manifest is an error.
func loadAssets() (*assets, error) {
	files, err := fs.Sub(dist, "static/dist")
	if err != nil {
		return nil, err
	}
	a := &assets{files: files, names: map[string]string{}}
	text, err := fs.ReadFile(files, "manifest.json")
	if errors.Is(err, fs.ErrNotExist) {
		return a, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &a.names); err != nil {
		return nil, fmt.Errorf("manifest of style and script: %w", err)
	}
	a.built = true
	return a, nil
}

// path returns the address of a built file, "" when it was not built.
func (a *assets) path(name string) string {
	if hashed := a.names[name]; hashed != "" {
		return "/static/" + hashed
	}
	return ""
}

// hashed are names that change with the bytes, as build.mjs gives them.
var hashed = regexp.MustCompile(`-[0-9A-Z]{8}\.[a-z0-9]+$`)

// static serves the built files. What has its hash in its name may be kept for
// ever; anything else is asked for again each time.
func (u *UI) static(c *call) error {
	name := path.Clean(strings.TrimPrefix(c.Param("*"), "/"))
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" || !fs.ValidPath(name) {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	h := c.Response().Header()
	h.Set("Vary", "Accept-Encoding")
	for _, copied := range compressions() {
		if !accepts(c.Request().Header.Get("Accept-Encoding"), copied.coding) {
			continue
		}
		if data, err := fs.ReadFile(u.assets.files, name+copied.ending); err == nil {
			h.Set("Content-Encoding", copied.coding)
			return serveStatic(c, kind, data)
		}
	}
	data, err := fs.ReadFile(u.assets.files, name)
	if err != nil {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	return serveStatic(c, kind, data)
}

// compression is a way in which build.mjs has compressed each file.
type compression struct{ coding, ending string }

// compressions are those, the smallest first.
func compressions() []compression { return []compression{{"br", ".br"}, {"gzip", ".gz"}} }

// accepts reports whether an Accept-Encoding names a coding, and does not refuse
// it (RFC 9110, 12.5.3). Which of several a browser likes best is left aside.
func accepts(header, coding string) bool {
	for named := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(named, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
		return err != nil || q > 0
	}
	return false
}

func serveStatic(c *call, kind string, data []byte) error {
	keep := "no-cache"
	if hashed.MatchString(c.Request().URL.Path) {
		keep = "public, max-age=31536000, immutable"
	}
	c.Response().Header().Set("Cache-Control", keep)
	return c.Blob(http.StatusOK, kind, data)
}
