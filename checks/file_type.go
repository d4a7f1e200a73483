package checks

import (
	"encoding/hex"
	"fmt"
	"slices"

	"sallyport/policy"
)

var fileType = Check{
	Name: "file-type", Version: 1, Title: "File type",
	Doc: "Only some types of file can be released, and the contents must be what the name says. " +
		"A workbook, an archive or a data store can hold far more than it shows, so it needs an exception that both checkers accept.",
	Source:  "OpenSAFELY documentation, requesting file release: allowed file types (csv, txt, json, html, log, png, jpeg, svg).",
	Example: `A file "table.csv" that begins "PK" is a ZIP archive: reported. A JPEG named "plot.png": reported. An SVG after an XML declaration: fine.`,
	FixR: `write.csv(df, "results.csv", row.names = FALSE)
# for figures ggsave("figure.png"), for models broom::tidy(model) as a table`,
	FixPy: `df.to_csv("results.csv", index=False)
# for figures fig.savefig("figure.png"), for models their table as CSV`,
	Kinds: []Kind{
		{"not-allowed", policy.Block, "the extension is not one that the policy allows"},
		{"mismatch", policy.Block, "the contents are not what the extension says"},
	},
	File: checkType,
}

// contents says what each extension's bytes may be. Extensions that are not
// listed are held to nothing here; the policy decides whether they are allowed.
var contents = map[string][]Type{
	".csv": {TypeText}, ".tsv": {TypeText}, ".txt": {TypeText, TypeJSON}, ".log": {TypeText, TypeJSON}, ".md": {TypeText},
	".json": {TypeJSON}, ".html": {TypeHTML}, ".htm": {TypeHTML}, ".svg": {TypeSVG},
	".png": {TypePNG}, ".jpg": {TypeJPEG}, ".jpeg": {TypeJPEG},
}

// Identify tells what data is by its content, and whether that is what the
// extension of path promises. An extension that promises nothing is kept to by
// any text, and by nothing else.
func Identify(path string, data []byte) (t Type, asNamed bool) {
	ext := extension(path)
	t = sniff(data, ext)
	if want, known := contents[ext]; known {
		return t, len(data) == 0 || slices.Contains(want, t)
	}
	return t, t == TypeText
}

func checkType(p *Pass) error {
	d := p.Doc
	if d.Type == "" {
		return nil // never opened: the unreadable check says so
	}
	evidence := map[string]any{"extension": d.Ext, "content": string(d.Type), "first_bytes": hex.EncodeToString(d.Data[:min(len(d.Data), 8)])}
	if _, ok := p.Policy.Files.Types[d.Ext]; !ok {
		what := "A file without an extension"
		if d.Ext != "" {
			what = fmt.Sprintf("A %s file", short(d.Ext))
		}
		p.Report(Finding{Kind: "not-allowed", Message: what + " is not of an allowed type, so it needs an exception.", Evidence: evidence})
	}
	want, known := contents[d.Ext]
	if !known || len(d.Data) == 0 || slices.Contains(want, d.Type) {
		return nil
	}
	p.Report(Finding{Kind: "mismatch", Evidence: evidence,
		Message: fmt.Sprintf("The name says %s, but the contents are %s.", d.Ext, d.Type)})
	return nil
}
