// Package web holds what pages and programs are answered alike: the status of
// an error, where a request came from as the proxies before us tell it, the count
// of who keeps failing, and how fast anybody may ask.
package web
