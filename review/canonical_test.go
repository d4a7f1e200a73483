package review_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

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

// FuzzCanonical holds the encoding to another way of computing it.
func FuzzCanonical(f *testing.F) {
	f.Add(int64(1), "ada", "release/t.csv", "k", "v", 2)
	f.Add(int64(9), "", "a\xff\xfeb\u2028\x00\x7f\n\\\"<&>", "\U0001d11e", "\xed\xa0\x80", -3)
	f.Add(int64(1<<53), "\ufffd", "\uffff", "\ue000", "", 0)
	f.Fuzz(func(t *testing.T, seq int64, actor, path, key, value string, turn int) {
		if seq > 1<<53 || seq < -(1<<53) || int64(turn) > 1<<53 || int64(turn) < -(1<<53) {
			t.Skip("JSON has no such whole numbers")
		}
		e := review.Event{
			Seq: seq, At: time.Unix(seq%1e10, 0), Type: review.EventType(value), Actor: review.Username(actor), Path: path,
			Turn: turn, Detail: map[string]string{"\U0001d11e": actor, "\uff5e": path},
		}
		if k := strings.ToValidUTF8(key, ""); k == key { // two names could be one when replaced
			e.Detail[key] = value
		}
		if got, want := e.Canonical(), byLibrary(t, e); !bytes.Equal(got, want) {
			t.Errorf("canonical\n%s\nwant\n%s", got, want)
		}
	})
}

// byLibrary encodes an event as any JSON, and makes that canonical.
func byLibrary(t *testing.T, e review.Event) []byte {
	t.Helper()
	parts := map[string]any{"seq": e.Seq, "at": e.At.UTC().Format("2006-01-02T15:04:05.000000Z"), "type": e.Type, "detail": e.Detail}
	if e.Actor != "" {
		parts["actor"] = e.Actor
	}
	if e.Path != "" {
		parts["path"] = e.Path
	}
	if e.Turn != 0 {
		parts["turn"] = e.Turn
	}
	text, err := json.Marshal(parts)
	must(t, err)
	canonical := jsontext.Value(text)
	must(t, canonical.Canonicalize())
	return canonical
}

func BenchmarkCanonical(b *testing.B) {
	e := review.Event{
		Seq: 12, At: time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC), Type: review.EvVoted, Actor: "carol", Request: "01JD3X", Workspace: "w",
		Group: "g", File: "f", Path: "release/table.csv", Turn: 2, From: review.Submitted, To: review.Reviewed,
		Digest: review.Digest(strings.Repeat("d", 64)), Findings: review.Digest(strings.Repeat("f", 64)),
		Policy: strings.Repeat("a", 64), Detail: map[string]string{"decision": "approve"}, Source: "local",
	}
	var buffer []byte
	for b.Loop() {
		buffer = e.AppendCanonical(buffer[:0])
	}
}
