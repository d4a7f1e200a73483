// Package sheet writes tables of hostile text as CSV and as workbooks, row by
// row, so that a long one costs no memory. Whatever a cell holds is text when a
// spreadsheet opens it: [Cell] is the one place that sees to it, and both
// writers pass every text through it.
package sheet
