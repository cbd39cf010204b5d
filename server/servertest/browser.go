// Package servertest looks at pages of the dashboard in a real browser, for tests.
//
//	b := servertest.Open(t)
//	b.Visit("http://127.0.0.1:1234/login?token=…")
//	b.LooksRight("http://127.0.0.1:1234/events") // at 1280 and 390 pixels
//
// It knows nothing of what the pages show.
package servertest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// A Browser is one tab of a headless Chromium. Its methods fail the test; they may not be called at once.
type Browser struct {
	t   testing.TB
	ctx context.Context

	mu   sync.Mutex
	said []string // errors and warnings on the console
}

// patience is how long a browser may be busy with one test.
const patience = 3 * time.Minute

// Open starts a browser. Without a Chromium on the machine the test is skipped, or fails when SHOPBELL_REQUIRE_ALL is
// set.
func Open(t testing.TB) *Browser {
	t.Helper()
	path := find()
	if path == "" && os.Getenv("SHOPBELL_REQUIRE_ALL") != "" {
		t.Fatal("SHOPBELL_REQUIRE_ALL is set, and there is no chromium")
	}
	if path == "" {
		t.Skip("there is no chromium on this machine, so no page was looked at in a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	ctx, quit := chromedp.NewContext(ctx)
	t.Cleanup(quit)
	b := &Browser{t: t, ctx: ctx}
	console := chromedp.Console(ctx)
	go func() {
		for m, err := range console {
			if err != nil {
				return
			}
			if m.Type == chromedp.ConsoleError || m.Type == chromedp.ConsoleWarning || m.IsException() {
				b.mu.Lock()
				b.said = append(b.said, fmt.Sprintf("%s %s", m, m.URL))
				b.mu.Unlock()
			}
		}
	}()
	return b
}

func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// Do carries out steps in the tab.
func (b *Browser) Do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// Visit opens a page and waits for its main part.
func (b *Browser) Visit(address string) {
	b.t.Helper()
	b.Do("visiting "+address, chromedp.Navigate(address), chromedp.WaitVisible("main"))
}

// Eval gives the value of a JavaScript expression in the page of a browser.
func Eval[T any](b *Browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// LooksRight visits a page at 1280 and 390 pixels, and fails the test when it is wider than the window. It keeps a
// picture of each in the folder that the variable SHOPBELL_SCREENSHOTS names, if it does.
func (b *Browser) LooksRight(address string) {
	b.t.Helper()
	for _, width := range []int64{1280, 390} {
		b.Do("changing the width", chromedp.EmulateViewport(width, 900))
		b.Visit(address)
		if over := Eval[int](b, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
			b.t.Errorf("%s is %d pixels too wide at %d", address, over, width)
		}
		b.Picture(address, width)
	}
}

// Picture keeps a picture of the whole page as it is, if anybody wants one.
func (b *Browser) Picture(address string, width int64) {
	b.t.Helper()
	folder := os.Getenv("SHOPBELL_SCREENSHOTS")
	if folder == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-", "&", "-").Replace(u.RequestURI()), "-")
	if name == "" {
		name = "overview"
	}
	if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%s-%d.png", name, width)), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// Silent fails the test when pages have written errors or warnings to the console, save those that hold one of the
// given texts.
func (b *Browser) Silent(except ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
lines:
	for _, line := range b.said {
		for _, text := range except {
			if strings.Contains(line, text) {
				continue lines
			}
		}
		b.t.Errorf("the console says: %s", line)
	}
}
