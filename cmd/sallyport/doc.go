// Command sallyport is the service through which results leave a trusted
// research environment, and the command line that researchers and pipelines
// check their outputs with.
//
// This package only wires: it reads the command line and the configuration,
// builds the parts the other rooms offer, starts and stops them. [run] is the
// whole program, callable from tests. Exit status: 0 when all went well, 1 when
// it went well and there is something to look at (findings at or above the level
// asked for, a file that could not be cleaned, a record that is not as it was
// written, a draft in which something is missing), 2 for a mistake in the command
// line, an input or output error, or anything else that stopped it.
//
// The commands request and queue speak to a running server (remote.go); serve
// also drafts the regular requests of its configuration (schedule.go).
package main
