package ui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// tree reads the part of JSON that an address asks for; addresses of parts are
// their queries.
func tree(data, query string) (root jsonNode, cut, ok bool) {
	q, _ := url.ParseQuery(query)
	return jsonTree([]byte(data), treePartOf(q), func(p treePart) string { return p.query().Encode() })
}

func TestJSONTree(t *testing.T) {
	got, cut, ok := tree(`{"b": [1, "x\u202e", null], "a": {"deep": true}, "e": []}`, "")
	want := jsonNode{Kind: "object", Count: 3, Open: true, Items: []jsonNode{
		{Key: "b", Kind: "list", Count: 3, Open: true, Items: []jsonNode{{Key: "1", Value: "1"}, {Key: "2", Value: `"x\u{202e}"`}, {Key: "3", Value: "null"}}},
		{Key: "a", Kind: "object", Count: 1, Open: true, Items: []jsonNode{{Key: "deep", Value: "true"}}},
		{Key: "e", Kind: "list"},
	}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(jsonNode{})); diff != "" || cut || !ok {
		t.Errorf("cut %v, ok %v (-want +got):\n%s", cut, ok, diff)
	}
	for name, in := range map[string]string{"none": "", "broken": `{"a":`, "two values": "1 2", "text": "hello"} {
		if _, _, ok := tree(in, ""); ok {
			t.Errorf("%s was read as a tree", name)
		}
	}
	if _, cut, ok := tree(`["`+strings.Repeat("x", 5000)+`"]`, ""); !cut || !ok {
		t.Errorf("a long text: cut %v, ok %v", cut, ok)
	}
}

// What is over the limits is all there, part after part, each by the address that
// the one before gives.
func TestJSONTreeByParts(t *testing.T) {
	long := "[" + strings.Repeat(`{"n": [7]},`, 5000) + "1]"
	deep := `{"a":` + strings.Repeat("[0,", 500) + "42" + strings.Repeat("]", 500) + "}"
	for name, tt := range map[string]struct {
		in, query string
		key, more string
		count     int
		shown     int
	}{
		"long, first":            {long, "", "", "from=200&view=tree", 5001, 200},
		"long, next":             {long, "from=200", "", "from=400&view=tree", 5001, 200},
		"long, last":             {long, "from=4900", "", "", 5001, 101},
		"one of a list":          {long, "at=3", "4", "", 1, 1},
		"in one of a list":       {long, "at=4999.0", "n", "", 1, 1},
		"deep":                   {deep, "at=0.1.1.1", "2", "", 2, 2},
		"past the end of a list": {long, "from=6000", "", "", 5001, 0},
	} {
		got, _, ok := tree(tt.in, tt.query)
		if !ok || got.Key != tt.key || got.More != tt.more || got.Count != tt.count || len(got.Items) != tt.shown {
			t.Errorf("%s: %v, %q, more %q, %d of %d", name, ok, got.Key, got.More, len(got.Items), got.Count)
		}
	}
	for _, query := range []string{"at=9999", "at=0.0.0.0", "at=5000.0"} {
		if _, _, ok := tree(long, query); ok {
			t.Errorf("%s leads somewhere", query)
		}
	}
	if p := treePartOf(url.Values{"at": {"1.x"}, "from": {"-3"}}); !p.whole() {
		t.Errorf("nonsense asks for %+v", p)
	}
	for query, hops := "", 0; ; hops++ {
		root, _, ok := tree(deep, query)
		if !ok || hops > 500 {
			t.Fatalf("after %d addresses the deepest value is not found", hops)
		}
		n := root
		for n.Kind != "" && n.More == "" {
			n = n.Items[len(n.Items)-1]
		}
		if n.Value == "42" {
			break
		}
		query = n.More
	}
}

func FuzzJSONTree(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":null}],"a":1e9}`), "at=0.0")
	f.Add([]byte(" {\n\"\\\"k\\\\\" : [ -1.5 ,true\t, \"}\\\\\"] , \"\":{} }\r\n"), "at=0.2")
	f.Fuzz(func(t *testing.T, data []byte, query string) {
		root, _, _ := tree(string(data), query)
		var count func(n jsonNode) int
		count = func(n jsonNode) int {
			sum := 1
			for _, i := range n.Items {
				sum += count(i)
			}
			return sum
		}
		if n := count(root); n > treeNodes+1 {
			t.Errorf("%d values in the tree", n)
		}
		root, cut, ok := tree(string(data), "")
		if ok != json.Valid(data) {
			t.Fatalf("read as a tree: %v", ok)
		}
		got, all := said(root, nil)
		if want := tokens(data); ok && all && !cut && !cmp.Equal(want, got) {
			t.Errorf("(-want +got):\n%s", cmp.Diff(want, got))
		}
	})
}

// said is what a tree says, in order; all is false where some of it has an address
// of its own.
func said(n jsonNode, out []string) (text []string, all bool) {
	if n.Kind == "" {
		return append(out, n.Value), true
	}
	out, all = append(out, n.Kind), n.More == ""
	for _, item := range n.Items {
		if n.Kind == "object" {
			out = append(out, `"`+item.Key+`"`)
		}
		var whole bool
		out, whole = said(item, out)
		all = all && whole
	}
	return append(out, "end"), all
}

// tokens is what the library's decoder says of JSON, in the words of said.
func tokens(data []byte) (out []string) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return out
		}
		switch v := token.(type) {
		case json.Delim:
			out = append(out, map[json.Delim]string{'{': "object", '[': "list", '}': "end", ']': "end"}[v])
		case string:
			out = append(out, `"`+printable(v)+`"`)
		case nil:
			out = append(out, "null")
		default:
			out = append(out, fmt.Sprint(v))
		}
	}
}

// A part far down a large file is found without decoding what lies before it.
func BenchmarkJSONTreePart(b *testing.B) {
	data := "[" + strings.Repeat(`{"region":"North East","week":17,"rate":0.25,"of":[1,2,{"b":"x"}]},`, 150_000) + "1]"
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, _, ok := tree(data, "at=149000"); !ok {
			b.Fatal("there is no such part")
		}
	}
}
