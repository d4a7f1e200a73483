// Package load plays researchers, checkers and auditors over HTTP, with pages as
// browsers open them and as programs of theirs would, for the tests of several
// servers and for measuring, and draws what was measured.
//
// A Site lays out workspaces with files of a real size, and gives people and
// their tokens to a database. Each Player files a request after the other: a draft,
// a file, its description, the submission; two checkers read and vote; one
// releases; an auditor looks. A Player goes on trying while servers are killed and
// networks cut, each change under a key of its own, so that what it was told to
// have happened is known, and is compared with the record at the end.
package load
