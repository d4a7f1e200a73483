package ui

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"
)

// crowded is a handler behind admit whose pages last until they are told to end.
func crowded(t *testing.T, c Crowd) (serve func(path string) *httptest.ResponseRecorder, begun *atomic.Int64, end chan struct{}) {
	t.Helper()
	u := &UI{crowd: newCrowd(c), log: slog.New(slog.DiscardHandler)}
	e := echo.New()
	e.Use(u.admit)
	begun, end = new(atomic.Int64), make(chan struct{})
	page := func(c echo.Context) error {
		begun.Add(1)
		<-end
		return c.NoContent(http.StatusOK)
	}
	e.GET("/page", page)
	e.GET("/health", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		if err != errCrowded {
			t.Errorf("the error is %v", err)
		}
		_ = c.NoContent(http.StatusServiceUnavailable)
	}
	return func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}, begun, end
}

// Of more requests than there are places some wait, the others are sent away
// with a time to come again, health is answered meanwhile, and afterwards all is
// as before.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		serve, begun, end := crowded(t, Crowd{AtOnce: 2, Waiting: 3, Patience: time.Minute})
		codes := make(chan int, 10)
		ask := func() { go func() { codes <- serve("/page").Code }(); synctest.Wait() }
		for range 5 {
			ask()
		}
		if begun.Load() != 2 || len(codes) != 0 {
			t.Fatalf("%d are worked on, %d were answered", begun.Load(), len(codes))
		}
		w := serve("/page")
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "5" {
			t.Errorf("the sixth hears %d, %v", w.Code, w.Header())
		}
		if w := serve("/health"); w.Code != http.StatusOK {
			t.Errorf("health answers %d", w.Code)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for range 3 {
			if code := <-codes; code != http.StatusServiceUnavailable {
				t.Errorf("whoever waited for too long hears %d", code)
			}
		}
		ask()
		close(end)
		for range 3 {
			if code := <-codes; code != http.StatusOK {
				t.Errorf("afterwards the answer is %d", code)
			}
		}
	})
}

// Whoever goes away while waiting takes no place.
func TestCrowdLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(Crowd{AtOnce: 1, Waiting: 1, Patience: time.Minute})
		leave, err := c.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, gone := context.WithCancel(t.Context())
		heard := make(chan error)
		go func() {
			_, err := c.enter(ctx)
			heard <- err
		}()
		synctest.Wait()
		gone()
		if err := <-heard; err != errCrowded {
			t.Errorf("%v", err)
		}
		leave()
		if _, err := c.enter(t.Context()); err != nil || c.waiting.Load() != 0 {
			t.Errorf("the place is not free: %v", err)
		}
	})
}
