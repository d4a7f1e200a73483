package markup

import "strings"

// set makes a lookup of the words of a list.
func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// svgElements are the elements that a drawing may hold: shapes, text, paint,
// clipping and the filters that R's devices write. Nothing that runs, moves,
// fetches or holds foreign content is among them.
var svgElements = set(`svg g defs symbol use switch style
	path rect circle ellipse line polyline polygon image
	text tspan textPath
	clipPath mask pattern linearGradient radialGradient stop marker
	filter feBlend feColorMatrix feComponentTransfer feFuncR feFuncG feFuncB feFuncA
	feComposite feFlood feGaussianBlur feMerge feMergeNode feOffset`)

// svgAttributes are attributes with geometry, numbers and keywords. The
// presentation attributes in svgProperties are allowed besides.
var svgAttributes = set(`width height viewBox preserveAspectRatio version
	x y x1 y1 x2 y2 cx cy r rx ry fx fy fr d points pathLength
	dx dy rotate textLength lengthAdjust startOffset method spacing side
	transform gradientTransform patternTransform gradientUnits patternUnits patternContentUnits
	clipPathUnits maskUnits maskContentUnits spreadMethod offset
	markerUnits markerWidth markerHeight refX refY orient
	filterUnits primitiveUnits in in2 result type values mode operator k1 k2 k3 k4
	stdDeviation edgeMode tableValues slope intercept amplitude exponent`)

// svgProperties are the CSS properties of a drawing, as style or attribute.
var svgProperties = set(`alignment-baseline background background-color baseline-shift
	clip-path clip-rule color color-interpolation color-interpolation-filters
	color-rendering cx cy direction display dominant-baseline
	fill fill-opacity fill-rule filter flood-color flood-opacity
	font font-family font-feature-settings font-kerning font-size font-size-adjust
	font-stretch font-style font-variant font-variant-ligatures font-weight height
	image-rendering isolation letter-spacing line-height
	marker marker-end marker-mid marker-start mask mask-type mix-blend-mode
	opacity overflow paint-order r rx ry shape-rendering stop-color stop-opacity
	stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin
	stroke-miterlimit stroke-opacity stroke-width
	text-align text-anchor text-decoration text-rendering
	transform transform-box transform-origin unicode-bidi vector-effect visibility
	white-space width word-spacing writing-mode x y`)

// cssFunctions may appear in a value; url only with a local target.
var cssFunctions = set(`url rgb rgba hsl hsla translate translatex translatey rotate
	scale scalex scaley skewx skewy matrix rect`)

// svgActive are the elements that could run, move or fetch something; they are
// named as such when they are taken out.
var svgActive = map[string]string{
	"script": "script", "handler": "script", "foreignObject": "embedded page part",
	"animate": "animation", "animateMotion": "animation", "animateTransform": "animation",
	"animateColor": "animation", "set": "animation", "discard": "animation", "mpath": "animation",
	"iframe": "embedded page", "object": "embedded page", "embed": "embedded page",
	"audio": "sound or film", "video": "sound or film", "feImage": "image from elsewhere",
	"font-face": "font", "font-face-uri": "font", "font": "font", "link": "styling from elsewhere",
}

// svgUnseen are elements whose text no viewer draws on the picture.
var svgUnseen = map[string]string{
	commentName: "comment", "title": "hidden title", "desc": "hidden description", "metadata": "metadata",
}

// htmlElements are the elements a report may hold, besides those of MathML. All
// may stand without attributes.
var htmlElements = strings.Fields(`html head title body
	h1 h2 h3 h4 h5 h6 p div section article header footer main nav aside address hr br
	ul ol li dl dt dd blockquote pre code kbd samp var
	table caption colgroup col thead tbody tfoot tr th td
	figure figcaption img a span
	b strong i em u s del ins mark small sub sup q cite abbr dfn time bdi bdo wbr
	details summary`)

// mathElements are the presentation elements of MathML. None may hold HTML.
var mathElements = strings.Fields(`math mrow mi mn mo ms mtext mspace mfrac msqrt mroot
	msub msup msubsup munder mover munderover mmultiscripts mprescripts none
	mtable mtr mtd mlabeledtr mpadded mphantom menclose mfenced mstyle merror semantics`)

// mathAttributes carry meaning or layout, never a reference.
var mathAttributes = strings.Fields(`display mathvariant accent accentunder stretchy fence
	separator form open close separators linethickness columnalign rowalign notation
	lspace rspace movablelimits largeop symmetric minsize maxsize displaystyle scriptlevel
	width height depth rowspan columnspan bevelled`)

// htmlActive names what is taken out of a report with all it holds.
var htmlActive = map[string]string{
	"script": "script", "style": "styling", "link": "link to another file",
	"base": "base address", "meta": "page setting",
	"iframe": "embedded page", "frame": "embedded page", "frameset": "embedded page",
	"object": "embedded object", "embed": "embedded object", "applet": "embedded object", "portal": "embedded page",
	"audio": "sound or film", "video": "sound or film", "source": "sound or film", "track": "sound or film",
	"canvas": "drawing made by script",
	"input":  "form field", "select": "form field", "textarea": "form field", "button": "button",
	"option": "form field", "datalist": "form field", "optgroup": "form field",
	"output": "form field", "progress": "form field", "meter": "form field", "keygen": "form field",
	"template": "hidden template", "noscript": "text for browsers without script", "noembed": "hidden text", "noframes": "hidden text",
	"dialog": "hidden dialogue", "area": "image map", "map": "image map",
	"marquee": "moving text", "bgsound": "sound or film", "plaintext": "plain text block", "xmp": "plain text block",
}
