package checks

import "sallyport/policy"

var unreadable = Check{
	Name: "unreadable", Version: 1, Title: "Not readable",
	Doc: "The contents of this file could not be examined, so nothing is known about them. " +
		"That no other finding is shown means nothing.",
	Source:  "SATRE 3.3.07: what cannot be checked automatically needs a documented decision.",
	Example: "A CSV in which a quotation mark is opened and never closed: reported, with the record in which it happens.",
	FixR:    `Write the file again with write.csv(), readr::write_csv() or jsonlite::write_json() rather than by hand.`,
	FixPy:   `Write the file again with DataFrame.to_csv() or json.dump() rather than by hand.`,
	Kinds:   []Kind{{"", policy.Block, "the file could not be read as what it is"}},
	File: func(p *Pass) error {
		if err := p.Doc.Unread; err != nil {
			p.Report(Finding{Message: "The file could not be examined: " + short(err.Error()) + "."})
		}
		return nil
	},
}
