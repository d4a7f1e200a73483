// Package table turns rows of text, wherever they came from (CSV, HTML, JSON,
// printed output), into one columnar form. Its story is one call each:
//
//	src, info, err := table.ReadCSV(data) // bytes to rows of text
//	t := table.Understand(src)            // rows to columns with roles
//
// [ReadCSV] finds the encoding and the delimiter and splits records. [Parse]
// reads one cell by a small grammar: a number, "12 (3%)", "<5", "[REDACTED]".
// [Understand] joins multi-row headers, parses every cell once, and gives every
// column a [Role] with the reasons in words: first from its header and its own
// values, then from its neighbours (structure says more than names). Counts get
// the [Base] that their values were rounded to, if any, and long tables are
// split into virtual columns, one per statistic.
//
// Checks then ask the table: [Table.Counts] for the count columns,
// [Column.Whole] for a cell's whole number, [Column.Interval] for the true
// counts a cell allows, [Table.Key] and [Table.Line] for where a row is.
// The package knows nothing of checks.
package table
