package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sallyport/checks/browsertest"
	"sallyport/review"
)

// patience is how long a page may take to show what is waited for.
const patience = 20 * time.Second

// person is somebody at a browser.
type person struct {
	t    *testing.T
	ctx  context.Context
	url  string
	name string
}

// person signs in by choosing a person on the demonstration's page.
func (w *world) person(t *testing.T, ctx context.Context, name review.Username) *person {
	t.Helper()
	p := &person{t, ctx, w.url, string(name)}
	p.do(chromedp.EmulateViewport(1440, 900))
	p.open("/sign-in")
	p.see("Demonstration")
	if name == "rowan" {
		p.shot("journey-00-sign-in")
	}
	p.click("#demo-" + string(name))
	p.wait(fmt.Sprintf("%s signed in", name), `document.getElementById("signed-in-as") !== null`)
	return p
}

func (p *person) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.fatal(err)
	}
}

// fatal ends the test, with the page as it was.
func (p *person) fatal(err error) {
	p.t.Helper()
	text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string]("document.body.innerText"))
	where, _ := chromedp.Run(p.ctx, chromedp.Location())
	p.shot("failure-" + p.name)
	p.t.Fatalf("%s at %s: %v\n%s", p.name, strings.TrimPrefix(where, p.url), err, text)
}

// open loads a page of the service.
func (p *person) open(path string) {
	p.t.Helper()
	p.do(chromedp.Navigate(p.url + path))
}

// wait polls a JavaScript condition, over navigations too.
func (p *person) wait(what, condition string) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(25 * time.Millisecond) {
		if ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](condition)); err == nil && ok {
			return
		}
	}
	p.fatal(errors.New("waited in vain for " + what))
}

// at waits until the page is the one at a path, or below it when the path ends
// in a slash, and is there whole.
func (p *person) at(path string) {
	p.t.Helper()
	compare := "location.pathname === " + quoted(path)
	if strings.HasSuffix(path, "/") {
		compare = "location.pathname.startsWith(" + quoted(path) + ")"
	}
	p.wait(path, compare+` && document.readyState === "complete"`)
}

func (p *person) path() string {
	p.t.Helper()
	path, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("location.pathname"))
	if err != nil {
		p.fatal(err)
	}
	return path
}

// see waits until the page shows all the texts, closed details included.
func (p *person) see(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.wait(fmt.Sprintf("the words %q", text), `document.body !== null && document.body.textContent.replace(/\s+/g, " ").includes(`+quoted(text)+`)`)
	}
}

// click presses what a mouse can reach and leads to another page, to the same page
// anew, or to what stands beside a file anew, and waits until that is there.
func (p *person) click(selector string) {
	p.t.Helper()
	p.script("main", `e.setAttribute("data-left", "")`)
	p.script(selector, `e.setAttribute("data-pressed", "")`)
	p.do(chromedp.Click(selector))
	p.wait("the page after "+selector, `document.querySelector("main") !== null && document.readyState === "complete" &&
		(document.querySelector("[data-left]") === null || document.querySelector("[data-pressed]") === null)`)
}

// choose ticks a box or a radio button.
func (p *person) choose(selector string) {
	p.t.Helper()
	p.script(selector, `if (!e.checked) e.click()`)
}

// fill writes into a field, as typing does.
func (p *person) fill(selector, text string) {
	p.t.Helper()
	p.script(selector, `e.focus(); e.value = `+quoted(text)+`; e.dispatchEvent(new Event("input", {bubbles: true}))`)
}

// script runs statements on the one element e of a selector.
func (p *person) script(selector, statements string) {
	p.t.Helper()
	p.wait(selector, "document.querySelector("+quoted(selector)+") !== null")
	js := "(() => { const e = document.querySelector(" + quoted(selector) + "); " + statements + "; return true })()"
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](js)); err != nil {
		p.fatal(fmt.Errorf("%s: %w", selector, err))
	}
}

// holds tells whether the page has such an element.
func (p *person) holds(selector string) bool {
	p.t.Helper()
	ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("document.querySelector("+quoted(selector)+") !== null"))
	if err != nil {
		p.fatal(err)
	}
	return ok
}

// attributes lists one attribute of all elements of a selector.
func (p *person) attributes(selector, name string) []string {
	p.t.Helper()
	js := "Array.from(document.querySelectorAll(" + quoted(selector) + "), e => e.getAttribute(" + quoted(name) + "))"
	all, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]string](js))
	if err != nil {
		p.fatal(err)
	}
	return all
}

// age is how long ago something was, which changes by itself.
var age = regexp.MustCompile(`\d+ (second|minute)s? ago|\bnow\b`)

// texts loads pages and returns all of their text, hidden parts included.
func (p *person) texts(paths []string) map[string]string {
	p.t.Helper()
	all := map[string]string{}
	for _, path := range paths {
		p.open(path)
		text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("document.body.textContent"))
		if err != nil {
			p.fatal(err)
		}
		all[path] = age.ReplaceAllString(strings.Join(strings.Fields(text), " "), "a while ago")
	}
	return all
}

func (p *person) shot(name string) {
	p.t.Helper()
	browsertest.Screenshot(p.t, p.ctx, name)
}

// picture keeps what the window shows as a picture of the guides, when they are
// made anew (make screenshots); else it makes sure that there is such a picture.
func (p *person) picture(name string) {
	p.t.Helper()
	const folder = "../../docs/images"
	if !makesPictures() {
		if _, err := os.Stat(filepath.Join(folder, name+".png")); err != nil {
			p.t.Errorf("the guides lack a picture: run make screenshots: %v", err)
		}
		return
	}
	p.do(chromedp.EmulateViewport(1280, 800), chromedp.Sleep(300*time.Millisecond))
	data, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.fatal(err)
	}
	shown, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		p.fatal(err)
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, shown); err != nil {
		p.fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), small.Bytes(), 0o644); err != nil {
		p.fatal(err)
	}
	p.do(chromedp.EmulateViewport(1440, 900))
}

// makesPictures reports whether the pictures of the guides are made anew.
func makesPictures() bool { return os.Getenv("SALLYPORT_PICTURES") != "" }

// quoted is s as a JavaScript string.
func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}
