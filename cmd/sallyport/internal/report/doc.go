// Package report writes the findings of one run: as text that a researcher
// understands without help, as the documented JSON, or as SARIF for editors and
// code review tools. Names and cell values are hostile, so everything written
// is safe to show on a terminal.
package report
