// Package reviewtest helps to test what is built on package review: a
// conformance suite, [Run], that holds every Store to the contracts of review's
// ports; stores with injected [Faults]; samples with every field set, so that a
// field which a store forgets is a failing test; and a [World] in which use
// cases can be played.
package reviewtest
