// Package reviewtest helps to test what is built on package review: a
// conformance suite that holds every Store to the contracts of review's ports,
// stores with injected faults, and a [World] in which use cases can be played.
package reviewtest
