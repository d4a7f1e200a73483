package checks

import (
	"fmt"

	"sallyport/checks/provenance"
	"sallyport/policy"
)

var outputLevel = Check{
	Name: "output-level", Version: 1, Title: "Level of the output",
	Doc: "Only outputs that the study's pipeline marks as moderately sensitive may be requested. Highly sensitive ones may never be " +
		"viewed or released, and a file whose level cannot be told is treated as one of them.",
	Source:  "OpenSAFELY documentation, project.yaml: only outputs marked as moderately_sensitive can be requested for release.",
	Example: "A copy of output/dataset.csv.gz, which project.yaml lists under highly_sensitive: reported. A file edited after it was copied: reported, for no output has its contents.",
	FixR: `# copy the file from its output folder again, unchanged; list it under
# moderately_sensitive in project.yaml, and run the action again
file.copy("output/rates.csv", "release/rates.csv", overwrite = TRUE)`,
	FixPy: `# copy the file from its output folder again, unchanged; list it under
# moderately_sensitive in project.yaml, and run the action again
shutil.copy("output/rates.csv", "release/rates.csv")`,
	Kinds: []Kind{
		{"highly-sensitive", policy.Block, "the output may never be viewed or requested"},
		{"unknown", policy.Block, "no output of the pipeline is known to be this file"},
		{"not-requestable", policy.Block, "the output's level is not the one that may be requested"},
		{"out-of-date", policy.Note, "the action has run again, or the output was left behind by an earlier run"},
	},
	File: checkLevel,
}

func checkLevel(p *Pass) error {
	if !p.Workspace {
		return nil
	}
	o := p.Doc.File.Origin
	if o == nil {
		o = &provenance.Origin{Why: "The workspace was not asked about this file."}
	}
	f := Finding{Evidence: map[string]any{"why": o.Why}}
	for k, v := range map[string]string{"output": o.Path, "action": o.Action, "commit": o.Commit, "job": o.JobID} {
		if v != "" {
			f.Evidence[k] = short(v)
		}
	}
	switch o.Level {
	case provenance.Moderately:
	case provenance.Highly:
		f.Kind, f.Message = "highly-sensitive", "This is a highly sensitive output. "+o.Why
		p.Report(f)
	case provenance.Unknown:
		f.Kind, f.Message = "unknown", "The level of this file is not known. "+o.Why
		if o.Excluded != "" {
			f.Evidence["excluded"] = short(o.Excluded)
		}
		p.Report(f)
	default:
		f.Kind, f.Message = "not-requestable", fmt.Sprintf("Only moderately sensitive outputs may be requested; this one is %s. %s", short(string(o.Level)), o.Why)
		p.Report(f)
	}
	if o.OutOfDate {
		p.Report(Finding{Kind: "out-of-date", Evidence: f.Evidence,
			Message: "The output is out of date: its action has run again since, or it was left behind by an earlier run. Is this the version to release?"})
	}
	return nil
}
