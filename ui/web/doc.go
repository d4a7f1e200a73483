// Package web holds what pages and programs are answered alike: the status of
// an error, how near a request came from, and the count of who keeps failing.
package web
