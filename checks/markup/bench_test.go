package markup

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const sixteenMB = 16 << 20

// fill repeats s to 16 MB.
func fill(s string) string { return strings.Repeat(s, sixteenMB/len(s)) }

// heavy are inputs of 16 MB that are made to cost more than they should.
func heavy() map[string]string {
	var attrs strings.Builder
	for i := 0; attrs.Len() < sixteenMB; i++ {
		fmt.Fprintf(&attrs, "a%x ", i)
	}
	return map[string]string{
		"html/table":      "<table>" + fill("<tr><td>a</td><td>120</td></tr>"),
		"html/text":       "<p>" + fill("n = 120, "),
		"html/figure":     `<img src="data:image/png;base64,` + fill("AAAA") + `">`,
		"html/tags":       fill("<b>"),
		"html/closed":     fill("<i></i>"),
		"html/attributes": "<p " + attrs.String() + ">",
		"html/styles":     fill(`<p style="color:red;text-align:left">x</p>`),
		"html/comments":   fill("<!---->"),
		"html/formatting": "<p>" + fill("<b><i></b></i><a href=#x>"),
		"html/select":     fill("<table><select>"),
		"html/spans":      "<table>" + fill(`<tr><td colspan=1000 rowspan=65534>x`),
		"html/script":     "<script>" + fill("Plotly.newPlot([") + "</script>",
		"html/entities":   fill("&amp;&lt;&#x41;"),
		"svg/circles":     svgFile(fill(`<circle cx='60' cy='80' r='9' style='fill: #619CFF'/>`)),
		"svg/elements":    svgFile(fill("<g/>")),
		"svg/path":        svgFile(`<path d="` + fill("M 1 2 ") + `"/>`),
		"svg/css":         svgFile("<style>" + fill(".a{fill:red}") + "</style>"),
		"svg/comment css": svgFile("<style>" + fill("/**/") + "</style>"),
		"svg/style":       svgFile(`<g style="` + fill("fill:red;") + `"/>`),
		"svg/attributes":  "<svg " + attrs.String() + "/>",
		"svg/text":        svgFile("<text>" + fill("a<!---->") + "</text>"),
		"svg/ids":         svgFile(fill(`<g id="a"/><use href="#a"/>`)),
		"svg/transform":   svgFile(`<text transform="` + fill("scale(1)") + `">x</text>`),
		"svg/clips":       svgFile(`<clipPath id="c"><rect/></clipPath>` + fill(`<g clip-path="url(#c)"/>`)),
	}
}

// process reads and cleans one input as the service does.
func process(name, in string) {
	if strings.HasPrefix(name, "svg") {
		_, _, _ = CleanSVG([]byte(in))
		_, _ = ReadSVG([]byte(in))
		return
	}
	_, _, _ = CleanHTML([]byte(in))
	_, _ = ReadHTML([]byte(in))
}

// Inputs of 16 MB that are made to be expensive end, and soon enough that a
// test can wait for all of them. BenchmarkHeavy says what each takes.
func TestHeavyEnds(t *testing.T) {
	if testing.Short() || os.Getenv("SALLYPORT_HEAVY") == "" {
		t.Skip("set SALLYPORT_HEAVY to try inputs of 16 MB")
	}
	for name, in := range heavy() {
		process(name, in)
	}
}

// BenchmarkHeavy prints the time and the peak of live memory beyond the input
// for each expensive input of 16 MB.
func BenchmarkHeavy(b *testing.B) {
	for name, in := range heavy() {
		b.Run(name, func(b *testing.B) {
			defer debug.SetGCPercent(debug.SetGCPercent(20))
			runtime.GC()
			var before runtime.MemStats
			runtime.ReadMemStats(&before)
			var peak atomic.Uint64
			stop := make(chan struct{})
			go watch(&peak, stop)
			for b.Loop() {
				process(name, in)
			}
			close(stop)
			b.ReportMetric(float64(peak.Load()-min(peak.Load(), before.HeapAlloc))/(1<<20), "MB-peak")
		})
	}
}

func watch(peak *atomic.Uint64, stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(20 * time.Millisecond):
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapAlloc))
		}
	}
}
