package ui

import (
	"fmt"
	"net/http"
	"path"
	"strings"

	"sallyport/review"
)

// showable are the media types that a browser may be given to show, from the
// sandboxed response. Everything else is a download.
func showable(media string) string {
	kind, _, _ := strings.Cut(media, ";")
	switch kind {
	case "image/png", "image/jpeg", "image/svg+xml":
		return kind
	case "text/html":
		return "text/html; charset=utf-8"
	case "text/plain", "text/csv", "application/json":
		return "text/plain; charset=utf-8"
	default:
		return ""
	}
}

// content sends the bytes that would leave, without any authority: in a
// sandbox of their own, where nothing runs and nothing is fetched.
func (u *UI) content(c *call) error {
	if u.options.ContentHost != "" {
		return u.sendApart(c)
	}
	file, err := u.service.FramedContent(c.ctx(), c.actor, c.requestID(), c.fileID())
	if err != nil {
		return err
	}
	c.contentHeaders()
	return c.shown(file)
}

// shown answers with a file for a frame or a picture. The answer has its headers
// already.
func (c *call) shown(file *review.FileContent) error {
	if err := file.View.Withheld(); err != nil {
		return err
	}
	if file.Clean == nil {
		return review.Errorf(review.NotFound, "There is nothing here to show.")
	}
	media := showable(file.MediaType)
	if media == "" {
		c.Response().Header().Set("Content-Disposition", disposition("attachment", file.View.File.Path))
		return c.Blob(http.StatusOK, "application/octet-stream", file.Clean)
	}
	c.Response().Header().Set("Content-Disposition", disposition("inline", file.View.File.Path))
	return c.Blob(http.StatusOK, media, file.Clean)
}

// download sends the bytes that would leave as a file to keep.
func (u *UI) download(c *call) error {
	data, file, err := u.service.Download(c.ctx(), c.actor, c.requestID(), c.fileID())
	if err != nil {
		return err
	}
	return c.attachment(file.Path, data)
}

func (c *call) attachment(name string, data []byte) error {
	c.contentHeaders()
	c.Response().Header().Set("Content-Disposition", disposition("attachment", name))
	return c.Blob(http.StatusOK, "application/octet-stream", data)
}

// disposition writes a Content-Disposition header for a hostile name: a plain
// one for old browsers, and the exact one, percent-encoded, as RFC 6266 and RFC
// 8187 lay down. Neither can end the header or start another.
func disposition(kind, name string) string {
	name = cut(path.Base(printable(name)), 150)
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%/;`, r) {
			return '_'
		}
		return r
	}, name)
	var exact strings.Builder
	for i := 0; i < len(name); i++ {
		b := name[i]
		if b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("!#$&+-.^_`|~", b) >= 0 {
			exact.WriteByte(b)
		} else {
			fmt.Fprintf(&exact, "%%%02X", b)
		}
	}
	return fmt.Sprintf(`%s; filename="%s"; filename*=UTF-8''%s`, kind, plain, exact.String())
}
