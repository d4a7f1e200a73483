// Package export says which tables the files hold that people take out of the
// record: one request's whole record, the register of releases, the event log, a
// list of requests, a checker's own review. Pages and programs export through
// it alike.
//
// [Make] writes the bytes to a temporary file, puts the export on record with
// their digest, and only then hands them over: nothing goes out that the record
// does not tell of.
package export
