package markup

import (
	"errors"
	"fmt"
	"strings"

	"sallyport/checks/clean"
)

// CleanSVG returns a drawing that looks the same and holds nothing but what is
// drawn, and the list of what went. Cleaning clean bytes returns equal bytes.
// The error says in plain words why a drawing cannot be cleaned: it is not
// well-formed, uses entities of its own, repeats itself without end, or is
// beyond the limits.
func CleanSVG(data []byte) ([]byte, []clean.Removal, error) {
	return cleanSVG(data, 0, &figures{})
}

func cleanSVG(data []byte, depth int, f *figures) ([]byte, []clean.Removal, error) {
	d, err := readXML(data)
	if err != nil {
		return nil, nil, err
	}
	var gone clean.List
	gone.AddN("comment", "", len(d.comments))
	gone.AddN("document type", "", d.doctype)
	gone.AddN("styling from elsewhere", "", d.settings)
	out, err := cleanDrawing(d.root, &gone, depth, f)
	return out, gone.Removals(), err
}

// cleanDrawing cleans the tree of a drawing, from a file or from a page, and
// writes it out.
func cleanDrawing(root *node, gone *clean.List, depth int, f *figures) ([]byte, error) {
	c := &svgCleaner{gone: gone, depth: depth, figures: f, used: map[string]bool{}, classUse: map[string][]string{}, styles: map[string]string{}}
	c.sheets(root)
	if !c.element(root, nil) {
		return nil, errors.New("it is not an SVG drawing")
	}
	ids := c.names(root)
	if err := checkExpansion(root, ids, c.classUse); err != nil {
		return nil, err
	}
	return writeSVG(root), nil
}

// svgCleaner cleans one drawing in place.
type svgCleaner struct {
	gone  *clean.List
	depth int // drawings around this one
	*figures
	// used holds what selectors and references name: ".class", "#id".
	used map[string]bool
	// classUse says which parts a class refers to through url().
	classUse map[string][]string
	styles   map[string]string // cleaned style attributes that lost nothing
	dropped  int
}

func (c *svgCleaner) drop(what string, n *node) {
	c.dropped++
	where := ""
	if n.line > 0 {
		where = fmt.Sprintf("line %d", n.line)
	}
	c.gone.Add(what, where)
}

// sheets cleans every style sheet first, because the classes and ids that they
// name decide which of the elements' stay.
func (c *svgCleaner) sheets(n *node) {
	if n.name == "style" && !n.foreign {
		kept := c.sheet(n)
		n.kids = nil
		if kept != "" {
			n.kids = []*node{{text: kept}}
		}
		return
	}
	for _, k := range n.kids {
		c.sheets(k)
	}
}

