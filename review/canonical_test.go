package review_test

import (
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"time"

	"sallyport/review"
)

// TestCanonical pins the encoding: the record's seals rest on these bytes.
func TestCanonical(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 30, 0, 120_000_000, time.FixedZone("", 3600))
	for _, test := range []struct {
		event      review.Event
		want, leaf string
	}{
		{
			review.Event{Seq: 1, At: at, Type: review.EvSignIn, Actor: "ada"},
			`{"actor":"ada","at":"2026-11-21T08:30:00.120000Z","seq":1,"type":"person.signed_in"}`,
			"",
		},
		{
			review.Event{
				Seq: 12, At: at, Type: review.EvVoted, Actor: "carol", Request: "r", Workspace: "w", Group: "g", File: "f",
				Path: "release/<é>&\u2028\n\".csv", Turn: 2, From: review.Submitted, To: review.Reviewed, Digest: "d",
				Findings: "n", Policy: "p", Detail: map[string]string{"z": "1", "decision": "approve", "é": ""}, Source: "local",
			},
			`{"actor":"carol","at":"2026-11-21T08:30:00.120000Z","detail":{"decision":"approve","z":"1","é":""},"digest":"d",` +
				`"file":"f","findings":"n","from":"SUBMITTED","group":"g","path":"release/<é>&` + "\u2028" + `\n\".csv","policy":"p",` +
				`"request":"r","seq":12,"source":"local","to":"REVIEWED","turn":2,"type":"file.voted","workspace":"w"}`,
			"",
		},
		{
			review.Event{Seq: 1, At: at, Type: "t", Path: "not \xff UTF-8"},
			`{"at":"2026-11-21T08:30:00.120000Z","path":"not ` + "\ufffd" + ` UTF-8","seq":1,"type":"t"}`,
			"1d525e7c144f55b307cb9150a5b00d8f821713f72db637bf0d10ba1aad78bea9",
		},
	} {
		if got := string(test.event.Canonical()); got != test.want {
			t.Errorf("canonical\n%s\nwant\n%s", got, test.want)
		}
		if leaf := test.event.Leaf(); test.leaf != "" && hex.EncodeToString(leaf[:]) != test.leaf {
			t.Errorf("leaf %x, want %s", leaf, test.leaf)
		}
	}
}

// TestCanonicalCoversAll: an event that differs in any field has another
// encoding, so that nothing can be changed unseen.
func TestCanonicalCoversAll(t *testing.T) {
	seen := map[string]string{string(review.Event{}.Canonical()): "nothing"}
	for i := range reflect.TypeFor[review.Event]().NumField() {
		var e review.Event
		name := reflect.TypeOf(e).Field(i).Name
		switch v := reflect.ValueOf(&e).Elem().Field(i); v.Interface().(type) {
		case time.Time:
			v.Set(reflect.ValueOf(time.Date(2026, 11, 21, 9, 30, 0, 1000, time.UTC)))
		case map[string]string:
			v.Set(reflect.ValueOf(map[string]string{"a": "b"}))
		case int, int64:
			v.SetInt(7)
		default:
			v.SetString("x")
		}
		text := string(e.Canonical())
		if other, ok := seen[text]; ok {
			t.Errorf("an event with %s set looks as one with %s set: %s", name, other, text)
		}
		seen[text] = name
		if !strings.HasPrefix(text, "{") {
			t.Errorf("%s: %s is no object", name, text)
		}
	}
}
