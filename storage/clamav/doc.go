// Package clamav asks a clamd, the daemon of ClamAV, whether bytes are malware.
//
// It speaks the two commands of clamd's protocol that are needed, each on a
// connection of its own: VERSION, and INSTREAM, which sends the bytes in pieces
// with their length before them, and a length of nought at the end. clamd never
// opens a file of ours, so it needs no right to any.
//
// The answer is one line. Exactly one kind of it means clean and exactly one
// means found; whatever else clamd says, a line that does not end, a connection
// that is cut, or silence, is an error: the bytes were not scanned. What was
// found is named by the signature's author, so the name is held to plain signs
// and a length before anybody is shown it.
package clamav
