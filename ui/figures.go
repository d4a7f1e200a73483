package ui

import (
	"net/http"
	"slices"
	"strconv"

	"sallyport/review"
	"sallyport/ui/export"
)

// figuresPage is the work in numbers: each figure a plot, its definition, and
// the same numbers as a table.
type figuresPage struct {
	Search  search
	Events  int64
	Figures []figureRow
	Empty   bool // no figure has anything to draw
}

type figureRow struct {
	export.Figure
	Plot *plot // nil when there is nothing to draw
	CSV  string
}

// plot is a bar chart in units of its own box, as the template draws it. The
// style sheet gives colours, by series; numbers stand at each bar, so that no
// colour is needed to read it.
type plot struct {
	Title, Desc   string
	Width, Height int
	Bars          []bar
	Legend        []string // of the series, when there are two
	Mark          *mark
	Level         bool // its bars lie
	Stacked       bool // each below its name, so that letters stay legible where there is little room
}

type bar struct {
	Label        string
	Value        string
	X, Y, W, H   int
	LabelX       int
	LabelY       int
	ValueX       int
	ValueY       int
	Series       int // 0 or 1
	Anchor, Hint string
}

// mark is a line across the bars, with what it says.
type mark struct {
	X, Y1, Y2 int
	Text      string
}

func (u *UI) figures(c *call) error {
	sr := readSearch(c.QueryParams())
	f, err := u.readFigures(c, sr)
	if err != nil {
		return err
	}
	p := figuresPage{Search: search{Since: sr.Since, Until: sr.Until}, Events: f.Events}
	for _, x := range export.Figures(f) {
		v := p.Search.values()
		v.Set("figure", x.ID)
		v.Set("format", "csv")
		p.Figures = append(p.Figures, figureRow{Figure: x, Plot: plotOf(x, f), CSV: "/export/figures?" + v.Encode()})
	}
	p.Empty = !slices.ContainsFunc(p.Figures, func(f figureRow) bool { return f.Plot != nil })
	return c.render(http.StatusOK, "figures", frame{Title: "Figures", Wide: true}, p)
}

func (u *UI) readFigures(c *call, sr search) (*review.Figures, error) {
	since, until, err := sr.days()
	if err != nil {
		return nil, err
	}
	return u.service.Figures(c.ctx(), c.actor, since, until)
}

func (u *UI) exportFigures(c *call) error {
	f, err := u.readFigures(c, readSearch(c.QueryParams()))
	if err != nil {
		return err
	}
	d, err := export.FigureFile(f, c.QueryParam("figure"), u.now())
	if err != nil {
		return err
	}
	return c.send(d)
}

// plotOf draws a figure: columns where the axis is time, bars elsewhere.
func plotOf(x export.Figure, f *review.Figures) *plot {
	if len(x.Rows) == 0 {
		return nil
	}
	var p *plot
	switch x.ID {
	case "turnaround":
		if f.Turnaround.Turns == 0 {
			return nil
		}
		p = columns(x.Rows, 1, -1, func(i int) int { return map[bool]int{true: 0, false: 1}[i < f.Promise] })
		p.Legend = []string{"within the promise", "later"}
		p.Mark = p.between(f.Promise, "promised: "+strconv.Itoa(f.Promise))
	case "months":
		p = columns(x.Rows[max(0, len(x.Rows)-24):], 2, 3, func(int) int { return 0 })
		p.Legend = []string{"within the promise", "later"}
	case "recalls":
		p = columns(x.Rows[max(0, len(x.Rows)-24):], 1, -1, func(int) int { return 1 })
	case "work":
		p = bars(x.Rows, 3, "")
	case "agreement":
		p = bars(x.Rows, 3, " %")
	case "returns":
		p = bars(x.Rows[:len(f.Returns.Findings)], 2, "")
	case "overrode":
		p = bars(x.Rows, 2, "")
	case "exceptions":
		p = bars(x.Rows, 1, "")
	}
	if p == nil {
		return nil
	}
	p.Title, p.Desc = x.Title, x.Sum+" The table below holds the same numbers."
	return p
}

// Sizes of plots, in units of their box.
const (
	plotWidth  = 720
	plotHigh   = 220 // of the tallest column
	barHigh    = 22
	barGap     = 8
	labelMost  = 230 // for the names before level bars, at most
	stackFrom  = 150 // room for names from which they stand above the bars
	stackHigh  = 18  // of a name above its bar
	stackedBar = 14  // the height of a bar below its name
	barRoom    = 220 // of the longest level bar
	valueRoom  = 60  // behind it
	maxPlotted = 25  // bars; the table has them all
)

