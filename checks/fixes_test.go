package checks_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sallyport/checks"
)

// What the snippets of all checks rest on: a table as studies have them, and a
// second one like it.
const (
	preludePy = `import shutil, sys, traceback
try:
    import numpy as np, pandas as pd
except ImportError:
    sys.exit(77)
def table():
    k = 40
    return pd.DataFrame({"region": ["North", "South", "East", "West"] * 10, "sex": ["F", "M"] * 20,
      "age_group": ["18-39", "40-64", "65-79", "80+"] * 10, "age": range(20, 60), "month": range(k), "n": range(0, 120, 3), "total": range(100, 500, 10),
      "rate": 0.5, "bmi": range(18, 58), "email": "e", "phone": "p", "date_of_birth": "d", "patient_id": range(k), "nhs_number": "0", "postcode": "x", "comment": "=1", "x7": 1})
`
	preludeR = `ok <- suppressWarnings(suppressMessages(requireNamespace("dplyr", quietly = TRUE) && requireNamespace("tidyr", quietly = TRUE) && requireNamespace("stringr", quietly = TRUE)))
if (!ok) quit(status = 77)
suppressMessages(library(dplyr))
table_ <- function() data.frame(region = rep(c("North", "South", "East", "West"), 10), sex = rep(c("F", "M"), 20),
  age_group = rep(c("18-39", "40-64", "65-79", "80+"), 10), age = 20:59, month = 0:39, n = seq(0, 117, 3), total = seq(100, 490, 10),
  rate = 0.5, bmi = 18:57 + 0.5, email = "e", phone = "p", date_of_birth = "d", patient_id = 0:39, nhs_number = "0", postcode = "x", comment = "=1", x7 = 1)
`
)

// needsMore are the checks whose snippets need what no test machine has (a
// drawing, ACRO, ehrQL, a statistics library): they are held to their grammar.
var needsMore = map[string]bool{"acro-evidence": true, "image-metadata": true, "measures-file": true, "html-removed": true, "model-df": true, "model-no-n": true}

// Every snippet is code of its language, and does what it says on a table of
// the kind that it is for: no count of 1 to 7 is left by those that redact.
func TestSnippetsOfPython(t *testing.T) {
	run(t, "python3", ".py", pythonProgram())
}

func TestSnippetsOfR(t *testing.T) {
	run(t, "Rscript", ".R", rProgram())
}

// run runs a program in an empty folder; it prints what is wrong. Exit status 77
// says that its libraries are missing, so that only the grammar was looked at.
func run(t *testing.T, name, ext, program string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	dir := t.TempDir()
	for _, f := range []string{"output/rates.csv", "release/rates.csv", "one.csv", "other.csv"} {
		file := filepath.Join(dir, f)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("n\n10\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "snippets"+ext)
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, file)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == 77 {
		if len(out) > 0 {
			t.Errorf("%s", out)
		}
		t.Skipf("%s has not the libraries that the snippets use: only their grammar was looked at", name)
	}
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

func pythonProgram() string {
	var b strings.Builder
	b.WriteString("snippets = {\n")
	for _, c := range checks.All() {
		b.WriteString(strconv.Quote(c.Name) + ": (" + pythonQuote(c.FixPy) + ", " + map[bool]string{true: "False", false: "True"}[needsMore[c.Name]] + "),\n")
	}
	b.WriteString("}\nfor name, (code, runs) in snippets.items():\n    compile(code, name, 'exec')\n")
	b.WriteString(preludePy)
	b.WriteString(`import io, contextlib
for name, (code, runs) in snippets.items():
    if not runs: continue
    got = dict(df=table(), other=table(), lines=["n = 3", "done"], pd=pd, np=np, shutil=shutil)
    try:
        with contextlib.redirect_stdout(io.StringIO()): exec(code, got)
    except Exception:
        print(name); traceback.print_exc(); continue
    df = got["df"]
    if name in ("small-count", "implied-count", "redaction-recoverable", "person-level", "cross-table-margin"):
        n = df["n"].dropna()
        if ((n > 0) & (n <= 7)).any() or (n % 5 != 0).any(): print(name, "leaves small or unrounded counts", sorted(n))
    if name.startswith("id-") and len(df.columns) >= len(table().columns): print(name, "drops no column")
`)
	return b.String()
}

func rProgram() string {
	var b strings.Builder
	b.WriteString("snippets <- list(\n")
	for i, c := range checks.All() {
		if i > 0 {
			b.WriteString(",\n")
		}
		b.WriteString(strconv.Quote(c.Name) + " = list(" + rQuote(c.FixR) + ", " + map[bool]string{true: "FALSE", false: "TRUE"}[needsMore[c.Name]] + ")")
	}
	b.WriteString(")\nfor (name in names(snippets)) parse(text = snippets[[name]][[1]])\n")
	b.WriteString(preludeR)
	b.WriteString(`for (name in names(snippets)) {
  if (!snippets[[name]][[2]]) next
  e <- new.env(); e$df <- table_(); e$other <- table_(); e$lines <- c("n = 3", "done")
  fault <- tryCatch({ suppressMessages(capture.output(eval(parse(text = snippets[[name]][[1]]), e))); NULL }, error = function(x) conditionMessage(x))
  if (!is.null(fault)) cat(name, fault, "\n")
  if (name %in% c("small-count", "implied-count", "redaction-recoverable", "person-level", "cross-table-margin")) {
    n <- e$df$n[!is.na(e$df$n)]
    if (any(n > 0 & n <= 7) || any(n %% 5 != 0)) cat(name, "leaves small or unrounded counts", n, "\n")
  }
}
`)
	return b.String()
}

// pythonQuote and rQuote write a text of ASCII as a literal of the language.
func pythonQuote(s string) string { return strconv.QuoteToASCII(s) }
func rQuote(s string) string      { return strconv.QuoteToASCII(s) }
