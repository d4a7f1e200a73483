// Command sallyport is the service through which results leave a trusted
// research environment, and the command line that researchers and pipelines
// check their outputs with.
//
// This package only wires: it reads the command line and the configuration,
// builds the parts the other rooms offer, starts and stops them. [run] is the
// whole program, callable from tests. Exit status: 0 when all went well, 1 when
// `check` found something at or above the level asked for, or `request create`
// made a draft in which something is missing, 2 for a mistake in the command
// line, an input or output error, or anything else that stopped it.
package main
