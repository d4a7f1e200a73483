// Package crate writes the package in which a release leaves, and verifies one.
//
// A package is a BagIt bag (RFC 8493): checksums of everything, in plain text
// that common tools read. Its payload, the folder data, is a Five Safes RO-Crate
// (https://w3id.org/5s-crate/0.4): the released files under their own paths, and
// a description of who made them, who checked them and under which rules.
//
// [Packer] writes one, from what package review tells of a release. It decides
// what may be told: the released files were reviewed, and nothing else was, so
// [Record] holds facts of our own making and no words or values of anybody's.
//
// [Verify] reads one, as hostile as it may be, and needs only a public key. It
// goes from the bytes to the manifests, from these to the signature, from the
// record to the log, and from the decision to the policy.
package crate
