package checks

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"sallyport/checks/table"
	"sallyport/policy"
)

const regressions = "OpenSAFELY documentation, requesting file release: population size and degrees of freedom for all regression outputs."

// model is a table of regression estimates.
type model struct {
	t        *table.Table
	est      []*table.Column // estimates, without survival curves
	se       []*table.Column
	exp, log bool // estimates are ratios; or logarithms of ratios
}

// modelsOf finds the tables that hold regression estimates: an estimate with a
// confidence interval, standard error or p-value, or the last two alone.
func modelsOf(d *Document) []*model {
	var out []*model
	for _, t := range d.Tables {
		m := &model{t: t, se: t.ByRole(table.SE)}
		for _, c := range t.ByRole(table.EstimateRole, table.EstCI) {
			if c.Role == table.EstCI && !ratioNamed(c) || c.HasToken("surv", "survival", "cuminc", "cif", "km", "cml") || c.Filled() == 0 {
				continue
			}
			m.est = append(m.est, c)
			m.exp = m.exp || ratioNamed(c)
		}
		p, ci := len(t.ByRole(table.PValue)) > 0, len(t.ByRole(table.CI, table.EstCI)) > 0
		if len(m.est) > 0 && (ci || p || len(m.se) > 0) || len(m.se) > 0 && p {
			m.log = m.logScale()
			out = append(out, m)
		}
	}
	return out
}

func ratioNamed(c *table.Column) bool {
	return c.HasToken("hr", "or", "rr", "irr", "aor", "ahr", "arr", "odds", "hazard", "ratio", "exp")
}

// logScale says whether the table's own names show that its standard errors are
// those of a log odds, log hazard or log rate.
func (m *model) logScale() bool {
	for _, c := range m.t.Columns {
		if ratioNamed(c) || c.HasToken("logit", "logor", "loghr", "robust", "cox", "coxph") {
			return true
		}
	}
	return false
}

var modelDF = Check{
	Name: "model-df", Version: 1, Title: "Degrees of freedom",
	Doc: "A model with few residual degrees of freedom has nearly as many terms as people: it is the table it was fitted to, " +
		"and that table may have small cells.",
	Source:  regressions + " The limits of 10 residual degrees of freedom (ACRO) and 0.33 terms per observation (DataSHIELD) are the policy's.",
	Example: "model,df.residual,nobs / 1,4,12: reported, for 4 is under 10. 12 observations and 9 terms: reported. 1,200 observations: not.",
	FixR: `# drop terms or merge categories until enough is left
model <- lm(bmi ~ sex, data = df)
stopifnot(df.residual(model) >= 10)`,
	FixPy: `# drop terms or merge categories until enough is left
model = smf.ols("bmi ~ sex", data=df).fit()
assert model.df_resid >= 10`,
	Kinds: []Kind{
		{"residual", policy.Warn, "fewer residual degrees of freedom than the policy asks for"},
		{"unnamed", policy.Note, "a small value in a column of degrees of freedom that may not be the residual ones"},
		{"terms", policy.Warn, "too many terms for the number of observations"},
		{"saturated", policy.Warn, "a perfect fit: the estimates are the data"},
	},
	File: func(p *Pass) error {
		for _, t := range p.Doc.Tables {
			for _, c := range t.Virtual {
				if c.Role == table.DF || c.HasToken("degrees") && c.HasToken("freedom") {
					residualDF(p, t, c)
				}
			}
			perfectFit(p, t)
		}
		for _, m := range modelsOf(p.Doc) {
			m.terms(p)
			m.noErrors(p)
		}
		return nil
	},
}

func residualDF(p *Pass, t *table.Table, c *table.Column) {
	kind := "residual"
	switch {
	case c.HasToken("resid", "residual", "residuals"):
	case !c.HasToken("df", "dof", "freedom") || c.HasToken("null", "model", "num", "numerator", "test"):
		return
	case len(t.ByRole(table.Stat)) > 0 && len(t.ByRole(table.EstimateRole)) == 0:
		kind = "unnamed" // a table of tests, whose degrees of freedom count terms
	}
	var cells []int
	for i := range c.Cells {
		if x := &c.Cells[i]; x.Kind == table.Number && x.Value >= 0 && x.Value < float64(p.Policy.Models.DFMin) {
			cells = append(cells, i)
		}
	}
	if len(cells) == 0 || kind == "unnamed" && len(cells) == c.Numbers() && c.Max() <= 1 {
		return // "df 1" beside each test statistic is the test's own
	}
	f := p.Cells(kind, t, c, cells)
	f.Severity = p.Severity(kind)
	f.Message = fmt.Sprintf("%s in %q under %d.", counted(len(cells), "value"), short(c.Name), p.Policy.Models.DFMin)
	f.Evidence["df_min"] = p.Policy.Models.DFMin
	p.Report(f)
}

