package ui

import (
	"net/http"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"sallyport/review"
	"sallyport/review/ledger"
)

// The record links each event to its proof, and each proof can be checked with
// the public key alone; what is exported says by which checkpoint, and where the
// proofs are.
func TestRecordLinksProofs(t *testing.T) {
	s := newSite(t)
	keys, err := ledger.ParseKeys(s.Ledger.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	_, id, _ := s.releasedRequest(t)
	aud := s.as(t, "aud")
	record := "/records/" + string(id)
	aud.get(record).want(http.StatusOK).has("The signed log", "Signed note")
	links := aud.links(`/audit/proofs/\d+`)
	events, err := s.Store.Events(t.Context(), review.EventQuery{Request: id})
	if err != nil || len(links) != len(events) {
		t.Fatalf("%d links for %d events: %v", len(links), len(events), err)
	}
	for _, link := range []string{links[0], links[len(links)-1], record + "/proof"} {
		proof, err := ledger.ParseProof(aud.exported(link))
		if err != nil {
			t.Fatalf("%s: %v", link, err)
		}
		_, proven, err := proof.Check(keys)
		if err != nil || len(proven) == 0 {
			t.Fatalf("%s: %v", link, err)
		}
		for _, e := range proven {
			if e.Request != id {
				t.Errorf("%s proves an event of %s", link, e.Request)
			}
		}
	}
	aud.get(record+"/print").want(http.StatusOK).has(record+"/proof", "check-proof").lacks("proof of this event")

	csv := string(aud.exported("/export" + record + "?format=csv"))
	for _, want := range []string{record + "/proof", review.ProofsPath, "signed note"} {
		if !strings.Contains(csv, want) {
			t.Errorf("the CSV of the record lacks %q", want)
		}
	}
	book, err := excelize.OpenReader(strings.NewReader(string(aud.exported("/export" + record + "?format=xlsx"))))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if rows, err := book.GetRows("Log"); err != nil || len(rows) < 8 {
		t.Errorf("the workbook's sheet Log: %v %v", rows, err)
	}
}

// What was recalled is marked in the register, its files, and the figures, and
// can be asked for.
func TestRegisterOfRecalls(t *testing.T) {
	s := newSite(t)
	_, id, _ := s.releasedRequest(t)
	aud := s.as(t, "aud")
	aud.get("/releases?recalled=yes").want(http.StatusOK).has("No release matches")
	aud.get("/releases?recalled=no").has("rates.csv")
	err := s.Recall(t.Context(), s.As(t, "aud"), id, review.BreachInput{Words: "A small count.", Severity: review.RecallSerious, Discovered: s.Now()})
	if err != nil {
		t.Fatal(err)
	}
	aud.get("/releases?recalled=yes").has("rates.csv", "Recalled")
	aud.get("/releases?recalled=no").lacks("rates.csv")
	rows := readCSV(t, aud.exported("/export/releases?format=csv&recalled=yes"))
	if len(rows) != 2 {
		t.Fatalf("rows %q", rows)
	}
	got := map[string]string{}
	for i, name := range rows[0] {
		got[name] += rows[1][i] + ";"
	}
	if got["recalled"] != "yes;yes;" || !strings.HasPrefix(got["recalled on"], "2026-11-20T") {
		t.Errorf("the release and its file: %q, on %q", got["recalled"], got["recalled on"])
	}
	book, err := excelize.OpenReader(strings.NewReader(string(aud.exported("/export/releases?format=xlsx"))))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	for sheet, cell := range map[string]string{"Releases": "P2", "Files": "I2"} {
		if v, err := book.GetCellValue(sheet, cell); err != nil || v != "yes" {
			t.Errorf("%s!%s is %q, %v", sheet, cell, v, err)
		}
	}
	if csv := string(aud.exported("/export/records/" + string(id) + "?format=csv")); !strings.Contains(csv, `"Recalls"`) || !strings.Contains(csv, "A small count.") {
		t.Error("the record's CSV says nothing of the recall")
	}
	aud.get("/figures").has("Recalls by month", "1 recall.")
	if !strings.Contains(aud.body, `id="plot-recalls-t"`) {
		t.Error("no plot of recalls")
	}
}
