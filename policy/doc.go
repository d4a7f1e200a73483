// Package policy is what an organisation allows, as data: which files may be
// requested, which numbers are too small to show, what a researcher must write
// and confirm, how severe each kind of finding is, and which role may do what.
//
// A policy is one YAML document. Loading is strict: an unknown key, a missing
// version or a value that makes no sense is an error that names the line. The
// digest of the document names the policy in every record made under it.
package policy