// perfectFit reports an R squared of 1.
func perfectFit(p *Pass, t *table.Table) {
	for _, c := range t.Virtual {
		if c.HasToken("max") || !(c.HasToken("r2", "rsq", "rsquared") || c.HasToken("r") && c.HasToken("squared") || c.HasToken("r") && c.HasToken("sq")) {
			continue
		}
		var cells []int
		for i := range c.Cells {
			if x := &c.Cells[i]; x.Kind == table.Number && x.Value > 1-1e-9 && x.Value <= 1 {
				cells = append(cells, i)
			}
		}
		if len(cells) > 0 {
			f := p.Cells("saturated", t, c, cells)
			f.Severity = p.Severity("saturated")
			f.Message = fmt.Sprintf("%q is 1: the model fits perfectly, so its estimates are the data.", short(c.Name))
			p.Report(f)
		}
	}
}

// terms compares, per model, the number of its terms with its observations.
func (m *model) terms(p *Pass) {
	var n *table.Column
	for _, c := range m.t.Counts() {
		if c.HasToken("n", "nobs", "obs", "total", "observations") && !c.HasToken("event", "events", "nevent", "exposed", "risk") && c.Numbers() > 0 {
			n = c
			break
		}
	}
	if n == nil || len(m.est) == 0 {
		return
	}
	type fit struct {
		cells []int
		n     int64
		k     int
	}
	fits := map[string]*fit{}
	var order []string
	estimates := shownRows(m.est[0])
	for i := range n.Cells {
		v, ok := n.Whole(i)
		row := n.Row(i)
		if !ok || v <= 0 || !estimates[row] {
			continue
		}
		key := m.modelKey(row)
		if fits[key] == nil {
			fits[key] = &fit{}
			order = append(order, key)
		}
		f := fits[key]
		f.n, f.k, f.cells = max(f.n, v), f.k+1, append(f.cells, i)
	}
	for _, key := range order {
		f := fits[key]
		left := f.n - int64(f.k)
		if left >= int64(p.Policy.Models.DFMin) && float64(f.k) <= p.Policy.Models.ParamsPerObs*float64(f.n) {
			continue
		}
		out := p.Cells("terms", m.t, n, f.cells)
		out.Severity = p.Severity("terms")
		out.Message = fmt.Sprintf("%s for %s leave %d degrees of freedom.", counted(f.k, "term"), counted(int(f.n), "observation"), left)
		out.Evidence["n"], out.Evidence["k"], out.Evidence["df"] = f.n, f.k, left
		p.Report(out)
	}
}

// shownRows marks the data rows in which a column shows something.
func shownRows(c *table.Column) map[int]bool {
	m := map[int]bool{}
	for _, i := range filled(c) {
		m[c.Row(i)] = true
	}
	return m
}

// modelKey names the model of a row: its dimensions but for the term.
func (m *model) modelKey(row int) string {
	var b strings.Builder
	for _, k := range m.t.Keys {
		c := m.t.Columns[k]
		if c.HasToken("term", "variable", "var", "level", "label", "predictor", "covariate", "characteristic", "coef", "group", "contrast", "contrasts", "name") || strings.TrimSpace(c.Name) == "" {
			continue
		}
		if x := m.t.Cell(k, row); x != nil {
			b.WriteString(x.Raw)
		}
		b.WriteByte(0)
	}
	return b.String()
}

// noErrors reports estimates whose standard errors are all nought or missing.
func (m *model) noErrors(p *Pass) {
	for _, e := range m.est {
		if e.Numbers() < 2 {
			continue
		}
		for _, c := range m.t.Columns {
			se := c.Role == table.SE && c.Numbers() > 1 && c.Min() == 0 && c.Max() == 0 ||
				c.Role == table.Empty && (c.HasToken("se", "stderr") || c.HasToken("std") && c.HasToken("error", "err"))
			if !se {
				continue
			}
			p.Report(Finding{Kind: "saturated", Table: m.t.Source.Name, Column: c.Name, ColumnIndex: Int(c.Index),
				Message:  fmt.Sprintf("No estimate has a standard error in %q: the model may fit perfectly, and its estimates be the data.", short(c.Name)),
				Evidence: map[string]any{"estimates": e.Numbers()}})
			return
		}
	}
}