func (c *svgCleaner) sheet(n *node) string {
	if m := n.attr("media"); m != "" && m != "all" && m != "screen" {
		c.drop("styling for other media", n)
		return ""
	}
	all, at := rules(n.plain())
	for range at {
		c.drop("styling from elsewhere (at-rule)", n)
	}
	var b strings.Builder
	for _, r := range all {
		if len(r.selector) > maxSelector {
			c.drop("style rule", n)
			continue
		}
		var selectors []string
		for _, s := range strings.Split(r.selector, ",") {
			if s = strings.TrimSpace(s); selectorSafe.MatchString(s) {
				selectors = append(selectors, s)
			}
		}
		body := ""
		if len(selectors) > 0 {
			body = c.style(r.body, n, selectors)
		}
		if body == "" {
			c.drop("style rule", n)
			continue
		}
		for _, s := range selectors {
			for _, name := range selectorName.FindAllString(s, -1) {
				c.used[name] = true
			}
		}
		fmt.Fprintf(&b, "\n%s {%s}", strings.Join(selectors, ", "), body)
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	return b.String()
}

// inline cleans a style attribute. Figures repeat few styles many times, so
// those that lose and refer to nothing are remembered.
func (c *svgCleaner) inline(v string, n *node) string {
	if kept, ok := c.styles[v]; ok {
		return kept
	}
	dropped := c.dropped
	kept := c.style(v, n, nil)
	if c.dropped == dropped && !strings.Contains(kept, "(#") && len(c.styles) < maxRules && len(v) < maxValue {
		c.styles[v] = kept
	}
	return kept
}

// style returns the declarations that are kept. In a rule, references are kept
// only for plain class selectors, whose use can be counted.
func (c *svgCleaner) style(body string, n *node, selectors []string) string {
	var kept []string
	for _, d := range declarations(body) {
		v, ok := cleanValue(d.value)
		if !svgProperties[d.property] || !ok {
			c.drop("style property", n)
			continue
		}
		targets := urlTargets(v)
		if len(targets) > 0 && selectors != nil && !c.count(selectors, targets) {
			c.drop("style property", n)
			continue
		}
		for _, t := range targets {
			c.used["#"+t] = true
		}
		kept = append(kept, d.property+": "+v)
	}
	return strings.Join(kept, "; ")
}

// count notes what class selectors refer to; false if one is not a class.
func (c *svgCleaner) count(selectors, targets []string) bool {
	for _, s := range selectors {
		if s[0] != '.' || selectorName.FindString(s) != s || len(c.classUse[s[1:]]) > maxChain {
			return false
		}
	}
	for _, s := range selectors {
		c.classUse[s[1:]] = append(c.classUse[s[1:]], targets...)
	}
	return true
}

// urlTargets returns the ids that a cleaned value refers to.
func urlTargets(v string) []string {
	var out []string
	for {
		i := strings.Index(v, "(#")
		if i < 0 {
			return out
		}
		v = v[i+2:]
		end := strings.IndexByte(v, ')')
		if end < 0 {
			return out
		}
		out = append(out, v[:end])
		v = v[end:]
	}
}

// holdsText are the elements whose text is drawn.
var holdsText = set(`text tspan textPath`)

// element cleans an element and all below it; false means it goes.
func (c *svgCleaner) element(n, parent *node) bool {
	if n.name == "a" && !n.foreign {
		c.drop("link", n)
		n.name = "g"
		if parent != nil && holdsText[parent.name] {
			n.name = "tspan"
		}
	}
	if n.foreign || !svgElements[n.name] {
		c.drop(svgName(n), n)
		return false
	}
	if n.attr("display") == "none" || hidesDisplay(n.attr("style")) {
		c.drop("hidden element", n)
		return false
	}
	if parent == nil && n.name != "svg" {
		return false
	}
	if n.name == "style" {
		n.attrs = nil
		return len(n.kids) > 0
	}
	if n.name == "image" && !c.image(n) || n.name == "use" && !c.use(n) {
		return false
	}
	c.attributes(n)
	kept := n.kids[:0]
	for _, k := range n.kids {
		if c.child(k, n) {
			kept = append(kept, k)
		}
	}
	n.kids = kept
	return true
}

func (c *svgCleaner) child(k, parent *node) bool {
	if k.name != "" {
		return c.element(k, parent)
	}
	if holdsText[parent.name] {
		return true
	}
	if strings.TrimSpace(k.text) != "" {
		c.drop("text that is not drawn", k)
	}
	return false
}

func hidesDisplay(style string) bool {
	if !strings.Contains(strings.ToLower(style), "display") {
		return false
	}
	for _, d := range declarations(style) {
		if d.property == "display" && strings.HasPrefix(strings.ToLower(d.value), "none") {
			return true
		}
	}
	return false
}

func svgName(n *node) string {
	if what := svgActive[n.name]; what != "" {
		return what
	}
	if what := svgUnseen[n.name]; what != "" {
		return what
	}
	if n.foreign {
		return "element of another vocabulary"
	}
	return "element that is not on the list"
}

// use keeps a reference to a part of the same drawing.
func (c *svgCleaner) use(n *node) bool {
	target, _ := n.href()
	if !strings.HasPrefix(target, "#") || !goodID(target[1:]) {
		c.drop("reference to elsewhere", n)
		return false
	}
	return true
}

// image keeps an embedded PNG, JPEG or SVG, cleaned.
func (c *svgCleaner) image(n *node) bool {
	target, _ := n.href()
	if !strings.HasPrefix(strings.TrimSpace(target), "data:") {
		c.drop("image from elsewhere", n)
		return false
	}
	out, removed, err := c.cleanData(target, c.depth)
	if err != nil {
		c.drop("embedded image that cannot be cleaned", n)
		return false
	}
	for _, r := range removed {
		c.gone.AddN(r.What+", in an embedded image", "", r.Count)
	}
	kept := n.attrs[:0]
	for _, a := range n.attrs {
		if a.name != "href" {
			kept = append(kept, a)
		}
	}
	n.attrs = append(kept, attribute{"xlink", "href", out})
	return true
}

// refers are the elements whose href names another part of the drawing.
var refers = set(`use textPath linearGradient radialGradient pattern`)

// attributes keeps the attributes on the list, in their order, each once.
func (c *svgCleaner) attributes(n *node) {
	var kept []attribute
	seen := map[string]bool{}
	var target string
	for _, a := range n.attrs {
		v, ok := c.attribute(n, a)
		if !ok || seen[a.name] {
			continue
		}
		if a.name == "href" {
			if a.space == "" || target == "" {
				target = v
			}
			continue
		}
		seen[a.name] = true
		kept = append(kept, attribute{a.space, a.name, v})
	}
	if target != "" {
		kept = append(kept, attribute{"xlink", "href", target})
		if target[0] == '#' {
			c.used[target] = true
		}
	}
	n.attrs = kept
}

// oneLine is how XML reads the white space of an attribute.
var oneLine = strings.NewReplacer("\n", " ", "\r", " ", "\t", " ")

// attribute returns the value that is kept, and whether one is.
func (c *svgCleaner) attribute(n *node, a attribute) (string, bool) {
	v := oneLine.Replace(a.value)
	switch {
	case a.space == "xmlns":
		return "", false // written anew
	case a.name == "href" && (a.space == "" || a.space == "xlink"):
		return c.reference(n, strings.TrimSpace(v))
	case a.space == "xml" && a.name == "space" && (v == "preserve" || v == "default"):
		return v, true
	case a.space != "":
		c.drop("attribute", n)
		return "", false
	case a.name == "id":
		return v, goodID(v) // unused ones go later
	case a.name == "class":
		return c.classes(v, n)
	case a.name == "style":
		v = c.inline(v, n)
		return v, v != ""
	case svgProperties[a.name] && !svgAttributes[a.name]:
		v, ok := cleanValue(strings.TrimSpace(v))
		if !ok {
			c.drop("attribute", n)
		}
		for _, t := range urlTargets(v) {
			c.used["#"+t] = true
		}
		return v, ok
	case svgAttributes[a.name] && geometry(v):
		return v, true
	}
	if strings.HasPrefix(strings.ToLower(a.name), "on") {
		c.drop("event handler", n)
	} else {
		c.drop("attribute", n)
	}
	return "", false
}

func (c *svgCleaner) reference(n *node, v string) (string, bool) {
	if n.name == "image" {
		return v, true // made by image
	}
	if refers[n.name] && strings.HasPrefix(v, "#") && goodID(v[1:]) {
		return v, true
	}
	c.drop("reference to elsewhere", n)
	return "", false
}

// classes keeps the classes that a style sheet names.
func (c *svgCleaner) classes(v string, n *node) (string, bool) {
	var kept []string
	for _, class := range strings.Fields(v) {
		if c.used["."+class] {
			kept = append(kept, class)
		} else {
			c.drop("unused class", n)
		}
	}
	return strings.Join(kept, " "), len(kept) > 0
}

// geometry says whether a value can be numbers, units, path commands and
// keywords, and nothing else.
func geometry(v string) bool {
	for i := range len(v) {
		b := v[i]
		switch {
		case b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z':
		case strings.IndexByte(" .,+-%()_", b) >= 0:
		default:
			return false
		}
	}
	return true
}

// names drops the ids that nothing refers to, and repeated ones, and returns
// the elements by id.
func (c *svgCleaner) names(root *node) map[string]*node {
	ids := map[string]*node{}
	var walk func(n *node)
	walk = func(n *node) {
		for i, a := range n.attrs {
			if a.space != "" || a.name != "id" {
				continue
			}
			if c.used["#"+a.value] && ids[a.value] == nil {
				ids[a.value] = n
			} else {
				c.drop("unused name (id)", n)
				n.attrs = append(n.attrs[:i], n.attrs[i+1:]...)
			}
			break
		}
		for _, k := range n.kids {
			walk(k)
		}
	}
	walk(root)
	return ids
}
