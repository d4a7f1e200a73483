package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"sallyport/review"
)

// jobCall is one call of a job server.
type jobCall struct {
	path        string
	user        review.Username // in whose name; "" for nobody's
	body        io.Reader
	size        int64
	mediaType   string
	disposition string // of a file; "" for none
}

// jobAnswer is what a job server says.
type jobAnswer struct {
	status int
	header http.Header
	body   []byte
}

// call makes one call within its time. Whatever the answer's status, it is an
// answer; the error is that there was none, in words for people.
func (j *JobServer) call(ctx context.Context, c jobCall) (*jobAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, j.timeout)
	defer cancel()
	body := c.body
	if c.size == 0 {
		body = http.NoBody
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.path, body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = c.size
	req.Header.Set("Authorization", j.token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", c.mediaType)
	req.Header.Set("User-Agent", "sallyport")
	if c.user != "" {
		req.Header.Set("OS-User", string(c.user))
	}
	if c.disposition != "" {
		req.Header.Set("Content-Disposition", c.disposition)
	}
	resp, err := j.client.Do(req)
	if err != nil {
		return nil, unreachable(err)
	}
	defer resp.Body.Close() // only read from
	data, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit+1))
	switch {
	case err != nil:
		return nil, unreachable(err)
	case len(data) > answerLimit:
		return nil, errJobServerRefused("its answer is too long")
	}
	return &jobAnswer{resp.StatusCode, resp.Header, data}, nil
}

// unreachable says that there was no answer.
func unreachable(err error) error {
	words := "The job server could not be reached."
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		words = "The job server did not answer in time."
	}
	return &review.Error{Kind: review.Unavailable, Message: words, Err: err}
}

func errJobServerRefused(why string) *review.Error {
	return review.Errorf(review.Unavailable, "The job server did not take it: %s.", why)
}

// refusal is why an answer's status is none that was hoped for.
func (a *jobAnswer) refusal() error {
	err := a.refused()
	if a.status >= 400 && a.status < 500 && a.status != http.StatusRequestTimeout && a.status != http.StatusTooEarly && a.status != http.StatusTooManyRequests {
		err.Err = review.ErrRefused // it will say so again
	}
	return err
}

func (a *jobAnswer) refused() *review.Error {
	switch {
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return errJobServerRefused("it refused the token, or the person")
	case a.status == http.StatusNotFound:
		return errJobServerRefused("it does not know the workspace or the release")
	case a.status >= 300 && a.status < 400:
		return errJobServerRefused("it redirects elsewhere, which is not followed")
	}
	return errJobServerRefused(fmt.Sprintf("it answered with status %d", a.status))
}

// failed reports whether an answer whose status is one of success tells of an
// error inside, as this server's do.
func (a *jobAnswer) failed() bool {
	var inside struct {
		Status string `json:"status"`
	}
	if json.Unmarshal(a.body, &inside) != nil {
		return false // it need not be JSON
	}
	return strings.EqualFold(inside.Status, "error")
}

// uploaded reports whether the server refuses a file because it has it.
func (a *jobAnswer) uploaded() bool {
	var inside struct {
		Detail string `json:"detail"`
	}
	return a.status == http.StatusBadRequest && json.Unmarshal(a.body, &inside) == nil &&
		strings.Contains(inside.Detail, "already been uploaded")
}
