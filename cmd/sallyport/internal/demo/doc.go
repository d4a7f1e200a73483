// Package demo makes the folder that `sallyport demo` runs on: three workspaces
// of invented studies, as a job runner would leave them, and invented people.
// No number in them comes from anybody's record: all are drawn from a fixed
// sequence, so that every demonstration shows the same.
//
// A workspace has a pipeline (project.yaml), the job runner's manifest with the
// digests of all outputs, outputs, logs, and a release folder. The releases
// show what the service is for: clean tables, small and unrounded counts, a
// redacted cell that its total gives away, figures with their data, a report
// with scripts, a log, a disguised and an oversized file.
//
// A marker file names the folder as a demonstration. [Prepare] refuses a folder
// that has things in it and no marker, and a real server refuses one that has.
package demo
