package export

import (
	"io"
	"strings"

	"sallyport/review"
	"sallyport/ui/sheet"
)

var publicColumns = []string{"day", "project", "project number", "workspace", "title", "#files", "types", "policy version", "#events at the checkpoint", "recalled", "recalled on", "names"}

// WritePublic writes the register that anybody may see as CSV. It is on no
// record: nobody is known who asks.
func WritePublic(w io.Writer, list []review.PublicRelease) error {
	var rows [][]string
	for _, r := range list {
		rows = append(rows, publicRow(r))
	}
	_, err := sheet.WriteCSV(w, sheet.Table{Columns: sheet.Columns(publicColumns...), Rows: sheet.Rows(rows)})
	return err
}

func publicRow(r review.PublicRelease) []string {
	files, types := 0, []string{}
	for _, f := range r.Files {
		files += f.N
		types = append(types, itoa(f.N)+" "+f.Type)
	}
	checkpoint := ""
	if r.Checkpoint > 0 {
		checkpoint = itoa(r.Checkpoint)
	}
	recalled, on := "no", ""
	if r.Recalled != nil {
		recalled, on = recalledWords(r.Recalled.Whole), day(r.Recalled.Day)
	}
	return []string{day(r.Day), r.Project, r.Number, string(r.Workspace), r.Title, itoa(files), strings.Join(types, ", "), r.Policy,
		checkpoint, recalled, on, strings.Join(r.Names, "\n")}
}

// recalledWords say how much of a release was taken back.
func recalledWords(whole bool) string {
	if whole {
		return "yes"
	}
	return "in part"
}
