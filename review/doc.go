// Package review is the rules of a release: what a request is, who may do what
// to it in which status, how two checkers review it blind to one another, and
// what leaves. It is the domain; it knows no database, no HTTP and no disk.
//
// [Service] has one method per use case, and each authorises first. What it
// needs from outside is in ports.go, with contracts that package reviewtest
// holds every store to. A change of state is one call of Store.Update: a closure
// that either returns the events of the change, committed with it, or an error,
// and then nothing happened.
//
// Callers never see a [Request] as stored. They see a [View]: the request as
// one person may see it now, so that no page or API can leak one checker's
// review to the other, or to the author, before its time.
package review
