package ui

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"

	"sallyport/checks/browsertest"
)

// tab is one person's place in a real browser.
type browserTab struct {
	t    *testing.T
	ctx  context.Context
	site *site
}

func (b *browserTab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browserTab) open(path string) {
	b.t.Helper()
	b.site.watch(b.t, b.ctx)
	b.do(chromedp.Navigate(b.site.url+path), chromedp.WaitReady("#maincontent"))
	b.until("the page is there, drawn and with its script", ready)
}

// ready says that a page is what its reader would call so. Before it was drawn a
// browser may throw keys away, since nobody can mean what they do not see.
const ready = `document.readyState === 'complete' && performance.getEntriesByType('paint').length > 0 &&
  (!document.querySelector('script[type=module][src]') || document.body.classList.contains('js-enabled'))`

// watch fails the test when a page in the tab breaks the policy that it came
// with: a script that is not ours, a style attribute, text made HTML behind the
// back of assets/trusted.js.
func (s *site) watch(t *testing.T, ctx context.Context) {
	if s.watched[ctx] {
		return
	}
	if s.watched == nil {
		s.watched = map[context.Context]bool{}
	}
	s.watched[ctx] = true
	var mu sync.Mutex
	var broken []string
	err := chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*log.EventEntryAdded); ok && e.Entry.Source == log.EntrySourceSecurity {
			mu.Lock()
			defer mu.Unlock()
			broken = append(broken, e.Entry.URL+": "+e.Entry.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, text := range broken {
			t.Error(text)
		}
	})
}

func evaluate[T any](b *browserTab, script string, o ...chromedp.EvaluateOption) T {
	b.t.Helper()
	out, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, o...))
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// Every page, in each state a journey meets, in a real browser.
func TestPagesInBrowser(t *testing.T) {
	script := axe(t)
	s := newSite(t, func(o *Options) {
		o.Sent = func() ([]SentMail, error) {
			return []SentMail{{At: o.Now(), To: "ann@example.org", Subject: "It came back", Text: "See there."}}, nil
		}
	})
	if !s.ui.AssetsBuilt() {
		t.Skip("style and script are not built: run npm run build in ui")
	}
	first := browsertest.Start(t)
	as := func(name string) *browserTab {
		b := &browserTab{t, browsertest.Profile(t, first), s}
		b.open("/sign-in")
		b.do(chromedp.Click("#demo-"+name), chromedp.WaitReady("#signed-in-as"))
		return b
	}
	request := s.draft(t, "release/rates.csv", smallCSV, "release/notes.txt", "One line.\nAnother line.\n", "release/odd.json", `{"a": [1, 2]}`)
	s.as(t, "ann").post("/account/tokens", "name", "The tables of every month", "scope", "read", "scope", "request", "days", "30").want(200)
	plain := s.as(t, "ann").get(request)
	files, groups := plain.links(fileLink), plain.links(groupLink)

	nobody := &browserTab{t, first, s}
	ann := as("ann")
	for _, width := range []int64{1440, 390} {
		nobody.look(script, "sign-in", "/sign-in", width)
		nobody.look(script, "not-found", "/nowhere", width)
		ann.look(script, "workspaces", "/workspaces", width)
		ann.look(script, "workspace", "/workspaces/cohort", width)
		ann.look(script, "requests", "/requests", width)
		ann.look(script, "tokens", "/account/tokens", width)
		ann.look(script, "notifications", "/notifications", width)
		ann.look(script, "notifications-sent", "/notifications/sent", width)
		ann.look(script, "own-access", "/account/access", width)
		ann.look(script, "help", "/help", width)
		ann.look(script, "help-found", "/help?find=count", width)
		ann.look(script, "help-guide", "/help/first-review", width)
		ann.look(script, "draft", request, width)
		ann.look(script, "details", request+"/details", width)
		ann.look(script, "group", groups[0], width)
		ann.look(script, "submit", request+"/submit", width)
		ann.look(script, "withdraw", request+"/withdraw", width)
		ann.look(script, "author-file", files[0], width)
		ann.look(script, "text", files[1], width)
		ann.look(script, "json", files[2], width)
	}
	guidance(t, ann, groups[0])
	ann.do(chromedp.EmulateViewport(1440, 900))
	ann.measures(groups[0])

	s.submit(t, request)
	seats := s.seats(t, request)
	seat := func(i int) string {
		for _, name := range []string{"carl", "cora", "chen"} {
			if strings.Contains(seats[i].get("/queue").text(), "Person "+name) {
				return name
			}
		}
		t.Fatal("a checker without a name")
		return ""
	}
	checker := as(seat(0))
	finding := strings.SplitN(seats[0].get(files[0]).links(files[0] + `\?finding=[^"]*#r[^"]*`)[0], "#", 2)
	for _, width := range []int64{1440, 390} {
		checker.look(script, "queue", "/queue", width)
		checker.look(script, "overview", request, width)
		checker.look(script, "file", files[0], width)
		checker.look(script, "finding", strings.Join(finding, "#"), width)
		checker.look(script, "my-review", request+"/review", width)
		checker.look(script, "hand-over", request+"/hand-over", width)
	}
	lead := as("lea")
	for _, width := range []int64{1440, 1024, 390} {
		lead.look(script, "board", "/board", width)
		lead.look(script, "access", "/access", width)
		lead.look(script, "access-person", "/access/people/ann", width)
	}
	seats[0].vote(request, "approve", "Rounded enough.").post(request + "/review").want(200)
	seats[1].vote(request, "changes", "Round it.").post(request + "/review").want(200)
	for _, width := range []int64{1440, 390} {
		checker.look(script, "compare", request+"/review", width)
		checker.look(script, "return", request+"/return", width)
		checker.look(script, "reject", request+"/reject", width)
	}
	seats[1].vote(request, "approve", "Agreed.")
	checker.look(script, "release", request+"/release", 1440)
	checker.look(script, "release", request+"/release", 390)
	seats[0].post(request + "/release").want(200)
	aud := as("aud")
	for _, width := range []int64{1440, 390} {
		aud.look(script, "releases", "/releases", width)
		aud.look(script, "records", "/records", width)
		aud.look(script, "record", strings.Replace(request, "/requests/", "/records/", 1), width)
		aud.look(script, "record-print", strings.Replace(request, "/requests/", "/records/", 1)+"/print", width)
		aud.look(script, "figures", "/figures", width)
		aud.look(script, "audit", "/audit", width)
		aud.look(script, "checkpoints", "/audit/checkpoints", width)
		aud.look(script, "found", "/audit?find=rates", width)
		aud.look(script, "filtered", "/audit?person=ann", width)
		aud.look(script, "status", "/status", width)
	}
}

// Guidance follows what is typed, without the page being sent.
func guidance(t *testing.T, b *browserTab, group string) {
	t.Helper()
	b.open(group)
	evaluate[string](b, `document.getElementById('field-population').value = ''`)
	b.do(chromedp.SendKeys("#field-population", "Adults"))
	const hint = "No number yet"
	for range 50 {
		if strings.Contains(evaluate[string](b, `document.getElementById('guidance').innerText`), hint) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("the guidance does not follow what is typed: it never says %q", hint)
}
