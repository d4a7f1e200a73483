package demo

import (
	"bytes"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// chart is a line chart: one line per series over the same labels.
type chart struct {
	title, y string
	labels   []string
	series   []series
	max      float64
}

type series struct {
	name   string
	values []float64
}

// The plot area of every chart, in pixels.
const (
	chartWidth, chartHeight = 720, 432
	plotLeft, plotRight     = 64.0, 560.0
	plotTop, plotBottom     = 48.0, 376.0
)

var colours = []color.RGBA{{0x00, 0x5e, 0xb8, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x72, 0x4f, 0xff}, {0x8a, 0x3f, 0x9e, 0xff}}

func hexColour(c color.RGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }

// x and y place the i-th label and a value.
func (c chart) x(i int) float64 {
	return plotLeft + (plotRight-plotLeft)*float64(i)/float64(max(len(c.labels)-1, 1))
}

func (c chart) yAt(v float64) float64 { return plotBottom - (plotBottom-plotTop)*v/c.max }

// ticks are the values marked on the y axis.
func (c chart) ticks() []float64 {
	return []float64{0, c.max / 4, c.max / 2, 3 * c.max / 4, c.max}
}

// everyLabel is the step between the labels written below the x axis.
func (c chart) everyLabel() int { return max(1, (len(c.labels)+5)/6) }

// svg draws the chart in the manner of R's svglite: defaults in a style element,
// a clip path with an odd id, text with its length fixed.
func (c chart) svg() []byte {
	const clip = "cpNjQuMDB8NTYwLjAwfDQ4LjAwfDM3Ni4wMA=="
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version='1.0' encoding='UTF-8' ?>
<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' class='svglite' width='%d.00pt' height='%d.00pt' viewBox='0 0 %[1]d.00 %d.00'>
<defs>
  <style type='text/css'><![CDATA[
    .svglite line, .svglite polyline, .svglite polygon, .svglite path, .svglite rect, .svglite circle {
      fill: none; stroke: #000000; stroke-linecap: round; stroke-linejoin: round; stroke-miterlimit: 10.00;
    }
    .svglite text { white-space: pre; }
  ]]></style>
</defs>
<rect width='100%%' height='100%%' style='stroke: none; fill: #FFFFFF;'/>
<defs>
  <clipPath id='%s'><rect x='%.2f' y='%.2f' width='%.2f' height='%.2f' /></clipPath>
</defs>
`, chartWidth, chartHeight, clip, plotLeft, plotTop, plotRight-plotLeft, plotBottom-plotTop)
	c.svgAxes(&b)
	fmt.Fprintf(&b, "<g clip-path='url(#%s)'>\n", clip)
	for i, s := range c.series {
		var points []string
		for j, v := range s.values {
			points = append(points, fmt.Sprintf("%.2f,%.2f", c.x(j), c.yAt(v)))
		}
		fmt.Fprintf(&b, "<polyline points='%s' style='stroke-width: 2.13; stroke: %s; stroke-linecap: butt;' />\n", strings.Join(points, " "), hexColour(colours[i%len(colours)]))
	}
	b.WriteString("</g>\n")
	for i, s := range c.series {
		svgText(&b, plotRight+14, plotTop+20*float64(i)+8, 11, hexColour(colours[i%len(colours)]), s.name)
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

func (c chart) svgAxes(b *strings.Builder) {
	svgText(b, plotLeft, 26, 14, "#000000", c.title)
	svgText(b, 8, plotTop-8, 10, "#4D4D4D", c.y)
	for _, v := range c.ticks() {
		y := c.yAt(v)
		fmt.Fprintf(b, "<line x1='%.2f' y1='%.2f' x2='%.2f' y2='%.2f' style='stroke-width: 1.07; stroke: #EBEBEB; stroke-linecap: butt;' />\n", plotLeft, y, plotRight, y)
		svgText(b, plotLeft-34, y+3, 9, "#4D4D4D", fmt.Sprintf("%g", v))
	}
	for i := 0; i < len(c.labels); i += c.everyLabel() {
		svgText(b, c.x(i)-18, plotBottom+18, 9, "#4D4D4D", c.labels[i])
	}
}

func svgText(b *strings.Builder, x, y, size float64, fill, text string) {
	fmt.Fprintf(b, "<text x='%.2f' y='%.2f' style='font-size: %.2fpx; fill: %s; font-family: \"Arial\";' textLength='%.2fpx' lengthAdjust='spacingAndGlyphs'>%s</text>\n",
		x, y, size, fill, float64(len(text))*size*0.52, html.EscapeString(text))
}

// png draws the same chart as a bitmap.
func (c chart) png() []byte {
	img := image.NewRGBA(image.Rect(0, 0, chartWidth, chartHeight))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	grey := color.RGBA{0xdd, 0xdd, 0xdd, 0xff}
	write(img, plotLeft, 26, color.RGBA{A: 0xff}, c.title)
	write(img, 8, plotTop-10, color.RGBA{A: 0xff}, c.y)
	for _, v := range c.ticks() {
		line(img, plotLeft, c.yAt(v), plotRight, c.yAt(v), 1, grey)
		write(img, plotLeft-36, c.yAt(v)+4, color.RGBA{A: 0xff}, fmt.Sprintf("%g", v))
	}
	for i := 0; i < len(c.labels); i += c.everyLabel() {
		write(img, c.x(i)-20, plotBottom+20, color.RGBA{A: 0xff}, c.labels[i])
	}
	for i, s := range c.series {
		hue := colours[i%len(colours)]
		for j := 1; j < len(s.values); j++ {
			line(img, c.x(j-1), c.yAt(s.values[j-1]), c.x(j), c.yAt(s.values[j]), 3, hue)
		}
		write(img, plotRight+14, plotTop+20*float64(i)+8, hue, s.name)
	}
	var buf bytes.Buffer
	_ = png.Encode(&buf, img) // a buffer takes all that is written
	return buf.Bytes()
}

func write(img draw.Image, x, y float64, c color.RGBA, text string) {
	d := font.Drawer{Dst: img, Src: image.NewUniform(c), Face: basicfont.Face7x13, Dot: fixed.P(int(x), int(y))}
	d.DrawString(text)
}

// line draws a straight line as a row of small squares.
func line(img draw.Image, x0, y0, x1, y1 float64, width int, c color.RGBA) {
	steps := max(int(max(x1-x0, x0-x1, y1-y0, y0-y1)), 1)
	for i := 0; i <= steps; i++ {
		t := float64(i) / float64(steps)
		x, y := int(x0+t*(x1-x0)), int(y0+t*(y1-y0))
		draw.Draw(img, image.Rect(x, y, x+width, y+width), image.NewUniform(c), image.Point{}, draw.Src)
	}
}
