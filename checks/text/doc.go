// Package text reads logs and printed output: what a person sees of them after
// terminal colours and overwritten lines, the tables printed in them (Stata,
// R, pandas, Markdown, tab- and comma-separated blocks), phrases that state a
// count ("n = 3", "4 patients"), and signs that something is missing or wrong.
//
// A printed table is guessed from its layout: three or more lines in a row that
// hold numbers in columns. Its table.Source is marked Weak.
package text
