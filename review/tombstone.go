package review

import (
	"fmt"
	"strings"
)

// Tombstone is the note that a sink leaves where a withdrawn release was: what
// it was, and that it must not be used. The same bytes every time.
func Tombstone(rel *Release) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "This release was withdrawn. Do not use its files: delete every copy of them.\n\n")
	fmt.Fprintf(&b, "Release    %s\nRequest    %s\nWorkspace  %q\nApproved   %s\n\n", rel.ID, rel.Request, rel.Workspace, rel.Approved.UTC().Format("2006-01-02 15:04:05 UTC"))
	b.WriteString("The files that it had, by SHA-256 and size in bytes:\n")
	for _, f := range rel.Files {
		fmt.Fprintf(&b, "  %s %12d  %q\n", f.SHA256, f.Size, f.Path)
	}
	return []byte(b.String())
}
