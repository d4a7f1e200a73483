package strictjson

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name, in, want string // want is part of the reason; "" accepts
		line           int
	}{
		{"object", `{"a":[1,2,{"b":null}]}`, "", 0},
		{"scalar", ` 12 `, "", 0},
		{"huge integer", `123456789012345678901234567890`, "", 0},
		{"surrogate pair", `"\ud83d\ude00"`, "", 0},
		{"empty", ``, "nothing in it", 1},
		{"blank", " \n ", "nothing in it", 1},
		{"twice", "{\"a\":1,\n\"a\":2}", "given twice", 2},
		{"twice, escaped", `{"a":1,"\u0061":2}`, "given twice", 1},
		{"two values", "{}\n{}", "follows the end", 1},
		{"rubbish after", `[1]x`, "follows the end", 1},
		{"cut off", `{"a":[1,`, "ends in the middle", 1},
		{"lone surrogate", `"\ud800"`, "not valid JSON", 1},
		{"bad UTF-8", "\"\xff\"", "not valid UTF-8", 1},
		{"bad UTF-8 outside", "[1,\n\xff]", "not valid UTF-8", 2},
		{"NaN", `{"a": NaN}`, "NaN", 1},
		{"minus infinity", `[-Infinity]`, "NaN", 1},
		{"trailing comma", `[1,]`, "not valid JSON", 1},
		{"comment", `/* x */ 1`, "not valid JSON", 1},
		{"single quotes", `{'a':1}`, "not valid JSON", 1},
		{"depth 64", strings.Repeat("[", 64) + strings.Repeat("]", 64), "", 0},
		{"depth 65", strings.Repeat("[", 65) + strings.Repeat("]", 65), "nested more than 64", 1},
		{"depth bomb", strings.Repeat(`{"a":`, 1_000_000), "nested more than 64", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Check([]byte(c.in))
			if c.want == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v, want one with %q", err, c.want)
			}
			if !strings.Contains(e.Reason, c.want) || e.Line != c.line {
				t.Errorf("error %q at line %d, want %q at line %d", e.Reason, e.Line, c.want, c.line)
			}
		})
	}
}

func TestErrorsQuoteNothing(t *testing.T) {
	for _, in := range []string{`{"secret":1,"secret":2}`, `{"n":"secret"}`, `secret`, `["secret" secret]`} {
		var v struct {
			N int `json:"n"`
		}
		if err := Unmarshal([]byte(in), &v); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v", in, err)
		}
	}
}

func TestUnmarshalSkipsUnknownNames(t *testing.T) {
	var v struct {
		A int `json:"a"`
	}
	if err := Unmarshal([]byte(`{"a":3,"b":{"c":[]}}`), &v); err != nil || v.A != 3 {
		t.Errorf("got %+v, %v", v, err)
	}
}

// FuzzCheck holds the strict reader to never accept what the standard library
// refuses.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e3,"x",null,true]}`, `[[[]]]`, "\xef\xbb\xbf{}", `{"a":1,"a":2}`, `"\ud800"`, `[1] 2`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if Check(data) == nil && !json.Valid(data) {
			t.Errorf("accepted what is not JSON: %q", data)
		}
	})
}
