package markup

import (
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/net/html"

	"sallyport/checks/table"
)

// widgetTable reads the JSON of a table that a script draws: of DT, whose names
// stand in a piece of HTML and whose values go by column, or of R Markdown's
// paged tables, whose names stand beside numbered columns. It returns nil for
// any other JSON.
func widgetTable(raw []byte) *table.Source {
	var dt struct {
		X struct {
			Container string              `json:"container"`
			Data      [][]json.RawMessage `json:"data"`
		} `json:"x"`
	}
	if json.Unmarshal(raw, &dt) == nil && dt.X.Container != "" && len(dt.X.Data) > 0 {
		return byColumn(containerNames(dt.X.Container), dt.X.Data)
	}
	var paged struct {
		Columns []struct {
			Label []string          `json:"label"`
			Name  []json.RawMessage `json:"name"`
		} `json:"columns"`
		Data []map[string]json.RawMessage `json:"data"`
	}
	if json.Unmarshal(raw, &paged) != nil || len(paged.Columns) == 0 || len(paged.Data) == 0 {
		return nil
	}
	src := &table.Source{Lines: []int{1}}
	var keys []string
	for _, c := range paged.Columns {
		if len(c.Name) == 0 {
			return nil
		}
		label := ""
		if len(c.Label) > 0 {
			label = c.Label[0]
		}
		src.Header = append(src.Header, label)
		keys = append(keys, scalar(c.Name[0]))
	}
	for i, row := range paged.Data {
		rec := make([]string, len(keys))
		for k, key := range keys {
			rec[k] = scalar(row[key])
			delete(row, key)
		}
		if len(row) > 0 {
			return nil // columns without a name: left to the general reader
		}
		src.Records = append(src.Records, rec)
		src.Lines = append(src.Lines, i+2)
	}
	return src
}

// byColumn turns columns into rows. Ragged columns are left to the general
// reader.
func byColumn(names []string, columns [][]json.RawMessage) *table.Source {
	rows := len(columns[0])
	if rows == 0 || rows*len(columns) > table.MaxCells {
		return nil
	}
	src := &table.Source{Lines: []int{1}, Records: make([][]string, rows)}
	for i := range src.Records {
		src.Records[i] = make([]string, len(columns))
		src.Lines = append(src.Lines, i+2)
	}
	for c, col := range columns {
		if len(col) != rows {
			return nil
		}
		name := fmt.Sprintf("column %d", c+1)
		if c < len(names) {
			name = names[c]
		}
		src.Header = append(src.Header, name)
		for i, v := range col {
			src.Records[i][c] = scalar(v)
		}
	}
	return src
}

// containerNames reads the header of DT's piece of HTML.
func containerNames(container string) []string {
	doc, err := html.Parse(strings.NewReader(container))
	if err != nil {
		return nil
	}
	t := find(doc, "table")
	if t == nil {
		return nil
	}
	grid, heads, err := layOut(tableRows(t))
	if err != nil || heads == 0 {
		return nil
	}
	return joinHeader(grid[:heads], len(grid[heads-1]))
}

// scalar is a JSON value as a cell shows it: texts without their quotes and
// tags, null as nothing.
func scalar(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		if strings.ContainsRune(s, '<') {
			if doc, err := html.Parse(strings.NewReader(s)); err == nil {
				return words(doc)
			}
		}
		return s
	}
	return string(raw)
}
