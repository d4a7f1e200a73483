// Package docs carries the guides that lie in this folder into the program,
// which serves them at /help: what somebody reads there is what belongs to the
// version that they use. It holds no code but the embedding, and knows no other
// package; docs/README.md is the guides' table of contents.
//
// Its tests hold the pages together: every link leads somewhere, every picture
// that is named is there, and every picture that is there is named.
package docs
