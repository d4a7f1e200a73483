package markup

import (
	"errors"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"sallyport/checks/table"
)

// Limits of one table of a page.
const (
	maxColumns = 5000
	maxSpan    = 1000 // what browsers allow a cell to span in columns
)

var errWide = errors.New("one of its tables has more cells than can be examined")

// cell of a table as written.
type cell struct {
	text       string
	cols, rows int
	head       bool
}

// tableRow is one row with the section it stands in.
type tableRow struct {
	section string // thead, tbody, tfoot or ""
	cells   []cell
}

// readTable turns a table into rows of text; nil when it has nothing to look
// at: fewer than two columns, or no row below its header. Cells that span
// columns fill the first (all of them in a header), cells that span rows are
// repeated where they are labels. Footnote marks and nested tables are left
// out of a cell.
func readTable(n *html.Node, name string) (*table.Source, error) {
	grid, heads, err := layOut(tableRows(n))
	if err != nil {
		return nil, err
	}
	width := 0
	for _, r := range grid {
		width = max(width, len(r))
	}
	if width < 2 || len(grid) < 2 {
		return nil, nil
	}
	src := &table.Source{Name: name, Header: joinHeader(grid[:heads], width), Lines: []int{1}}
	for i, r := range grid[heads:] {
		for len(r) < width {
			r = append(r, "")
		}
		src.Records = append(src.Records, r)
		src.Lines = append(src.Lines, heads+i+1)
	}
	if len(src.Records) == 0 {
		return nil, nil
	}
	return src, nil
}

// tableRows collects the rows of a table, those of nested tables apart.
func tableRows(n *html.Node) []tableRow {
	var rows []tableRow
	var walk func(n *html.Node, section string)
	walk = func(n *html.Node, section string) {
		for k := n.FirstChild; k != nil; k = k.NextSibling {
			if k.Type != html.ElementNode {
				continue
			}
			switch k.Data {
			case "thead", "tbody", "tfoot":
				walk(k, k.Data)
			case "tr":
				if r := (tableRow{section, rowCells(k)}); len(r.cells) > 0 {
					rows = append(rows, r)
				}
			case "table":
			default:
				walk(k, section)
			}
		}
	}
	walk(n, "")
	return rows
}

func rowCells(tr *html.Node) []cell {
	var cells []cell
	for k := tr.FirstChild; k != nil; k = k.NextSibling {
		if k.Type == html.ElementNode && (k.Data == "td" || k.Data == "th") {
			cells = append(cells, cell{cellText(k), span(k, "colspan"), span(k, "rowspan"), k.Data == "th"})
		}
	}
	return cells
}

func span(n *html.Node, key string) int {
	v, err := strconv.Atoi(strings.TrimSpace(attr(n, key)))
	if err != nil || v < 1 {
		return 1
	}
	return min(v, maxSpan)
}

// cellText is what stands in a cell. Superscripts are footnote marks, which
// would otherwise join the number before them.
func cellText(n *html.Node) string {
	var b strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		for k := n.FirstChild; k != nil; k = k.NextSibling {
			switch {
			case k.Type == html.TextNode:
				b.WriteString(k.Data)
			case k.Type != html.ElementNode:
			case k.Data == "sup", k.Data == "script", k.Data == "style", k.Data == "table", k.Data == "annotation", k.Namespace == "svg":
			case breaks[k.Data]:
				b.WriteByte(' ')
				walk(k)
				b.WriteByte(' ')
			default:
				walk(k)
			}
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// breaks are the elements that start a new line.
var breaks = set(`address article aside blockquote body br caption center dd details dialog div dl dt fieldset
	figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary
	table tbody td tfoot th thead title tr ul option`)

// layOut places the cells on a grid and says how many rows are header.
func layOut(rows []tableRow) (grid [][]string, heads int, err error) {
	heads = headerRows(rows)
	type hanging struct {
		text string
		left int
	}
	var down []hanging // by column, cells of rows above that reach down
	total := 0
	for i, r := range rows {
		if r.section == "tfoot" && len(r.cells) == 1 && r.cells[0].cols > 1 {
			continue // a footnote
		}
		var line []string
		put := func(text string) { line = append(line, text) }
		fill := func() {
			for len(line) < len(down) && down[len(line)].left > 0 {
				h := &down[len(line)]
				h.left--
				put(h.text)
			}
		}
		for _, c := range r.cells {
			fill()
			for k := range c.cols {
				at := len(line)
				for len(down) <= at {
					down = append(down, hanging{})
				}
				text := c.text
				if k > 0 && i >= heads {
					text = ""
				}
				down[at] = hanging{repeated(text, c.head), c.rows - 1}
				put(text)
			}
			if len(line) > maxColumns {
				return nil, 0, errWide
			}
		}
		fill()
		if total += len(line); total > table.MaxCells {
			return nil, 0, errWide
		}
		if i < heads || strings.Join(line, "") != "" {
			grid = append(grid, line)
		}
	}
	return grid, min(heads, len(grid)), nil
}

// repeated is what a cell that reaches down says in the rows below: a label
// itself, a number nothing, lest it be counted again.
func repeated(text string, head bool) string {
	if head || table.Parse(text).Kind == table.Text {
		return text
	}
	return ""
}

// headerRows counts the rows of the header: those in thead, else the first rows
// that hold header cells only, else one.
func headerRows(rows []tableRow) int {
	n := 0
	for n < len(rows) && rows[n].section == "thead" {
		n++
	}
	if n > 0 {
		return n
	}
	for n < len(rows)-1 && allHeads(rows[n].cells) {
		n++
	}
	return max(n, 1)
}

func allHeads(cells []cell) bool {
	for _, c := range cells {
		if !c.head {
			return false
		}
	}
	return true
}

// joinHeader makes one name of the header cells above a column.
func joinHeader(rows [][]string, width int) []string {
	names := make([]string, width)
	for c := range names {
		var parts []string
		for _, r := range rows {
			if c < len(r) && r[c] != "" && (len(parts) == 0 || parts[len(parts)-1] != r[c]) {
				parts = append(parts, r[c])
			}
		}
		names[c] = strings.Join(parts, " ")
	}
	return names
}
