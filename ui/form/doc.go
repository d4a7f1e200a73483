// Package form reads and writes the form in which a release request is filed
// from a page or the command line: a strict YAML document (yaml.go) or a workbook with the
// sheets Request, Groups, Files and Checklist (xlsx.go, write.go). Both hold the
// same [Form], and both readers take whatever they are given to be hostile:
// sizes are bounded before anything is unpacked, and what a form may not hold
// (formulas, macros, links to other workbooks, YAML aliases) is refused. An
// error names the line, or the sheet and the cell.
package form
