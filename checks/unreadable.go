package checks

import "sallyport/policy"

var unreadable = Check{
	Name: "unreadable", Version: 1, Title: "Not readable",
	Doc: "The contents of this file could not be examined, so nothing is known about them. " +
		"That no other finding is shown means nothing.",
	Source:  "SATRE 3.3.07: what cannot be checked automatically needs a documented decision.",
	Example: "A CSV in which a quotation mark is opened and never closed: reported, with the record in which it happens.",
	FixR: `# let a library write the file, never by hand
write.csv(df, "results.csv", row.names = FALSE)   # or jsonlite::write_json(df, "results.json")`,
	FixPy: `# let a library write the file, never by hand
df.to_csv("results.csv", index=False)   # or df.to_json("results.json", orient="records")`,
	Kinds: []Kind{{"", policy.Block, "the file could not be read as what it is"}},
	File: func(p *Pass) error {
		if err := p.Doc.Unread; err != nil {
			p.Report(Finding{Message: "The file could not be examined: " + short(err.Error()) + "."})
		}
		return nil
	},
}
