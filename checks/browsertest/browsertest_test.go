package browsertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// A page is loaded, its title read, and a second profile has no cookies of the
// first.
func TestStart(t *testing.T) {
	shots := t.TempDir()
	t.Setenv("SALLYPORT_SCREENSHOTS", shots)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := r.Cookie("who")
		http.SetCookie(w, &http.Cookie{Name: "who", Value: "first"})
		if err == nil {
			_, _ = w.Write([]byte("<title>known</title>"))
			return
		}
		_, _ = w.Write([]byte("<title>new</title>"))
	}))
	defer srv.Close()

	ctx := Start(t)
	first, again := title(t, ctx, srv.URL), title(t, ctx, srv.URL)
	if first != "new" || again != "known" {
		t.Errorf("titles %q, %q; want new, known", first, again)
	}
	if got := title(t, Profile(t, ctx), srv.URL); got != "new" {
		t.Errorf("a second profile is %q, want new", got)
	}
	if got := title(t, Tab(t, ctx), srv.URL); got != "known" {
		t.Errorf("a tab of the first profile is %q, want known", got)
	}
	if focus, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.hasFocus()`)); err != nil || !focus {
		t.Errorf("the page has the focus: %v, %v, before anybody touched it", focus, err)
	}
	Screenshot(t, ctx, "start")
	if _, err := os.Stat(filepath.Join(shots, "start.png")); err != nil {
		t.Error(err)
	}
}

func title(t *testing.T, ctx context.Context, url string) string {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	title, err := chromedp.Run(ctx, chromedp.Title())
	if err != nil {
		t.Fatal(err)
	}
	return title
}

// Nothing but this machine can be reached.
func TestOffline(t *testing.T) {
	ctx := Start(t)
	if err := chromedp.Do(ctx, chromedp.Navigate("http://example.org/")); err == nil {
		t.Error("the browser reached the network")
	}
}
