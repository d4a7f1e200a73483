package ui

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/review"
)

// How many requests are worked on at once where Options say nothing, how many may
// wait for a place, and for how long. What more there is would only make
// everybody's wait longer.
const (
	defaultAtOnce   = 64
	defaultWaiting  = 256
	defaultPatience = 5 * time.Second
)

// retryCrowded is when those who were sent away may come again, in seconds.
const retryCrowded = 5

// Crowd says how many requests are worked on at once. Zero fields have defaults.
type Crowd struct {
	AtOnce   int           // 64
	Waiting  int           // 256
	Patience time.Duration // five seconds
}

// crowd gives each request a place, and sends away those that would wait for
// longer than a person does.
type crowd struct {
	places   chan struct{}
	most     int64
	patience time.Duration
	waiting  atomic.Int64
	full     atomic.Bool // told in the log once, until there is room again
}

func newCrowd(c Crowd) *crowd {
	if c.AtOnce <= 0 {
		c.AtOnce = defaultAtOnce
	}
	if c.Waiting <= 0 {
		c.Waiting = defaultWaiting
	}
	return &crowd{places: make(chan struct{}, c.AtOnce), most: int64(c.Waiting), patience: orDefault(c.Patience, defaultPatience)}
}

// errCrowded is what those hear who were sent away.
var errCrowded = review.Errorf(review.Unavailable, "Too many people are using the service at this moment.")

// enter waits for a place; leave gives it back.
func (c *crowd) enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-c.places }
	select {
	case c.places <- struct{}{}:
		return leave, nil
	default:
	}
	if c.waiting.Add(1) > c.most {
		c.waiting.Add(-1)
		return nil, errCrowded
	}
	defer c.waiting.Add(-1)
	patience := time.NewTimer(c.patience)
	defer patience.Stop()
	select {
	case c.places <- struct{}{}:
		return leave, nil
	case <-patience.C:
		return nil, errCrowded
	case <-ctx.Done():
		return nil, errCrowded
	}
}

// admit bounds how many requests are worked on at once. Those who watch over the
// service are never kept waiting. What is sent to us has been read by then, but
// for what programs send, so nobody holds a place by sending slowly.
func (u *UI) admit(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if watching(c.Path()) {
			return next(c)
		}
		leave, err := u.crowd.enter(c.Request().Context())
		if errors.Is(err, errCrowded) {
			c.Response().Header().Set("Retry-After", strconv.Itoa(retryCrowded))
			if !u.crowd.full.Swap(true) {
				u.log.Warn("overload: requests are sent away")
			}
			return err
		}
		defer leave()
		if u.crowd.waiting.Load() == 0 && u.crowd.full.Swap(false) {
			u.log.Warn("overload: over")
		}
		return next(c)
	}
}

// watching reports whether a route is for those who watch over the service, or
// costs next to nothing.
func watching(route string) bool {
	return route == "/static/*" || route == "/health" || route == "/healthz" || route == "/readyz" || route == "/metrics"
}

// health tells a load balancer whether to send requests here.
func (u *UI) health(c *call) error {
	if u.options.Stopping != nil && u.options.Stopping() {
		return c.String(http.StatusServiceUnavailable, "stopping\n")
	}
	return c.String(http.StatusOK, "ok\n")
}
