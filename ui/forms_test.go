package ui

import (
	"bytes"
	"errors"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"sallyport/review/reviewtest"
)

// upload sends a workbook as the form of the workspace.
func (b *browser) upload(name string, data []byte) *browser {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("form", name)
	if err == nil {
		_, err = part.Write(data)
	}
	if err != nil || w.Close() != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, b.site.url+"/workspaces/cohort/form", &body)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

// altered is the workbook after a change.
func altered(t *testing.T, data []byte, change func(*excelize.File) error) []byte {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if err := change(book); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func set(sheet, cell, value string) func(*excelize.File) error {
	return func(b *excelize.File) error { return b.SetCellStr(sheet, cell, value) }
}

// formIsWholeOrNothing sends forms of which something is refused only once other
// parts were taken: what those would have changed is not in the draft.
func formIsWholeOrNothing(t *testing.T, s *site, form []byte) {
	t.Helper()
	ann := s.as(t, "ann")
	draft := ann.get("/requests").links(requestLink)[0]
	s.Workspaces.Write(reviewtest.Cohort, "release/more.csv", "sex,n\nF,10\n")
	for name, c := range map[string]struct {
		change func(*excelize.File) error
		want   string
	}{
		"a wildcard of another count": {
			func(b *excelize.File) error {
				return b.SetSheetRow("Groups", "A3", &[]any{"More", "release/more*.csv", "2"})
			}, "sheet Groups, cell A3: release/more*.csv: The wildcard captures 1 file, and you state 2.",
		},
		"an exception that nothing asks for": {
			func(b *excelize.File) error {
				return errors.Join(
					b.SetSheetRow("Groups", "A3", &[]any{"More"}),
					b.SetSheetRow("Files", "A3", &[]any{"More", "release/more.csv", "output", "file-rows", "because"}),
				)
			}, "sheet Files, cell B3: release/more.csv: exception from file-rows:",
		},
	} {
		data := altered(t, form, func(b *excelize.File) error {
			return errors.Join(b.SetCellStr("Request", "B4", "Half of it"), c.change(b))
		})
		ann.upload("form.xlsx", data).want(http.StatusOK).has("nothing was changed", c.want)
		if ann.get(draft).want(http.StatusOK); strings.Contains(ann.body, "Half of it") || strings.Contains(ann.body, "more.csv") {
			t.Errorf("%s: part of the form is in the draft", name)
		}
	}
}

// A form is downloaded, filled in and sent; what it says is in the draft, and
// the form of the draft says it again.
func TestFormOfWorkspace(t *testing.T) {
	s := newSite(t)
	s.Workspaces.Write(reviewtest.Cohort, "release/rates.csv", roundedCSV)
	ann := s.as(t, "ann").get("/workspaces/cohort/form").want(http.StatusOK)
	if d := ann.header.Get("Content-Disposition"); !strings.Contains(d, `filename="cohort-2026-11-20.xlsx"`) {
		t.Errorf("Content-Disposition %q", d)
	}
	blank := []byte(ann.body)
	for name, c := range map[string]struct {
		change func(*excelize.File) error
		want   string
	}{
		"another workspace": {set("Request", "B2", "arms"), "the form is for the workspace"},
		"no such file":      {set("Files", "B2", "release/none.csv"), "sheet Files, cell B2: release/none.csv is not in the workspace"},
		"unknown field":     {set("Request", "A4", "colour"), "cell A4: the field"},
		"a formula":         {func(b *excelize.File) error { return b.SetCellFormula("Request", "B4", "1+1") }, "holds no formulas"},
		"a hidden sheet":    {func(b *excelize.File) error { return b.SetSheetVisible("Groups", false) }, "it is hidden"},
	} {
		if ann.upload("form.xlsx", altered(t, blank, c.change)).has(c.want); !strings.HasPrefix(ann.path, "/workspaces/") {
			t.Errorf("%s: sent on to %s", name, ann.path)
		}
	}
	ann.upload("form.xlsm", blank).want(http.StatusUnprocessableEntity).has("without macros")
	ann.upload("form.xlsx", []byte("no workbook")).want(http.StatusUnprocessableEntity).has("not a workbook")
	if links := ann.get("/requests").links(requestLink); len(links) != 0 {
		t.Fatalf("a form that cannot be used left %q", links)
	}
	filled := altered(t, blank, func(b *excelize.File) error {
		if err := b.SetCellStr("Request", "B4", "=Rates by region"); err != nil {
			return err
		}
		return b.SetCellStr("Groups", "E2", "People by region of about 1,550.")
	})
	ann.upload("form.xlsx", filled).want(http.StatusOK).has("The form was read: 1 file added", "=Rates by region", "release/rates.csv")
	if !strings.HasPrefix(ann.path, "/requests/") {
		t.Errorf("sent on to %s", ann.path)
	}
	again := ann.get("/workspaces/cohort/form").want(http.StatusOK).body
	book, err := excelize.OpenReader(strings.NewReader(again))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if got, _ := book.GetCellValue("Groups", "E2"); got != "People by region of about 1,550." {
		t.Errorf("the draft's form says %q", got)
	}
	ann.upload("form.xlsx", []byte(again)).want(http.StatusOK).has("The form was read: 0 files added")
	formIsWholeOrNothing(t, s, []byte(again))
	s.as(t, "tim").get("/workspaces/cohort/form").want(http.StatusNotFound)
}
