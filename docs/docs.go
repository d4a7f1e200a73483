package docs

import (
	"embed"
	"io/fs"
)

//go:embed *.md *.json deploy images/*.png images/*.svg
var files embed.FS

// Files are the pages of this folder, their pictures and the files that they
// name, by their paths as they stand in the repository.
func Files() fs.FS { return files }
