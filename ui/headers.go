package ui

import (
	"strings"

	"github.com/labstack/echo/v4"
)

// The policies for pages: nothing from elsewhere, no inline script or style,
// nobody frames them. There is nothing inline, so no nonce is given out either:
// a nonce would let through whatever had learnt it, 'self' lets through files
// that are named *.js below /static and nothing else, since no other answer has
// the type of a script. Text becomes part of a page by one named policy of
// Trusted Types, see assets/trusted.js. Researchers' bytes get contentCSP.
const (
	pageCSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
		"font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
		"require-trusted-types-for 'script'; trusted-types sallyport"
	contentCSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; " +
		"form-action 'none'; base-uri 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
)

// features are what a page could ask a browser for and ours never do. Passkeys
// are ours alone; contents get nothing.
const features = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), " +
	"display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), " +
	"local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), screen-wake-lock=(), serial=(), " +
	"storage-access=(), usb=(), window-management=(), xr-spatial-tracking=(), "

const (
	pageFeatures    = features + "publickey-credentials-get=(self), publickey-credentials-create=(self)"
	contentFeatures = features + "publickey-credentials-get=(), publickey-credentials-create=()"
)

// answerHeaders are those that every answer carries; few routes alter some.
func (u *UI) answerHeaders() map[string]string {
	headers := map[string]string{
		"Content-Security-Policy":           u.csp,
		"X-Content-Type-Options":            "nosniff",
		"Referrer-Policy":                   "same-origin",
		"Cross-Origin-Opener-Policy":        "same-origin",
		"Cross-Origin-Embedder-Policy":      "require-corp",
		"Cross-Origin-Resource-Policy":      "same-origin",
		"Origin-Agent-Cluster":              "?1",
		"Permissions-Policy":                pageFeatures,
		"X-Dns-Prefetch-Control":            "off",
		"X-Frame-Options":                   "DENY",
		"X-Permitted-Cross-Domain-Policies": "none",
		"Cache-Control":                     "no-store",
	}
	if u.options.Secure {
		headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
		if u.options.HSTSHostOnly {
			headers["Strict-Transport-Security"] = "max-age=31536000"
		}
	}
	return headers
}

// secure sets the headers that every answer carries.
func (u *UI) secure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		for name, value := range u.headers {
			h.Set(name, value)
		}
		if u.apart(c.Request()) {
			apartHeaders(h)
		}
		return next(c)
	}
}

// contentHeaders takes all authority from an answer that holds researchers'
// bytes, or that is to be kept as a file.
func (c *call) contentHeaders() {
	h := c.Response().Header()
	h.Set("Content-Security-Policy", contentCSP)
	h.Set("Permissions-Policy", contentFeatures)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "SAMEORIGIN")
}

// showsContents reports whether a route answers with researchers' bytes for a
// frame or a picture.
func showsContents(route string) bool { return strings.HasSuffix(route, "/files/:file/content") }
