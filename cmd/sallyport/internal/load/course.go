package load

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"sallyport/review"
)

// Players are the people of a site at one service.
type Players struct {
	Site   Site
	Tokens map[review.Username]string
	// Cookies are those of people who use pages: every second researcher and
	// whoever checks their requests. Without them everybody has a program.
	Cookies map[review.Username]string
	HTTP    *http.Client
	Server  func() string
	Tally   *Tally
	Retry   time.Duration
	Think   func(ctx context.Context) // between two steps of a person; nil for none
	Audited bool                      // an auditor looks after each release
}

func (p *Players) client(name review.Username) *Client {
	return &Client{HTTP: p.HTTP, Server: p.Server, Token: p.Tokens[name], Tally: p.Tally, Retry: p.Retry}
}

func (p *Players) think(ctx context.Context) {
	if p.Think != nil {
		p.Think(ctx)
	}
}

// view is a request as far as a player looks.
type view struct {
	Summary struct {
		Status review.Status `json:"status"`
	} `json:"summary"`
	Missing []struct {
		Message string `json:"message"`
	} `json:"missing"`
	Seats []struct {
		Checker review.Username `json:"checker"`
	} `json:"seats"`
	Groups []struct {
		ID    review.GroupID `json:"id"`
		Files []struct {
			ID      review.FileID `json:"id"`
			Release string        `json:"release_sha256"`
		} `json:"files"`
	} `json:"groups"`
}

// Told is what a player was told to have happened to a request.
type Told struct {
	Request  review.RequestID
	Done     []review.EventType // by events that must be on record
	Released bool
}

// hands are how one person does things: with a program, or with pages.
type hands interface {
	// file makes a draft and submits it.
	file(ctx context.Context, researcher, course int, told *Told) (review.RequestID, error)
	// review is one checker's: the queue, the request, each file, its vote, the
	// submission.
	review(ctx context.Context, id review.RequestID, told *Told) error
	release(ctx context.Context, id review.RequestID) error
	// left waits until the request has left.
	left(ctx context.Context, id review.RequestID) error
	// audit is what an auditor reads of one release.
	audit(ctx context.Context, id review.RequestID) error
}

// hands are a program's, or a browser's, of a person at work on a researcher's
// request.
func (p *Players) hands(name review.Username, researcher int) hands {
	if p.Cookies != nil && researcher%2 == 1 {
		return browser{p, &Client{HTTP: p.HTTP, Server: p.Server, Cookie: p.Cookies[name], Tally: p.Tally, Retry: p.Retry}}
	}
	return program{p, p.client(name)}
}

// Course takes one request of a researcher the whole way. What it was told is
// returned even when it came to an end before.
func (p *Players) Course(ctx context.Context, researcher, course int) (told Told, err error) {
	id, err := p.hands(Researcher(researcher), researcher).file(ctx, researcher, course, &told)
	if err != nil {
		return told, err
	}
	err = p.Finish(ctx, researcher, id, &told)
	return told, err
}

// Finish takes a request that was handed over the rest of the way.
func (p *Players) Finish(ctx context.Context, researcher int, id review.RequestID, told *Told) error {
	v, err := p.seated(ctx, Researcher(researcher), id)
	if err != nil {
		return err
	}
	var last hands
	for _, seat := range v.Seats {
		last = p.hands(seat.Checker, researcher)
		if err := last.review(ctx, id, told); err != nil {
			return err
		}
	}
	if err := last.release(ctx, id); err != nil {
		return err
	}
	told.Done = append(told.Done, review.EvApproved)
	if err := p.hands(Researcher(researcher), researcher).left(ctx, id); err != nil {
		return err
	}
	told.Done, told.Released = append(told.Done, review.EvReleased), true
	if p.Audited {
		err = p.hands(Auditor, researcher).audit(ctx, id)
	}
	return err
}

// File makes a researcher's request and hands it over.
func (p *Players) File(ctx context.Context, researcher, course int) (review.RequestID, error) {
	id, err := p.hands(Researcher(researcher), researcher).file(ctx, researcher, course, new(Told))
	if err == nil {
		_, err = p.seated(ctx, Researcher(researcher), id)
	}
	return id, err
}

// seated waits for two checkers. Whom to play is the game's own question, so it
// is not counted.
func (p *Players) seated(ctx context.Context, author review.Username, id review.RequestID) (*view, error) {
	c := p.client(author)
	c.Tally = nil
	return program{p, c}.until(ctx, id, func(v *view) bool { return len(v.Seats) == 2 })
}

func at(id review.RequestID) string { return "/requests/" + url.PathEscape(string(id)) }