func quantity(text string) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return n
}

// columns draws one upright bar for each row, of one column of the table or of
// two, one on the other.
func columns(rows [][]string, first, second int, series func(int) int) *plot {
	most := 1.0
	for _, r := range rows {
		n := quantity(r[first])
		if second >= 0 {
			n += quantity(r[second])
		}
		most = max(most, n)
	}
	p := &plot{Width: plotWidth, Height: plotHigh + 60}
	step := plotWidth / len(rows)
	base := plotHigh + 25
	for i, r := range rows {
		x, w := i*step+step/8, min(step*3/4, 70)
		high := func(text string) int { return int(quantity(text) / most * plotHigh) }
		b := bar{Label: short(r[0]), Value: r[first], X: x, W: w, H: high(r[first]), Series: series(i), LabelX: x + w/2, LabelY: base + 18, ValueX: x + w/2, Anchor: "middle", Hint: r[0]}
		b.Y = base - b.H
		b.ValueY = b.Y - 5
		if second < 0 {
			if b.Value == "0" {
				b.Value = ""
			}
			p.Bars = append(p.Bars, b)
			continue
		}
		top := b
		top.Label, top.H, top.Series, top.Value = "", high(r[second]), 1, strconv.Itoa(int(quantity(r[first])+quantity(r[second])))
		top.Y = b.Y - top.H
		top.ValueY = top.Y - 5
		b.Value = ""
		p.Bars = append(p.Bars, b, top)
	}
	return p
}

// between puts a line after so many columns.
func (p *plot) between(n int, text string) *mark {
	if n >= len(p.Bars) {
		return nil
	}
	return &mark{X: n * (p.Width / len(p.Bars)), Y1: 4, Y2: p.Height - 35, Text: text}
}

// bars draws one level bar for each row, its name before it, its value behind.
func bars(rows [][]string, column int, unit string) *plot {
	rows = rows[:min(len(rows), maxPlotted)]
	if len(rows) == 0 {
		return nil
	}
	most := 1.0
	if unit != "" {
		most = 100
	}
	for _, r := range rows {
		most = max(most, quantity(r[column]))
	}
	label := func(r []string) string {
		if len(r) > 1 && (r[1] == "block" || r[1] == "warn") {
			return r[0] + ", " + map[string]string{"block": "blocking", "warn": "warning"}[r[1]]
		}
		return r[0]
	}
	longest := 0
	for _, r := range rows {
		longest = max(longest, len([]rune(label(r))))
	}
	wide := min(labelMost, longest*7+16)
	if wide > stackFrom {
		return stacked(rows, column, unit, most, label)
	}
	p := &plot{Width: wide + barRoom + valueRoom, Height: len(rows)*(barHigh+barGap) + barGap, Level: true}
	for i, r := range rows {
		y := barGap + i*(barHigh+barGap)
		b := bar{Label: cut(label(r), 34), Value: r[column] + unit, X: wide, Y: y, H: barHigh, W: int(quantity(r[column]) / most * barRoom),
			LabelX: wide - 8, LabelY: y + barHigh - 6, ValueY: y + barHigh - 6, Anchor: "end", Hint: label(r)}
		b.ValueX = b.X + b.W + 6
		if len(r) > 1 && r[1] == "block" {
			b.Series = 1
		}
		p.Bars = append(p.Bars, b)
	}
	return p
}

// stacked draws the level bars of rows with long names, each below its name.
func stacked(rows [][]string, column int, unit string, most float64, label func([]string) string) *plot {
	const step = stackHigh + stackedBar + barGap
	p := &plot{Width: barRoom + valueRoom, Height: len(rows)*step + barGap, Level: true, Stacked: true}
	for i, r := range rows {
		y := barGap + i*step
		b := bar{Label: cut(label(r), 38), Value: r[column] + unit, Y: y + stackHigh, H: stackedBar, W: int(quantity(r[column]) / most * barRoom),
			LabelY: y + stackHigh - 5, ValueY: y + stackHigh + stackedBar - 2, Anchor: "start", Hint: label(r)}
		b.ValueX = b.W + 6
		if len(r) > 1 && r[1] == "block" {
			b.Series = 1
		}
		p.Bars = append(p.Bars, b)
	}
	return p
}
