// Package filing turns a form into a draft. [Draft] makes or brings up to date
// the author's draft for a workspace, whole and in one change; [Client.File] asks
// a running server to, and [Fill] does it for scheduled requests. Each looks at
// what the draft has and asks the use cases ([Local]) only for what it lacks, so
// that filing the same form again changes nothing.
package filing
