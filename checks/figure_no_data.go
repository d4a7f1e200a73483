package checks

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"sallyport/checks/table"
	"sallyport/policy"
)

var figureNoData = Check{
	Name: "figure-no-data", Version: 1, Title: "Figure without its data",
	Doc: "A figure cannot be checked by eye: the counts behind it must come with it, as a table in the same group of files, " +
		"marked as supporting if it is not to be released. The checks of that table then speak for the figure.",
	Source:  "OpenSAFELY documentation, requesting file release: always produce the underlying aggregated data of a figure.",
	Example: `"deaths.png" alone: reported. With "deaths_data.csv" in its group: not.`,
	FixR: `plot_data <- df |> select(region, n)   # redacted and rounded, as it is drawn
write.csv(plot_data, "figure_data.csv", row.names = FALSE)
# beside ggsave("figure.png"); add figure_data.csv to the same group`,
	FixPy: `plot_data = df[["region", "n"]]   # redacted and rounded, as it is drawn
plot_data.to_csv("figure_data.csv", index=False)
# beside fig.savefig("figure.png"); add figure_data.csv to the same group`,
	Kinds: []Kind{
		{"missing", policy.Warn, "no table comes with the figure"},
		{"not-linked", policy.Warn, "a table with a like name is there, but in no group with the figure"},
		{"other-numbers", policy.Note, "most numbers printed in the figure are not in its table"},
	},
	Set: checkFigureData,
}

// likeNames is how alike two file names must be to belong together, as the
// share of their words that they have in common.
const likeNames = 0.5

func checkFigureData(p *SetPass) error {
	for _, d := range p.Docs {
		if !isFigure(d) || d.File.Supporting {
			continue
		}
		if linked := linkedTables(p.Docs, d); len(linked) > 0 {
			compareNumbers(p, d, linked)
			continue
		}
		similar := similarTables(p.Docs, d)
		switch {
		case len(similar) == 0:
			p.Report(d.Path, Finding{Kind: "missing", Message: "No table comes with the figure. Add the counts behind it, to its group of files."})
		case d.File.Group == "":
			// Without groups a name must do.
			compareNumbers(p, d, similar)
		default:
			f := Finding{Kind: "not-linked", Message: fmt.Sprintf("Is %s the data of the figure? Then put both in one group.", short(path.Base(similar[0].Path)))}
			for _, s := range similar {
				f.Related = append(f.Related, CellRef{Path: s.Path})
			}
			p.Report(d.Path, f)
		}
	}
	return nil
}

func isFigure(d *Document) bool {
	return d.Type == TypePNG || d.Type == TypeJPEG || d.Type == TypeSVG
}

func hasTable(d *Document) bool { return !isFigure(d) && len(d.Tables) > 0 }

// linkedTables are the tables in the figure's group.
func linkedTables(docs []*Document, figure *Document) []*Document {
	var out []*Document
	for _, d := range docs {
		if figure.File.Group != "" && d.File.Group == figure.File.Group && hasTable(d) {
			out = append(out, d)
		}
	}
	return out
}

// similarTables are the tables with a name like the figure's, most alike first.
func similarTables(docs []*Document, figure *Document) []*Document {
	words := nameWords(figure.Path)
	alike := map[*Document]float64{}
	var out []*Document
	for _, d := range docs {
		if a := jaccard(words, nameWords(d.Path)); hasTable(d) && a >= likeNames {
			alike[d] = a
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b *Document) int {
		switch {
		case alike[a] > alike[b]:
			return -1
		case alike[a] < alike[b]:
			return 1
		}
		return 0
	})
	return out
}

// filler are words of file names that say nothing of what is in the file.
var filler = []string{"plot", "fig", "figure", "graph", "chart", "data", "table", "tab", "csv", "output", "underlying", "supporting"}

// nameWords are the words of a file's name, without its folder and extension.
func nameWords(p string) map[string]bool {
	base := strings.TrimSuffix(path.Base(p), path.Ext(p))
	out := map[string]bool{}
	for _, w := range strings.FieldsFunc(strings.ToLower(base), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if !slices.Contains(filler, w) {
			out[w] = true
		}
	}
	return out
}

// jaccard is the share of words that two sets have in common.
func jaccard(a, b map[string]bool) float64 {
	both := 0
	for w := range a {
		if b[w] {
			both++
		}
	}
	if n := len(a) + len(b) - both; n > 0 {
		return float64(both) / float64(n)
	}
	return 0
}

// compareNumbers notes when most numbers printed in a figure, axes aside, are
// not in the tables that come with it.
func compareNumbers(p *SetPass, d *Document, tables []*Document) {
	if len(d.printed) < 3 {
		return
	}
	known := map[float64]bool{}
	for _, t := range tables {
		for _, tab := range t.Tables {
			for _, c := range tab.Columns {
				for _, cell := range c.Cells {
					if cell.Kind != table.Text && cell.Kind != table.Missing {
						known[cell.Value], known[cell.Second] = true, true
					}
				}
			}
		}
	}
	found := 0
	for _, v := range d.printed {
		if known[v] {
			found++
		}
	}
	if 2*found >= len(d.printed) {
		return
	}
	f := Finding{Kind: "other-numbers", Evidence: map[string]any{"printed": len(d.printed), "in_table": found},
		Message: fmt.Sprintf("%d of the %d numbers printed in the figure are in the table that comes with it.", found, len(d.printed))}
	for _, t := range tables {
		f.Related = append(f.Related, CellRef{Path: t.Path})
	}
	p.Report(d.Path, f)
}
