package browsertest

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// compare draws two images on a white ground and counts the pixels that differ,
// and those of the first that are not white.
const compare = `(async (a, b) => {
	const draw = async src => {
		const img = new Image(1000, 750);
		img.src = src;
		await img.decode();
		const c = document.createElement('canvas');
		c.width = 1000; c.height = 750;
		const x = c.getContext('2d', {willReadFrequently: true});
		x.fillStyle = 'white'; x.fillRect(0, 0, 1000, 750);
		x.drawImage(img, 0, 0, 1000, 750);
		return new Uint32Array(x.getImageData(0, 0, 1000, 750).data.buffer);
	};
	const p = await draw(a), q = await draw(b);
	let differ = 0, drawn = 0;
	for (let i = 0; i < p.length; i++) { if (p[i] !== q[i]) differ++; if (p[i] !== 0xffffffff) drawn++; }
	return [differ, drawn];
})(%q, %q)`

// Compare draws two images (PNG, JPEG or SVG) of the site that the tab shows,
// named by their paths there, each 1000 by 750 pixels on white. It returns how
// many pixels differ, and how many of the first are not white: a test should
// ask for some, lest two blank pictures agree.
func Compare(t testing.TB, ctx context.Context, a, b string) (differ, drawn int) {
	t.Helper()
	n, err := chromedp.Run(ctx, chromedp.Evaluate[[]int](fmt.Sprintf(compare, a, b), chromedp.EvalAwaitPromise))
	if err != nil || len(n) != 2 {
		t.Errorf("comparing %s and %s: %v", a, b, err)
		return 0, 0
	}
	return n[0], n[1]
}
