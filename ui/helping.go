package ui

import (
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"sallyport/review"
	"sallyport/ui/help"
)

// helpFor says which guide helps with a page, by the path of its route. A page
// that is not named is helped with by what stands above it in the address; see
// helpWith.
func helpFor() map[string]string {
	return map[string]string{
		"/sign-in":                              "signing-in",
		"/sign-in/code":                         "signing-in#the-second-step",
		"/invitation/:secret":                   "signing-in#the-first-time",
		"/confirm":                              "signing-in#confirming-that-it-is-you",
		"/confirm/go":                           "signing-in#confirming-that-it-is-you",
		"/account":                              "signing-in#your-account",
		"/account/password":                     "signing-in#your-account",
		"/account/code":                         "signing-in#the-second-step",
		"/account/passkeys":                     "signing-in#passkeys",
		"/account/access":                       "access#roles",
		"/access":                               "access#grants",
		"/access/people/:person":                "access#two-people",
		"/account/tokens":                       "api#getting-in",
		"/notifications":                        "notifications#choosing",
		"/notifications/sent":                   "notifications",
		"/people":                               "sign-in#accounts-here",
		"/people/:person":                       "sign-in#accounts-here",
		"/workspaces":                           "first-request",
		"/workspaces/:workspace":                "first-request#choose-the-files",
		"/workspaces/:workspace/jobs":           "provenance#the-runs-of-a-workspace",
		"/workspaces/:workspace/jobs/:job":      "provenance#the-runs-of-a-workspace",
		"/workspaces/:workspace/logs/:action":   "provenance#the-runs-of-a-workspace",
		"/workspaces/:workspace/code/:commit/*": "provenance#the-code-that-ran",
		"/workspaces/:workspace/files":          "first-request#choose-the-files",

		"/workspaces/:workspace/compare":   "provenance#differences",
		"/requests":                        "first-request#follow-it-or-withdraw-it",
		"/requests/:request":               "filing",
		"/requests/:request/details":       "first-request#say-what-it-is-for",
		"/requests/:request/groups/:group": "first-request#describe-each-group",
		"/requests/:request/findings":      "first-request#answer-the-findings",
		"/requests/:request/submit":        "first-request#submit",
		"/requests/:request/withdraw":      "first-request#follow-it-or-withdraw-it",
		"/requests/:request/files/:file":   "workbench",

		"/requests/:request/files/:file/changes": "workbench#other-files",

		"/queue":                           "first-review",
		"/board":                           "leading",
		"/requests/:request/route":         "leading#give-one-file-to-a-specialist",
		"/requests/:request/hand-over":     "reviewing#hand-a-request-over",
		"/requests/:request/review":        "first-review#hand-your-review-in",
		"/requests/:request/return":        "reviewing#return-a-request",
		"/requests/:request/reject":        "reviewing#reject-a-request",
		"/requests/:request/release":       "reviewing#release-a-request",
		"/requests/:request/recall":        "recall#who-can-do-it-and-how",
		"/requests/:request/recall/report": "recall#the-report",
		"/requests/:request/hold":          "retention#legal-hold",
		"/releases":                        "package",
		"/records":                         "auditing#finding-something",
		"/records/:request":                "first-audit#read-one-request",
		"/records/:request/print":          "auditing#taking-something-away",
		"/figures":                         "auditing#figures",
		"/audit":                           "first-audit#look-for-something",
		"/audit/checkpoints":               "evidence#how-an-auditor-works-with-it",
		"/status":                          "pages#the-operators-page",
		"/status/alarms/:alarm":            "recall#damaged-bytes",
		"/register":                        "register#what-it-says",
		"/help":                            "accessibility#finding-your-way",
	}
}

// helpWith is the address of the guide that helps with the page of a route: its
// own, or that of the nearest route above it which has one. Whoever is not signed
// in is told how to sign in where nothing is closer.
func (u *UI) helpWith(route string, known bool) string {
	for ; route != "" && route != "/" && route != "."; route = path.Dir(route) {
		if to, ok := u.helped[route]; ok {
			return help.Home + "/" + to
		}
	}
	if !known {
		return help.Home + "/signing-in"
	}
	return help.Home
}

// helpPage is a guide, or the list of them, or what was found in them.
type helpPage struct {
	*help.Page
	Home   bool
	Find   string // what was looked for
	Hits   []help.Hit
	Others []*help.Page // of the list: what it does not name
}

// longestFind is how many bytes of what was looked for are read.
const longestFind = 200

// helpHome lists the guides, or what was found in them.
func (u *UI) helpHome(c *call) error {
	p := helpPage{Page: u.guides.Contents(), Home: true, Find: strings.TrimSpace(c.QueryParam("find")), Others: u.guides.Others()}
	if len(p.Find) > longestFind {
		p.Find = strings.ToValidUTF8(p.Find[:longestFind], "")
	}
	f := frame{Title: p.Title}
	if p.Find != "" {
		p.Hits = u.guides.Find(p.Find)
		f.Title = "Help: " + p.Find
		f.Crumbs = []crumb{{"Help", help.Home}}
	}
	return c.render(http.StatusOK, "help", f, p)
}

// helpGuide shows one guide. Whoever is not signed in gets here only for those
// that the route table names.
func (u *UI) helpGuide(c *call) error {
	p := u.guides.Page(path.Base(c.Request().URL.Path))
	if p == nil {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	if p == u.guides.Contents() {
		return c.redirect(help.Home)
	}
	return c.render(http.StatusOK, "help", frame{Title: p.Title, Crumbs: []crumb{{"Help", help.Home}}}, helpPage{Page: p})
}

// helpFile sends a picture or a file of the guides.
func (u *UI) helpFile(c *call) error {
	name := c.Param("*")
	data, err := u.guides.File(name)
	if errors.Is(err, fs.ErrNotExist) || err != nil {
		return review.Errorf(review.NotFound, "There is nothing here.")
	}
	kind := mime.TypeByExtension(path.Ext(name))
	if kind != "image/png" && kind != "image/svg+xml" {
		kind = "text/plain; charset=utf-8"
	}
	c.Response().Header().Set("Cache-Control", "private, max-age=3600")
	return c.Blob(http.StatusOK, kind, data)
}
