package web

import (
	"slices"
	"strings"
)

// Served reports whether a host, as a request names it, is in the list of those
// that are served: names without regard to case, each with its port when that is
// not the usual one; "name:*" is any port of it, and none.
func Served(list []string, host string) bool {
	host = strings.ToLower(host)
	return slices.ContainsFunc(list, func(entry string) bool {
		name, any := strings.CutSuffix(strings.ToLower(entry), ":*")
		if !any {
			return name == host
		}
		rest, found := strings.CutPrefix(host, name)
		return found && (rest == "" || rest[0] == ':' && !strings.ContainsFunc(rest[1:], func(r rune) bool { return r < '0' || r > '9' }))
	})
}
