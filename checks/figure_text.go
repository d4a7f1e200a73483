package checks

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sallyport/checks/markup"
	"sallyport/policy"
)

var figureText = Check{
	Name: "figure-text", Version: 1, Title: "Numbers and active parts of a drawing",
	Doc: "A drawing holds its texts as text. Small whole numbers that are not an axis may be counts of people, " +
		"as in the table of numbers at risk below a survival curve. " +
		"A drawing can also run script, fetch files and embed pictures: all of that goes when it is cleaned.",
	Source: "OpenSAFELY documentation, sdc.md: numbers printed in figures follow the rules for tables; requesting file release: no active content.",
	Example: `"Number at risk" with 812, 95 and 4 below a curve: the 4 is reported. ` +
		"An axis of 0, 2, 4, 6: not. A script in the drawing: reported.",
	FixR: `# round and redact before anything is drawn from the counts
labels <- df |> mutate(label = if_else(n <= 7, "[REDACTED]", as.character(round(n / 5) * 5)))
# then geom_text(aes(label = label), data = labels), or survminer's risk table from them`,
	FixPy: `# round and redact before anything is drawn from the counts
labels = ((df["n"] / 5).round() * 5).astype(int).astype(str).mask(df["n"] <= 7, "[REDACTED]")
# then ax.text(x, y, label) for each; lifelines: at_risk_counts=False, and print these instead`,
	Kinds: []Kind{
		{"active-content", policy.Block, "script, an event handler, animation or an address that runs"},
		{"external", policy.Warn, "something is fetched from another file or place"},
		{"embedded-image", policy.Warn, "a picture is embedded, whose contents are not read"},
		{"at-risk", policy.Warn, "small numbers beside words such as \"at risk\" or \"n =\""},
		{"small-number", policy.Note, "small whole numbers that are not an axis"},
		{"points", policy.Note, "more than 200 points, each of which may be a person"},
	},
	File: checkFigureText,
}

// manyPoints is the number of points beyond which a figure may show people.
const manyPoints = 200

func checkFigureText(p *Pass) error {
	if d := p.Doc.Drawing; d != nil {
		activeDrawing(p, d)
		drawn(p, d, "")
	}
	if page := p.Doc.Page; page != nil {
		for i, d := range page.Drawings {
			drawn(p, d, fmt.Sprintf("figure %d", i+1))
		}
	}
	return nil
}

// activeDrawing reports what a drawing of its own does; within a page the page
// is what does it.
func activeDrawing(p *Pass, d *markup.Drawing) {
	for _, k := range []struct {
		kind, message string
		n             int
	}{
		{"active-content", "The drawing runs script, in %s.", d.Counts.Scripts},
		{"external", "The drawing fetches something from elsewhere, in %s.", d.Counts.External},
		{"embedded-image", "The drawing embeds pictures, which are not read: %s.", d.Counts.Images},
	} {
		if k.n > 0 {
			p.Report(Finding{Kind: k.kind, Message: fmt.Sprintf(k.message, counted(k.n, "place")), Evidence: map[string]any{"places": k.n}})
		}
	}
}

var riskWords = regexp.MustCompile(`(?i)\bat[ _]risk\b|\bn\.risk\b|\bno\. at\b|\bnumber at\b|\bn\s*=`)

// drawn reports the numbers printed in a drawing.
func drawn(p *Pass, d *markup.Drawing, name string) {
	free, all := freeNumbers(d.Labels)
	var small []Row
	for _, l := range free {
		if v := l.value; v == math.Trunc(v) && v >= 1 && v <= float64(p.Policy.Counts.Threshold) && !l.percent {
			small = append(small, Row{Line: max(l.Line, 1), Value: l.Text})
		}
	}
	if len(small) > 0 {
		f := Finding{Kind: "small-number", Table: name, Rows: small, Confidence: 0.5,
			Message:  fmt.Sprintf("%d of the %d numbers printed in the figure are 1 to %d and not an axis.", len(small), all, p.Policy.Counts.Threshold),
			Evidence: map[string]any{"numbers": all, "not_axis": len(free), "small": len(small)}}
		if i := slices.IndexFunc(d.Labels, func(l markup.Label) bool { return riskWords.MatchString(l.Text) }); i >= 0 {
			f.Kind, f.Confidence = "at-risk", 0.9
			f.Evidence["words"] = short(d.Labels[i].Text)
		}
		p.Report(f)
	}
	if n := d.Counts.Marks - d.Counts.Shapes; n > manyPoints {
		p.Report(Finding{Kind: "points", Table: name, Confidence: 0.3, Evidence: map[string]any{"points": n},
			Message: fmt.Sprintf("The figure draws %d points. Is each of them a person?", n)})
	}
}

// printedNumber is a label that is a number.
type printedNumber struct {
	markup.Label
	value   float64
	percent bool
}

var numeric = regexp.MustCompile(`^\d[\d,]*(?:\.\d+)?%?$`)

// freeNumbers returns the printed numbers that belong to no axis, and how many
// numbers are printed in all. Numbers on one line, across or down, that form a
// series as axes do are an axis.
func freeNumbers(labels []markup.Label) (free []printedNumber, all int) {
	var nums []printedNumber
	rows, cols := map[int][]float64{}, map[int][]float64{}
	for _, l := range labels {
		s := strings.ReplaceAll(l.Text, " ", "")
		if !numeric.MatchString(s) {
			continue
		}
		bare, percent := strings.CutSuffix(strings.ReplaceAll(s, ",", ""), "%")
		v, err := strconv.ParseFloat(bare, 64)
		if err != nil {
			continue
		}
		nums = append(nums, printedNumber{l, v, percent})
		if !percent {
			rows[place5(l.Y)] = append(rows[place5(l.Y)], v)
			cols[place5(l.X)] = append(cols[place5(l.X)], v)
		}
	}
	for _, n := range nums {
		if !axis(rows[place5(n.Y)]) && !axis(cols[place5(n.X)]) {
			free = append(free, n)
		}
	}
	return free, len(nums)
}

// place5 rounds a coordinate, so that labels of one line share it.
func place5(x float64) int {
	if math.IsNaN(x) || math.Abs(x) > 1e9 {
		return math.MinInt
	}
	return int(math.Round(x))
}

// axis says whether three or more numbers on one line form a series of equal
// steps, of equal ratios, or of 1, 2, 3 and 5 times powers of ten; or repeat one
// or two numbers.
func axis(values []float64) bool {
	if len(values) < 3 {
		return false
	}
	v := slices.Compact(slices.Sorted(slices.Values(values)))
	if len(v) < 3 {
		return true
	}
	steps, ratios, decades := true, v[0] > 0, v[0] > 0
	for i := range v {
		if i > 1 {
			steps = steps && near(v[i]-v[i-1], v[1]-v[0])
			ratios = ratios && near(v[i]/v[i-1], v[1]/v[0])
		}
		decades = decades && leadingDigit(v[i])
	}
	return steps || ratios || decades
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*math.Max(math.Abs(a), math.Abs(b)) }

// leadingDigit says whether x is 1, 2, 3 or 5 times a power of ten.
func leadingDigit(x float64) bool {
	if x <= 0 {
		return false
	}
	m := x / math.Pow(10, math.Floor(math.Log10(x)+1e-12))
	return near(m, 1) || near(m, 2) || near(m, 3) || near(m, 5)
}
