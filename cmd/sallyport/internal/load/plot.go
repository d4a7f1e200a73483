package load

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// Plot is lines over two axes, drawn as SVG.
type Plot struct {
	Title, X, Y string // Y and X with their units
	LogX, LogY  bool   // in powers of ten; what is not above 0 is left out
	Lines       []Line
}

// Line is one of them.
type Line struct {
	Name   string
	Points []Point
	Dots   bool // each point by itself
}

// Point is a place on a plot.
type Point struct{ X, Y float64 }

// How large plots are, and what is kept free beside the lines, in pixels.
const (
	plotWide, plotHigh = 720, 340
	plotLeft, plotTop  = 64, 40
	plotRight          = 190 // the names of the lines
	plotBottom         = 48
)

// dashes and colours tell lines apart, also without colour: no line has both in
// common with another of the first eight.
func colours() []string {
	return []string{"#005eb8", "#d5281b", "#007f3b", "#7c2855", "#b06f00", "#00777b", "#425563", "#330072"}
}

func dashes() []string { return []string{"", "6 3", "2 3", "9 3 2 3"} }

// axis maps values to pixels.
type axis struct {
	log      bool
	from, to float64 // already as powers where log
	at, over float64
}

func (a axis) value(v float64) float64 {
	if a.log {
		return math.Log10(v)
	}
	return v
}

func (a axis) pixel(v float64) float64 { return a.at + (a.value(v)-a.from)/(a.to-a.from)*a.over }

// ticks are where an axis has numbers.
func (a axis) ticks() []float64 {
	var out []float64
	if a.log {
		for p := math.Ceil(a.from); p <= a.to+1e-9; p++ {
			out = append(out, math.Pow(10, p))
		}
		return out
	}
	step := math.Pow(10, math.Floor(math.Log10((a.to-a.from)/4)))
	for _, m := range []float64{5, 2} {
		if (a.to-a.from)/(step*m) >= 3 {
			step *= m
			break
		}
	}
	for v := math.Ceil(a.from/step) * step; v <= a.to+step/1e6; v += step {
		out = append(out, v)
	}
	return out
}

// axes fit all points; one that is not of powers begins at 0.
func (p Plot) axes() (x, y axis) {
	x = axis{log: p.LogX, from: math.Inf(1), to: math.Inf(-1), at: plotLeft, over: plotWide - plotLeft - plotRight}
	y = axis{log: p.LogY, from: math.Inf(1), to: math.Inf(-1), at: plotHigh - plotBottom, over: -(plotHigh - plotTop - plotBottom)}
	for _, l := range p.Lines {
		for _, at := range l.Points {
			if p.shown(at) {
				x.from, x.to = min(x.from, x.value(at.X)), max(x.to, x.value(at.X))
				y.from, y.to = min(y.from, y.value(at.Y)), max(y.to, y.value(at.Y))
			}
		}
	}
	for _, a := range []*axis{&x, &y} {
		switch {
		case math.IsInf(a.from, 0):
			a.from, a.to = 0, 1
		case a.log:
			a.from, a.to = math.Floor(a.from), math.Ceil(a.to)
		default:
			a.from = 0
		}
		if a.to <= a.from {
			a.to = a.from + 1
		}
	}
	return x, y
}

func (p Plot) shown(at Point) bool { return (!p.LogX || at.X > 0) && (!p.LogY || at.Y > 0) }

// SVG is the drawing.
func (p Plot) SVG() string {
	x, y := p.axes()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="12" fill="#212b32" role="img"><title>%[3]s</title>`+"\n", plotWide, plotHigh, html.EscapeString(p.Title))
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/><text x="%d" y="20" font-size="14" font-weight="bold">%s</text>`+"\n", plotLeft, html.EscapeString(p.Title))
	for _, v := range y.ticks() {
		at := y.pixel(v)
		fmt.Fprintf(&b, `<path d="M%d %.1fh%.0f" stroke="#d8dde0"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", plotLeft, at, x.over, plotLeft-6, at+4, number(v))
	}
	for _, v := range x.ticks() {
		at := x.pixel(v)
		fmt.Fprintf(&b, `<path d="M%.1f %dv4" stroke="#425563"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", at, plotHigh-plotBottom, at, plotHigh-plotBottom+18, number(v))
	}
	fmt.Fprintf(&b, `<path d="M%d %dh%.0f" stroke="#425563"/><text x="%.0f" y="%d" text-anchor="middle">%s</text><text x="14" y="%d" text-anchor="middle" transform="rotate(-90 14 %d)">%s</text>`+"\n",
		plotLeft, plotHigh-plotBottom, x.over, plotLeft+x.over/2, plotHigh-10, html.EscapeString(p.X), (plotTop+plotHigh-plotBottom)/2, (plotTop+plotHigh-plotBottom)/2, html.EscapeString(p.Y))
	for i, l := range p.Lines {
		p.line(&b, i, l, x, y)
	}
	return b.String() + "</svg>\n"
}

// line draws one and its name.
func (p Plot) line(b *strings.Builder, i int, l Line, x, y axis) {
	colour, dash := colours()[i%len(colours())], dashes()[i%len(dashes())]
	var path strings.Builder
	for _, at := range l.Points {
		switch {
		case !p.shown(at):
		case l.Dots:
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="2" fill="%s"/>`+"\n", x.pixel(at.X), y.pixel(at.Y), colour)
		case path.Len() == 0:
			fmt.Fprintf(&path, "M%.1f %.1f", x.pixel(at.X), y.pixel(at.Y))
		default:
			fmt.Fprintf(&path, "L%.1f %.1f", x.pixel(at.X), y.pixel(at.Y))
		}
	}
	stroke := fmt.Sprintf(`fill="none" stroke="%s" stroke-width="1.8"`, colour)
	if dash != "" {
		stroke += ` stroke-dasharray="` + dash + `"`
	}
	if path.Len() > 0 {
		fmt.Fprintf(b, `<path d="%s" %s/>`+"\n", path.String(), stroke)
	}
	left, top := plotWide-plotRight+14, plotTop+8+17*i
	if l.Dots {
		fmt.Fprintf(b, `<circle cx="%d" cy="%d" r="3" fill="%s"/>`, left+11, top, colour)
	} else {
		fmt.Fprintf(b, `<path d="M%d %dh22" %s/>`, left, top, stroke)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`+"\n", left+28, top+4, html.EscapeString(l.Name))
}

// number is a tick's.
func number(v float64) string {
	if a := math.Abs(v); a >= 1000 {
		text := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
		for i := len(text) - 3; i > 0; i -= 3 {
			text = text[:i] + "," + text[i:]
		}
		return text
	}
	return strconv.FormatFloat(math.Round(v*1e6)/1e6, 'g', -1, 64)
}
