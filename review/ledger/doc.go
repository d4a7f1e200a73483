// Package ledger makes the record prove itself, and checks such proofs. It
// computes on hashes, signatures and bytes, and knows no database.
//
// # The tree
//
// Every event has a leaf (review.Event.Leaf), the SHA-256 of its one canonical
// encoding. Over the leaves, in the order of the record, stands the Merkle tree
// of RFC 6962, computed with golang.org/x/mod/sumdb/tlog: the root of the tree
// of the first n events depends on every byte of all of them. A proof that event
// i is among them is a path of about log2(n) hashes.
//
// # Checkpoints
//
// A checkpoint is a root with its size and time as a signed note
// (golang.org/x/mod/sumdb/note), signed by a [Signer] whose key lies in a file
// outside the database. Once one has left the building, no later state of the
// database that changes, drops, inserts or reorders an event below its size can
// have the same root: not with the signing key either.
package ledger
