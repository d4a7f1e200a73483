// Package crate writes the package in which a release leaves, and verifies one.
//
// A package is a BagIt bag (RFC 8493): checksums of everything, in plain text
// that common tools read. Its payload, the folder data, is a Five Safes RO-Crate
// (https://w3id.org/5s-crate/0.4): the released files under their own paths, and
// a description of who made them, who checked them and under which rules.
package crate
