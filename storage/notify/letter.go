package notify

import (
	_ "embed" // of the two parts
	"errors"
	htmltemplate "html/template"
	"net/url"
	"strings"
	texttemplate "text/template"

	"sallyport/review"
)

//go:embed mail.txt
var mailText string

//go:embed mail.html
var mailHTML string

// letter writes a notice out as plain text and as HTML.
type letter struct {
	text *texttemplate.Template
	page *htmltemplate.Template
}

func newLetter() (*letter, error) {
	text, err1 := texttemplate.New("mail.txt").Parse(mailText)
	page, err2 := htmltemplate.New("mail.html").Parse(mailHTML)
	return &letter{text, page}, errors.Join(err1, err2)
}

// letterView is what the two templates show.
type letterView struct {
	review.Notice
	Choices string // where to choose what one is told; "" when it is not known
}

func (l *letter) write(n review.Notice) (text, page string, err error) {
	var t, p strings.Builder
	view := letterView{inWords(n), choicesOf(n)}
	err = errors.Join(l.text.Execute(&t, view), l.page.Execute(&p, view))
	return t.String(), p.String(), err
}

// choicesOf is the address of the page of choices, on the service of the link.
func choicesOf(n review.Notice) string {
	u, err := url.Parse(strings.TrimSuffix(n.Link, n.Path))
	if err != nil || u.Host == "" {
		return ""
	}
	return u.JoinPath("notifications").String()
}
