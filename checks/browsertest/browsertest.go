package browsertest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// limit is how long one test may hold its browser.
const limit = 6 * time.Minute

// names are the browsers looked for on the path, in order.
var names = []string{"chromium", "chromium-browser", "google-chrome"}

// Start starts a browser for the test and returns the context of its first
// tab, to be used with chromedp.Run and chromedp.Do. The browser ends with the test, or after
// six minutes. Later flags win over the usual ones.
//
// Names other than localhost do not resolve, so a page under test cannot reach
// the network; pass another host-resolver-rules flag to catch what it tries.
func Start(t testing.TB, flags ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path := find(t)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, append(usual(path), flags...)...)
	t.Cleanup(stop)
	ctx, _ = chromedp.NewContext(ctx)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) })
	if err := chromedp.Do(ctx, focused); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	return ctx
}

// Profile opens a tab in the browser of ctx with cookies and storage of its
// own, as if another person sat there. It is closed when the test ends.
func Profile(t testing.TB, ctx context.Context) context.Context {
	t.Helper()
	tab, cancel := chromedp.NewContext(ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(tab, focused); err != nil {
		t.Fatalf("opening a second profile: %v", err)
	}
	return tab
}

// Tab opens another tab that shares the cookies of ctx. It is closed when the
// test ends.
func Tab(t testing.TB, ctx context.Context) context.Context {
	t.Helper()
	tab, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(tab, focused); err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	return tab
}

// focused makes a tab behave as the one in front, with the focus, whichever of
// the browser's windows the machine would give it to: a test is not to depend on
// that.
func focused(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
	_, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	return chromedp.Void{}, err
}

// Screenshot saves the whole page as name.png in the folder named by
// SALLYPORT_SCREENSHOTS; without that variable it does nothing.
func Screenshot(t testing.TB, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("SALLYPORT_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Errorf("screenshot %s: %v", name, err)
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Errorf("screenshot %s: %v", name, err)
		return
	}
	if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)+".png"), png, 0o644); err != nil {
		t.Errorf("screenshot %s: %v", name, err)
	}
}

// find returns the browser's path, or skips or fails the test.
func find(t testing.TB) string {
	t.Helper()
	wish := os.Getenv("SALLYPORT_BROWSER")
	required := wish == "required"
	candidates := names
	if wish != "" && !required {
		candidates = []string{wish}
	}
	for _, name := range candidates {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const help = "no browser found (%v): install chromium, or name one in SALLYPORT_BROWSER"
	if wish != "" {
		t.Fatalf(help, candidates)
	}
	t.Skipf(help, candidates)
	return ""
}

// usual returns the flags every test browser starts with: no window, no
// update, sync or other traffic of its own, an empty profile in a temporary
// folder that goes with the browser.
func usual(path string) []chromedp.ExecAllocatorOption {
	return append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path),
		chromedp.Headless,
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.NoFirstRun,
		chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("allow-pre-commit-input", true), // or keys are lost that are pressed before a page was drawn
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"),
	)
}