var modelSeparation = Check{
	Name: "model-separation", Version: 1, Title: "An empty cell behind an estimate",
	Doc:     "A standard error of 20 or more, or a ratio beyond e^10, comes of separation: everybody or nobody with this characteristic had the outcome.",
	Source:  sdc + "class disclosure. The bounds are those at which fitting by maximum likelihood has failed.",
	Example: "estimate 18.2 with a standard error of 1034.6: noted. A standard error of 0.06: not.",
	FixR:    mergeGroupsR,
	FixPy:   mergeGroupsPy,
	Kinds:   []Kind{{"", policy.Note, "an estimate that only an empty cell gives"}},
	File: func(p *Pass) error {
		for _, m := range modelsOf(p.Doc) {
			for _, c := range m.se {
				m.beyond(p, c, "a standard error of 20 or more", func(v float64) bool { return v >= 20 })
			}
			for _, c := range m.est {
				if ratioNamed(c) {
					m.beyond(p, c, "a ratio beyond e^10", func(v float64) bool { return v > 0 && math.Abs(math.Log(v)) > 10 })
				}
			}
		}
		return nil
	},
}

func (m *model) beyond(p *Pass, c *table.Column, what string, f func(float64) bool) {
	var cells []int
	for i := range c.Cells {
		if x := &c.Cells[i]; (x.Kind == table.Number || x.Kind == table.Estimate) && f(x.Value) {
			cells = append(cells, i)
		}
	}
	if len(cells) == 0 {
		return
	}
	out := p.Cells("", m.t, c, cells)
	out.Severity = p.Severity("")
	out.Message = fmt.Sprintf("%s in %q: %s, so a cell of the table behind it is empty.", counted(len(cells), "row"), short(c.Name), what)
	p.Report(out)
}

var modelSmallCell = Check{
	Name: "model-small-cell-hint", Version: 1, Title: "A small cell behind an estimate",
	Doc: "The squared standard error of an unadjusted log odds ratio is the sum of 1/cell over its four cells, and that of a log rate or hazard ratio the sum of " +
		"1/events over both groups. A large standard error therefore says that the smallest cell is small. Adjusted models can have large ones for other reasons.",
	Source:  "Woolf's formula; " + sdc + "small counts, directly or indirectly.",
	Example: "An odds ratio with a standard error of 0.9: the smallest of its four cells is at most 4/0.81 = 4.9, so 4. With 0.3: at most 44, not reported.",
	FixR:    mergeGroupsR,
	FixPy:   mergeGroupsPy,
	Kinds:   []Kind{{"", policy.Note, "if the model is unadjusted, a cell behind it is within the threshold"}},
	File: func(p *Pass) error {
		for _, m := range modelsOf(p.Doc) {
			if m.log {
				for _, c := range m.se {
					m.smallCells(p, c)
				}
			}
		}
		return nil
	},
}

// smallCells bounds the smallest cell behind each standard error of the log of
// a ratio.
func (m *model) smallCells(p *Pass, c *table.Column) {
	cells := 4.0
	for _, x := range m.t.Columns {
		if x.HasToken("hr", "hazard", "irr", "ahr", "loghr", "cox", "robust") {
			cells = 2
		}
	}
	var at []int
	least := math.Inf(1)
	simple := m.simpleRows()
	for i := range c.Cells {
		se, ok := m.logSE(c, i)
		if !ok || se <= 0 || se >= 20 || !simple[c.Row(i)] {
			continue
		}
		if bound := math.Floor(cells / (se * se)); bound <= float64(p.Policy.Counts.Threshold) {
			at, least = append(at, i), min(least, bound)
		}
	}
	if len(at) == 0 {
		return
	}
	f := p.Cells("", m.t, c, at)
	f.Severity = p.Severity("")
	f.Message = fmt.Sprintf("%s in %q so large that, if the model is unadjusted, a cell behind it is at most %g.", counted(len(at), "standard error"), short(c.Name), math.Max(least, 1))
	f.Evidence["formula"] = fmt.Sprintf("smallest cell <= %g / SE^2, SE that of the log of the ratio", cells)
	p.Report(f)
}

