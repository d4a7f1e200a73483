package api

import "sallyport/policy"

// Row is a row of the table of routes as tests from outside see it. Action is ""
// where anybody with a token may pass, Open where anybody may.
type Row struct {
	Method, Path string
	Action       policy.Action
	Open         bool
}

// Rows is the table of routes.
func Rows() []Row {
	var out []Row
	for _, r := range routes() {
		row := Row{Method: r.method, Path: r.path, Action: r.action, Open: r.action == open}
		if r.action == open || r.action == signedIn {
			row.Action = ""
		}
		out = append(out, row)
	}
	return out
}
