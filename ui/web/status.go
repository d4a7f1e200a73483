package web

import (
	"errors"
	"net/http"
	"net/netip"

	"github.com/labstack/echo/v4"

	"sallyport/review"
)

// Status is the one place where kinds of error become status codes.
func Status(err error) int {
	var he *echo.HTTPError
	if errors.As(err, &he) {
		return he.Code
	}
	var many *TooManyError
	if errors.As(err, &many) {
		return http.StatusTooManyRequests
	}
	switch review.KindOf(err) {
	case review.Invalid:
		return http.StatusUnprocessableEntity
	case review.Unauthenticated:
		return http.StatusUnauthorized
	case review.Forbidden:
		return http.StatusForbidden
	case review.NotFound:
		return http.StatusNotFound
	case review.Conflict:
		return http.StatusConflict
	case review.TooLarge:
		return http.StatusRequestEntityTooLarge
	case review.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// Outage is what lies behind an error that says that something cannot be reached
// or is full: those who run the service look for it in the log. Nil for any other
// error, and for one that nothing lies behind.
func Outage(err error) error {
	var known *review.Error
	if errors.As(err, &known) && known.Kind == review.Unavailable {
		return known.Err
	}
	return nil
}

// SourceClass says from how near a request came, without keeping the address:
// "local", "private", "public", or "" when it cannot be told. remote is an
// address with its port.
func SourceClass(remote string) string {
	a, err := netip.ParseAddrPort(remote)
	if err != nil {
		return ""
	}
	switch ip := a.Addr().Unmap(); {
	case ip.IsLoopback():
		return "local"
	case ip.IsPrivate(), ip.IsLinkLocalUnicast():
		return "private"
	default:
		return "public"
	}
}
