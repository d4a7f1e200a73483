// Package pgtest gives tests databases of PostgreSQL: a private server from the
// installed programs, started once for a test binary and gone with it, and a
// database of its own for each test, copied from one that has the schema.
//
// Tests that run on either engine call [Address], which obeys the environment
// variable [Engine]; tests of PostgreSQL itself call [Database]. Where
// PostgreSQL is not installed they are skipped, or fail when [Required] says so.
package pgtest
