package ui

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"sallyport/review"
	"sallyport/ui/export"
)

// The public register is kept by browsers and proxies for a while, and one
// source has so many answers at once, and then so many a second: a person who
// pages through it never gets there.
const (
	registerAge    = 5 * time.Minute
	registerAtOnce = 60
	registerPace   = 2
)

// registerPage is the register as anybody may see it.
type registerPage struct {
	Releases []review.PublicRelease
	Total    int
	Pager    pager
}

// anybody prepares a response that is the same for everybody: it names nobody
// and may be kept. It refuses a source that asks without end.
func (c *call) anybody() ([]review.PublicRelease, error) {
	if err := c.ui.readers.Take(network(c.Request().RemoteAddr)); err != nil {
		return nil, err
	}
	list, err := c.ui.service.PublicReleases(c.ctx())
	if err != nil {
		return nil, err
	}
	c.Response().Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(registerAge.Seconds())))
	return list, nil
}

func (u *UI) publicRegister(c *call) error {
	list, err := c.anybody()
	if err != nil {
		return err
	}
	p := registerPage{Total: len(list)}
	page := pageParam(c)
	from := min((page-1)*pageRows, len(list))
	to := min(from+pageRows, len(list))
	p.Releases = list[from:to]
	address := func(n int) string { return registerPath + "?page=" + strconv.Itoa(n) }
	p.Pager = pager{Page: page}
	if page > 1 {
		p.Pager.Prev = address(page - 1)
	}
	if to < len(list) {
		p.Pager.Next = address(page + 1)
	}
	return c.render(http.StatusOK, "register", frame{Title: "Register of releases", Wide: true, UTC: true}, p)
}

func (u *UI) publicCSV(c *call) error {
	list, err := c.anybody()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := export.WritePublic(&b, list); err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", disposition("attachment", "register-of-releases.csv"))
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", b.Bytes())
}

// publicJSON is the register for programs. Its form is described in
// docs/register.md.
func (u *UI) publicJSON(c *call) error {
	list, err := c.anybody()
	if err != nil {
		return err
	}
	type recall struct {
		Day   string `json:"day"`
		Whole bool   `json:"whole"`
	}
	type entry struct {
		Day        string         `json:"day"`
		Project    string         `json:"project"`
		Number     string         `json:"project_number"`
		Workspace  string         `json:"workspace"`
		Title      string         `json:"title"`
		Files      map[string]int `json:"files"`
		Names      []string       `json:"names,omitempty"`
		Policy     string         `json:"policy_version"`
		Checkpoint int64          `json:"checkpoint_size,omitzero"`
		Recalled   *recall        `json:"recalled,omitempty"`
	}
	out := struct {
		Schema   string  `json:"schema"`
		Releases []entry `json:"releases"`
	}{"sallyport-register/1", []entry{}}
	for _, r := range list {
		e := entry{
			Day: r.Day.Format(time.DateOnly), Project: r.Project, Number: r.Number, Workspace: string(r.Workspace), Title: r.Title,
			Files: map[string]int{}, Names: r.Names, Policy: r.Policy, Checkpoint: r.Checkpoint,
		}
		for _, f := range r.Files {
			e.Files[f.Type] = f.N
		}
		if r.Recalled != nil {
			e.Recalled = &recall{r.Recalled.Day.Format(time.DateOnly), r.Recalled.Whole}
		}
		out.Releases = append(out.Releases, e)
	}
	text, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, append(text, '\n'))
}
