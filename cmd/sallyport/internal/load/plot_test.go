package load

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestPlot(t *testing.T) {
	p := Plot{
		Title: "Times & sizes", X: "requests", Y: "ms", LogX: true, LogY: true,
		Lines: []Line{{Name: "a <page>", Points: []Point{{100, 1}, {1000, 10}, {10_000, 100}}}, {Name: "dots", Dots: true, Points: []Point{{100, 1}, {0, 5}}}},
	}
	drawn := p.SVG()
	d := xml.NewDecoder(strings.NewReader(drawn))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, drawn)
		}
	}
	// The corners of the field, and its middle: powers of ten are equally far apart.
	if want := "M64.0 292.0L297.0 166.0L530.0 40.0"; !strings.Contains(drawn, want) {
		t.Errorf("the line %s is not in\n%s", want, drawn)
	}
	if strings.Count(drawn, "<circle") != 2 { // one point and the one beside its name
		t.Errorf("a point without a logarithm is drawn, or one with it is not:\n%s", drawn)
	}
	for _, want := range []string{">10,000</text>", "a &lt;page&gt;", "Times &amp; sizes"} {
		if !strings.Contains(drawn, want) {
			t.Errorf("%q is not in\n%s", want, drawn)
		}
	}
}

func TestPlotTicks(t *testing.T) {
	for _, c := range []struct {
		a    axis
		want string
	}{
		{axis{to: 100}, "0 20 40 60 80 100"},
		{axis{to: 7}, "0 2 4 6"},
		{axis{to: 0.3}, "0 0.05 0.1 0.15 0.2 0.25 0.3"},
		{axis{log: true, from: 2, to: 5}, "100 1,000 10,000 100,000"},
	} {
		var got []string
		for _, v := range c.a.ticks() {
			got = append(got, number(v))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("ticks of %+v: %v, want %s", c.a, got, c.want)
		}
	}
}
