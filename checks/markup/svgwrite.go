package markup

import (
	"bytes"
	"errors"
	"strings"
)

// writeSVG writes a cleaned drawing in one fixed form: the namespaces once on
// the root, one element a line, text exactly as it was.
func writeSVG(root *node) []byte {
	w := &svgWriter{}
	w.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	w.element(root, true, false)
	w.WriteByte('\n')
	return w.Bytes()
}

type svgWriter struct {
	bytes.Buffer
}

func (w *svgWriter) element(n *node, root, inText bool) {
	w.WriteByte('<')
	w.WriteString(n.name)
	if root {
		w.WriteString(` xmlns="` + svgSpace + `" xmlns:xlink="` + xlinkSpace + `"`)
	}
	for _, a := range n.attrs {
		w.WriteByte(' ')
		if a.space != "" {
			w.WriteString(a.space + ":")
		}
		w.WriteString(a.name + `="`)
		attributeEscape.WriteString(w, a.value)
		w.WriteByte('"')
	}
	if len(n.kids) == 0 {
		w.WriteString("/>")
		return
	}
	w.WriteByte('>')
	inText = inText || holdsText[n.name]
	for _, k := range n.kids {
		if k.name == "" {
			textEscape.WriteString(w, k.text)
			continue
		}
		if !inText {
			w.WriteByte('\n')
		}
		w.element(k, false, inText)
	}
	if !inText && n.name != "style" {
		w.WriteByte('\n')
	}
	w.WriteString("</" + n.name + ">")
}

var (
	attributeEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\n", "&#10;", "\r", "&#13;", "\t", "&#9;")
	textEscape      = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#13;")
)

var (
	errExpands = errors.New("it repeats its own parts too often")
	errCycle   = errors.New("a part of it refers to itself")
)

// costly is what a filter or a mask counts for among parts: it is worked out
// for every pixel of what it is used on.
const costly = 500

// weight is what drawing an element costs: with the parts copied by <use>, with
// the parts painted or clipped through url(), and how long the longest chain of
// references is.
type weight struct {
	copies, parts, chain int
}

// expansion weighs a drawing, each element once.
type expansion struct {
	ids      map[string]*node
	classUse map[string][]string
	done     map[*node]weight
	open     map[*node]bool
}

// checkExpansion refuses a drawing that takes a browser without end: ten parts
// that use ten others each, ten levels deep, are ten thousand million.
func checkExpansion(root *node, ids map[string]*node, classUse map[string][]string) error {
	e := &expansion{ids, classUse, map[*node]weight{}, map[*node]bool{}}
	w, err := e.weigh(root)
	if err != nil {
		return err
	}
	if w.copies > maxElements+maxReuse || w.parts > maxReferenced {
		return errExpands
	}
	return nil
}

func (e *expansion) weigh(n *node) (weight, error) {
	if w, ok := e.done[n]; ok {
		return w, nil
	}
	if e.open[n] {
		return weight{}, errCycle
	}
	shared := n.attr("id") != ""
	if shared {
		e.open[n] = true
	}
	w := weight{1, 1, 0}
	if n.name == "filter" || n.name == "mask" {
		w.parts = costly
	}
	for _, k := range n.kids {
		if k.name == "" {
			continue
		}
		kw, err := e.weigh(k)
		if err != nil {
			return w, err
		}
		w.copies, w.parts, w.chain = cap9(w.copies+kw.copies), cap9(w.parts+kw.parts), max(w.chain, kw.chain)
	}
	for i, id := range e.targets(n) {
		to := e.ids[id]
		if to == nil {
			continue
		}
		tw, err := e.weigh(to)
		if err != nil {
			return w, err
		}
		if w.chain = max(w.chain, tw.chain+1); w.chain > maxChain {
			return w, errExpands
		}
		w.parts = cap9(w.parts + tw.parts)
		if i == 0 && n.name == "use" {
			w.copies = cap9(w.copies + tw.copies)
		}
	}
	if shared {
		delete(e.open, n)
		e.done[n] = w
	}
	return w, nil
}

// targets lists the ids that an element refers to; the href comes first.
func (e *expansion) targets(n *node) []string {
	var out []string
	if to, ok := n.href(); ok && strings.HasPrefix(to, "#") {
		out = append(out, to[1:])
	}
	for _, a := range n.attrs {
		switch {
		case a.name == "class":
			for _, class := range strings.Fields(a.value) {
				out = append(out, e.classUse[class]...)
			}
		case a.space == "" && strings.Contains(a.value, "(#"):
			out = append(out, urlTargets(a.value)...)
		}
	}
	return out
}

// cap9 keeps a sum from overflowing.
func cap9(n int) int { return min(n, 1_000_000_000) }
