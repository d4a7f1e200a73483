package ui

import (
	"fmt"
	"strings"

	"sallyport/review"
)

// need is one thing that must be there before the first release.
type need struct {
	Done bool
	Text string
	How  string // what to do about it, where it is not done
	Link string // where, or where it is explained
	Name string // of the link
}

// needs are what a new service needs, in the order in which one sees to them; none
// once something was released.
func needs(b *review.Beginning, backup bool) []need {
	if b == nil {
		return nil
	}
	var missing []string
	for _, w := range b.Missing {
		missing = append(missing, string(w))
	}
	folders := "Each workspace is a folder of its name, in the folder that workspaces names."
	if len(missing) > 0 {
		folders = "Not there, or not readable: " + strings.Join(missing, ", ") + "."
	}
	const tutorial = "/help/first-service"
	return []need{
		{b.Projects > 0, "A project with a workspace", "Name it in a people file, and bring that in with sallyport people import.", tutorial + "#bring-people-in", "What the file looks like"},
		{b.Projects > 0 && len(missing) == 0, "The folder of each workspace", folders, "/help/provenance", "What it holds"},
		{b.Researchers > 0, "A researcher who belongs to a project", "Name them in the people file, then invite them.", "/people", "People"},
		{b.Waiting == 0, "No role that waits for a second person", plural(b.Waiting, "role waits", "roles wait") + " until somebody confirms it.", "/access", "Roles"},
		{b.Checkers >= b.Needed, fmt.Sprintf("%d output checkers, trained and not away", b.Needed),
			fmt.Sprintf("Number who could be given a request now: %d.", b.Checkers), tutorial + "#the-second-person", "How somebody becomes one"},
		{backup, "A backup", "Make the first with sallyport backup make.", "/help/databases", "Backups"},
	}
}

// lacking reports whether anything is still to be seen to.
func lacking(list []need) bool {
	for _, n := range list {
		if !n.Done {
			return true
		}
	}
	return false
}
