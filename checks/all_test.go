package checks_test

import (
	"testing"

	"sallyport/checks"
)

func TestEveryCheckHasItsWords(t *testing.T) {
	if err := checks.Validate(checks.All()); err != nil {
		t.Fatal(err)
	}
}

func TestValidateRefuses(t *testing.T) {
	good := checks.All()[0]
	tests := map[string]func(*checks.Check){
		"no title":     func(c *checks.Check) { c.Title = "" },
		"no source":    func(c *checks.Check) { c.Source = "" },
		"no kinds":     func(c *checks.Check) { c.Kinds = nil },
		"bad severity": func(c *checks.Check) { c.Kinds = []checks.Kind{{"", "loud", "doc"}} },
		"no function":  func(c *checks.Check) { c.File, c.Set = nil, nil },
		"bad name":     func(c *checks.Check) { c.Name = "Small Count" },
		"no version":   func(c *checks.Check) { c.Version = 0 },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			c := good
			spoil(&c)
			if checks.Validate([]checks.Check{c}) == nil {
				t.Error("accepted")
			}
		})
	}
	if checks.Validate([]checks.Check{good, good}) == nil {
		t.Error("a name listed twice is accepted")
	}
}
