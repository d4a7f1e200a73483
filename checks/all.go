package checks

import (
	"fmt"
	"regexp"

	"sallyport/policy"
)

// All returns every check, in the order in which reports list their findings.
// A new check is a file of its own and a line here.
func All() []Check {
	return []Check{
		unreadable,
		outputLevel,
		fileType,
		fileSize,
		fileRows,
		fileColumns,
		fileEncoding,
		fileEmpty,
		fileDuplicate,
		personLevel,
		idNHSNumber,
		idPostcode,
		idEmail,
		idPhone,
		idDateOfBirth,
		idColumn,
		orgLevel,
		freeText,
		smallCount,
		smallCountInterval,
		zeroOrFull,
		cumulativeStep,
		complementSmall,
		modelDF,
		modelNoN,
		modelSeparation,
		modelSmallCell,
		dominance,
		extremeValue,
		percentileTail,
		logContent,
		measuresFile,
		acroEvidence,
		hiddenCharacters,
		formulaCell,
		columnsUnclassified,
		roundingMissing,
		roundingStray,
		roundingSuffix,
		roundingMixedBase,
		impliedCount,
		telltaleRate,
		rateFromUnrounded,
		redactionRecoverable,
		crossTableMargin,
		subsetDifference,
		rerunDifference,
		totalNotRecomputed,
		figureNoData,
		figureText,
		imageMetadata,
		htmlRemoved,
	}
}

// Lookup returns the check with an id.
func Lookup(name string) (Check, bool) {
	for _, c := range All() {
		if c.Name == name {
			return c, true
		}
	}
	return Check{}, false
}

var checkName = regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*$`)

// Validate holds a list of checks to having unique names, all of their words,
// at least one kind with a known severity, and something to run.
func Validate(list []Check) error {
	seen := map[string]bool{}
	for _, c := range list {
		if !checkName.MatchString(c.Name) || seen[c.Name] {
			return fmt.Errorf("check %q: the name is malformed or taken", c.Name)
		}
		seen[c.Name] = true
		if err := validate(&c); err != nil {
			return fmt.Errorf("check %s: %w", c.Name, err)
		}
	}
	return nil
}

func validate(c *Check) error {
	words := []struct{ what, text string }{
		{"title", c.Title}, {"doc", c.Doc}, {"source", c.Source}, {"example", c.Example}, {"R fix", c.FixR}, {"Python fix", c.FixPy},
	}
	for _, w := range words {
		if w.text == "" {
			return fmt.Errorf("no %s", w.what)
		}
	}
	switch {
	case c.Version < 1:
		return fmt.Errorf("no version")
	case c.File == nil && c.Set == nil:
		return fmt.Errorf("nothing to run")
	case len(c.Kinds) == 0:
		return fmt.Errorf("no kinds")
	}
	names := map[string]bool{}
	for _, k := range c.Kinds {
		if names[k.Name] || k.Doc == "" {
			return fmt.Errorf("kind %q is listed twice or has no words", k.Name)
		}
		names[k.Name] = true
		switch k.Severity {
		case policy.Note, policy.Warn, policy.Block, policy.Off:
		default:
			return fmt.Errorf("kind %q has no known severity", k.Name)
		}
	}
	return nil
}
