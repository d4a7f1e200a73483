// Package input finds the files that a command line names: folders are walked
// in order, hidden entries and links are not followed, and nothing that is not
// an ordinary file is ever opened (a FIFO would wait for ever).
package input
