// Package storage keeps review's data: requests, people, findings and the event
// log in a database ([Store]), bytes in a content-addressed folder ([Blobs]),
// workspaces read from folders that others write ([Workspaces]), and packages
// put where they leave ([Folder]).
//
// # The database
//
// [Open] opens a SQLite file, brings its schema up to date and returns a
// [Store]; or a database of PostgreSQL, whose schema [Migrate] changes in the
// name of its owner. Almost everything is the same for both: what is not is the
// few methods of engine (engine.go, sqlite.go, postgres.go) and the steps of the
// schema, which are twins (migrations/README.md tells how to write one). All
// tests run on either.
//
// One transaction writes at a time: in SQLite the one connection that can,
// through transactions that take the write lock at once; in PostgreSQL through
// an advisory lock that each takes first, held against other processes too. So
// the events of the record follow one another without gaps in the order of their
// commits. Readers cannot write; each read sees one moment. A commit is on the
// disk when it returns.
//
// The role that a server of PostgreSQL uses may do what grants.go says: it can
// append to the record, and can neither change nor shorten it, nor take its
// guards away.
//
// Rows (rows*.go) are private and flat. A request is read with one statement
// per table whatever its size, made into a review.Request, altered by the
// caller's closure, made into rows again and compared: only rows that differ
// are written, together with the events of the change, in the transaction that
// read it. So either all of a change is kept, or nothing.
//
// Beside review's data it keeps what people and programs sign in with, sessions
// and tokens, by the SHA-256 of their secrets, and the first answers to changes.
//
// The database holds what it can of the rules itself: one active request per
// author and workspace is an index, the event log has no gaps and cannot be
// altered, and a release is written once; see migrations/0001_first.sql.
//
// # The folders
//
// Everything in a workspace is hostile. Names are checked before a file is
// opened, no link is followed, nothing but a regular file is read, and a file
// that changes under the reader is an error. Blobs and packages are written
// beside their place, flushed and renamed, so that no name ever stands for half
// of its bytes.
package storage
