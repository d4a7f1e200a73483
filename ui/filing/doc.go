// Package filing turns a form into a draft. [Draft] makes or brings up to date
// the author's draft for a workspace through a [Desk], which is either a running
// server's programming interface ([Client]) or, for scheduled requests, the use
// cases themselves ([Local]). It looks at what the draft has and asks only for
// what it lacks, so that filing the same form again changes nothing.
package filing
