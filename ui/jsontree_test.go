package ui

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJSONTree(t *testing.T) {
	got, whole, ok := jsonTree([]byte(`{"b": [1, "x\u202e", null], "a": {"deep": true}}`))
	want := jsonNode{Kind: "object", Count: 2, Open: true, Items: []jsonNode{
		{Key: "b", Kind: "list", Count: 3, Open: true, Items: []jsonNode{{Key: "1", Value: "1"}, {Key: "2", Value: `"x\u{202e}"`}, {Key: "3", Value: "null"}}},
		{Key: "a", Kind: "object", Count: 1, Open: true, Items: []jsonNode{{Key: "deep", Value: "true"}}},
	}}
	if diff := cmp.Diff(want, got); diff != "" || !whole || !ok {
		t.Errorf("whole %v, ok %v (-want +got):\n%s", whole, ok, diff)
	}
	for name, in := range map[string]string{"none": "", "broken": `{"a":`, "two values": "1 2", "text": "hello"} {
		if _, _, ok := jsonTree([]byte(in)); ok {
			t.Errorf("%s was read as a tree", name)
		}
	}
	for name, in := range map[string]string{
		"long": "[" + strings.Repeat("1,", 5000) + "1]", "deep": strings.Repeat("[", 500) + strings.Repeat("]", 500),
		"long text": `["` + strings.Repeat("x", 5000) + `"]`,
	} {
		if _, whole, ok := jsonTree([]byte(in)); whole || !ok {
			t.Errorf("%s: whole %v, ok %v", name, whole, ok)
		}
	}
}

func FuzzJSONTree(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":null}],"a":1e9}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		root, _, _ := jsonTree(data)
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
	})
}