// logSE returns the standard error of the log of a ratio. Stata's is that of
// the ratio itself; the confidence limits tell which one is shown.
func (m *model) logSE(c *table.Column, i int) (float64, bool) {
	x := &c.Cells[i]
	if x.Kind != table.Number {
		return 0, false
	}
	se := x.Value
	limits := m.t.ByRole(table.CI)
	if len(m.est) == 0 || len(limits) < 2 || limits[0].At != nil || c.At != nil || m.est[0].At != nil {
		return se, true
	}
	est, lo, hi := m.est[0].Cells[i].Value, limits[0].Cells[i].Value, limits[1].Cells[i].Value
	if !(est > 0 && lo > 0 && hi > lo) {
		return se, true // a logarithm, or nothing to compare with
	}
	implied := math.Log(hi/lo) / (2 * 1.96)
	near := func(v float64) bool { return math.Abs(v-implied) <= 0.15*implied }
	switch {
	case near(se):
		return se, true
	case near(se / est):
		return se / est, true
	}
	return se, math.Abs((hi-lo)/(2*1.96)-se) <= 0.15*se
}

// maxSimpleTerms is how many terms a model may have and still be taken for one
// of a single variable.
const maxSimpleTerms = 10

// simpleRows marks the rows of models with few terms.
func (m *model) simpleRows() map[int]bool {
	terms := map[string]int{}
	for i := range m.t.Rows {
		terms[m.modelKey(i+m.t.Skip)]++
	}
	rows := map[int]bool{}
	for i := range m.t.Rows {
		rows[i+m.t.Skip] = terms[m.modelKey(i+m.t.Skip)] <= maxSimpleTerms
	}
	return rows
}

var modelNoN = Check{
	Name: "model-no-n", Version: 1, Title: "A model without its population",
	Doc: "Estimates can be judged only with the number of people, or of events, and the degrees of freedom that they rest on. " +
		"Give them in the file, in a supporting file or in the description of the group.",
	Source:  regressions,
	Example: "term,estimate,std.error,p.value and nothing else: noted. With a column n_obs, or \"n = 1,200\" in the description: not.",
	FixR: `model <- lm(bmi ~ sex, data = df)
results <- data.frame(summary(model)$coefficients)
results <- results |> mutate(n_obs = nobs(model), df = df.residual(model))`,
	FixPy: `model = smf.ols("bmi ~ sex", data=df).fit()
results = model.params.to_frame("estimate").assign(n_obs=model.nobs, df=model.df_resid)`,
	Kinds: []Kind{
		{"file", policy.Note, "not in the file, nor in what is known of its group"},
		{"request", policy.Warn, "nowhere in the request, nor in its description"},
	},
	Set: findPopulations,
}

var statedN = regexp.MustCompile(`(?i)\b(?:n|df|population|sample|patients?|people|persons?|individuals|participants|events|observations|obs|subjects|records|degrees of freedom)\b[^.;\n]{0,60}?\d|\d[\d,]*\s+(?:patients?|people|persons?|individuals|participants|events|observations|subjects|records|degrees of freedom)\b`)

func findPopulations(p *SetPass) error {
	described, anywhere := false, false
	groups := map[string]bool{}
	for _, d := range p.Docs {
		described = described || d.File.Group != "" || d.File.Context != ""
		if hasPopulation(d) {
			anywhere = true
			groups[d.File.Group] = true
		}
		if statedN.MatchString(d.File.Context) {
			anywhere = true
			groups[d.File.Group] = true
		}
	}
	for _, d := range p.Docs {
		models := modelsOf(d)
		if len(models) == 0 || d.File.Supporting || hasPopulation(d) || statedN.MatchString(d.File.Context) ||
			d.File.Group != "" && groups[d.File.Group] {
			continue
		}
		kind, message := "file", "Estimates without the number of people or events, or degrees of freedom, that they rest on."
		if described && !anywhere {
			kind, message = "request", "Estimates without the number of people or events, or degrees of freedom, that they rest on, here or anywhere in the request."
		}
		p.Report(d.Path, Finding{Kind: kind, Table: models[0].t.Source.Name, Message: message,
			Evidence: map[string]any{"tables": len(models)}})
	}
	return nil
}

var nameWithN = regexp.MustCompile(`\b[Nn]\s*[=:]\s*\d`)

// hasPopulation says whether a document states a number of people, events or
// degrees of freedom.
func hasPopulation(d *Document) bool {
	if d.Text != nil && len(d.Text.Phrases) > 0 {
		return true
	}
	for _, t := range d.Tables {
		for _, c := range t.Virtual {
			known := c.Role.CountLike() || c.Role == table.DF || c.Role == table.PersonTime
			if known && c.Numbers() > 0 || nameWithN.MatchString(c.Name) {
				return true
			}
		}
	}
	return false
}
