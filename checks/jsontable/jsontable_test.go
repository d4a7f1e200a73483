package jsontable

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// want is one expected table: its name, then its header and records.
type want struct {
	name string
	rows [][]string
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []want
	}{
		{"records below a name", `{"a":[{"sex":"F","n":120},{"sex":"M","n":4}]}`,
			[]want{{"$.a", [][]string{{"sex", "n"}, {"F", "120"}, {"M", "4"}}}}},
		{"object of arrays", `{"sex":["F","M"],"n":[120,4]}`,
			[]want{{"$", [][]string{{"sex", "n"}, {"F", "120"}, {"M", "4"}}}}},
		{"to_json by columns", `{"n":{"F":120,"M":4},"pct":{"F":97,"M":3}}`,
			[]want{{"$", [][]string{{"", "n", "pct"}, {"F", "120", "97"}, {"M", "4", "3"}}}}},
		{"to_json with row numbers", `{"sex":{"0":"F","1":"M"},"group":{"0":"a","1":"b"}}`,
			[]want{{"$", [][]string{{"", "sex", "group"}, {"0", "F", "a"}, {"1", "M", "b"}}}}},
		{"to_json by rows", `{"F":{"n":120,"pct":97},"M":{"n":4,"pct":3}}`,
			[]want{{"$", [][]string{{"", "n", "pct"}, {"F", "120", "97"}, {"M", "4", "3"}}}}},
		{"by rows, one value missing", `{"a":{"events":9,"patients":3},"b":{"patients":4}}`,
			[]want{{"$", [][]string{{"", "events", "patients"}, {"a", "9", "3"}, {"b", "", "4"}}}}},
		{"split", `{"columns":["sex",["n","2020"]],"index":[7,8],"data":[["F",120],["M",null]]}`,
			[]want{{"$", [][]string{{"", "sex", "n 2020"}, {"7", "F", "120"}, {"8", "M", ""}}}}},
		{"table orient", `{"schema":{"fields":[{"name":"n","type":"integer"}],"pandas_version":"1.4.0"},"data":[{"n":4}]}`,
			[]want{
				{"$.schema", [][]string{{"pandas_version"}, {"1.4.0"}}},
				{"$.schema.fields", [][]string{{"name", "type"}, {"n", "integer"}}},
				{"$.data", [][]string{{"n"}, {"4"}}}}},
		{"lone values", `{"num_practices":6367,"patients":4,"by":"sex"}`,
			[]want{{"$", [][]string{{"num_practices", "patients", "by"}, {"6367", "4", "sex"}}}}},
		{"a scalar", `4`, []want{{"$", [][]string{{""}, {"4"}}}}},
		{"a bare list", `{"ids":["943 476 5919","x"]}`, []want{{"$.ids", [][]string{{"ids"}, {"943 476 5919"}, {"x"}}}}},
		{"rows with a header", `[["sex","n"],["F",120],["M",4]]`, []want{{"$", [][]string{{"sex", "n"}, {"F", "120"}, {"M", "4"}}}}},
		{"rows without", `[[1,2],[3,4]]`, []want{{"$", [][]string{{"", ""}, {"1", "2"}, {"3", "4"}}}}},
		{"objects within records", `[{"k":{"sex":"F"},"n":4},{"k":{"sex":"M"},"n":120}]`,
			[]want{{"$", [][]string{{"k.sex", "n"}, {"F", "4"}, {"M", "120"}}}}},
		{"arrays within records", `[{"m":"a","rows":[{"n":4}]},{"m":"b","rows":[{"n":9}]}]`,
			[]want{{"$", [][]string{{"m"}, {"a"}, {"b"}}}, {"$[0].rows", [][]string{{"n"}, {"4"}}}, {"$[1].rows", [][]string{{"n"}, {"9"}}}}},
		{"arrays of two lengths", `{"a":[1],"b":[1,2]}`, []want{{"$.a", [][]string{{"a"}, {"1"}}}, {"$.b", [][]string{{"b"}, {"1"}, {"2"}}}}},
		{"mixed list", `{"x":[1,{"n":4},2]}`, []want{{"$.x[1]", [][]string{{"n"}, {"4"}}}, {"$.x", [][]string{{"x"}, {"1"}, {"2"}}}}},
		{"odd name", `{"a b":{"n":4}}`, []want{{`$["a b"]`, [][]string{{"n"}, {"4"}}}}},
		{"digits kept", `{"n":12345678901234567890.50}`, []want{{"$", [][]string{{"n"}, {"12345678901234567890.50"}}}}},
		{"byte order mark", "\xef\xbb\xbf{\"n\":4}", []want{{"$", [][]string{{"n"}, {"4"}}}}},
		{"nothing in it", `{"a":[],"b":{}}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Read([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			var g []want
			for _, s := range got {
				g = append(g, want{s.Name, append([][]string{s.Header}, s.Records...)})
				if len(s.Lines) != len(s.Records)+1 || s.Lines[len(s.Lines)-1] != len(s.Records)+1 {
					t.Errorf("%s: lines %v", s.Name, s.Lines)
				}
			}
			if d := cmp.Diff(c.want, g, cmp.AllowUnexported(want{})); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	wide := make([]string, 3000)
	for i := range wide {
		wide[i] = fmt.Sprintf(`{"k%d":1}`, i)
	}
	for _, c := range []struct{ name, in, want string }{
		{"name twice", `{"a":1,"a":2}`, "given twice"},
		{"two values", `{} {}`, "follows the end"},
		{"lone surrogate", `["\udc00"]`, "not valid JSON"},
		{"deep", strings.Repeat("[", 65) + strings.Repeat("]", 65), "nested"},
		{"too many values", "[" + strings.Repeat("1,", maxValues) + "1]", "more than 600000 values"},
		{"records that share no name", "[" + strings.Join(wide, ",") + "]", "cells"},
		{"too many tables", "{" + tables(maxTables+1) + "}", "more than 5000 tables"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Read([]byte(c.in)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func tables(n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(`"t%d":[{"n":1}]`, i)
	}
	return strings.Join(out, ",")
}

func TestRealFiles(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/corpus/files/pincer-measures/released_outputs/combined/*.json")
	if len(files) == 0 {
		t.Skip("no corpus of real outputs beside the repository")
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Read(data)
		if err != nil || len(got) == 0 {
			t.Errorf("%s: %d tables, error %v", filepath.Base(name), len(got), err)
		}
		if strings.HasSuffix(name, "combined_summary_statistics.json") && !slices.Contains(got[0].Header, "patients_numerator") {
			t.Errorf("%s: header %v", filepath.Base(name), got[0].Header)
		}
	}
}

// FuzzRead checks that every text and number of an accepted file stands in a
// table.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		`{"a":[{"sex":"F","n":120},{"sex":"M","n":4}]}`, `{"n":{"F":120,"M":4},"pct":{"F":97,"M":3}}`,
		`{"columns":["sex","n"],"index":[7,8],"data":[["F",120],["M",4]]}`, `[[1,2],[3,[4]]]`, `{"x":[1,{"n":4},[],{}]}`, `[[],[1]]`,
		`{"columns":["a"],"data":[["x","y"]],"index":[[1,2]],"n":3}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Read(data)
		if err != nil {
			return
		}
		var all strings.Builder
		for _, s := range got {
			fmt.Fprintln(&all, s.Header, s.Records)
		}
		root, err := parse(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range leaves(root) {
			if !strings.Contains(all.String(), v.text) {
				t.Errorf("%q of %q is in no table", v.text, data)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var s strings.Builder
	s.WriteString("[")
	for i := range 5000 {
		if i > 0 {
			s.WriteString(",")
		}
		fmt.Fprintf(&s, `{"week":"2021-01-%02d","sex":"F","n":%d,"total":%d,"pct":%.2f}`, i%28+1, i*5, i*50, float64(i)/7)
	}
	s.WriteString("]")
	data := []byte(s.String())
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Read(data); err != nil {
			b.Fatal(err)
		}
	}
}
