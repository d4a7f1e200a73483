package demo

import (
	"encoding/base64"
	"fmt"
	"html"
	"strings"
)

// markdownReport is an HTML report as R Markdown knits it: one file with its
// own styles and scripts, a table of contents, tables, and figures as data
// URLs, one of them SVG.
func markdownReport(title string, tables map[string]*table, order []string, bitmap, vector []byte) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" lang="en">
<head>
<meta charset="utf-8" />
<meta name="generator" content="pandoc" />
<meta http-equiv="refresh" content="86400" />
<title>%s</title>
<link href="https://fonts.example.org/css?family=Lato" rel="stylesheet" />
<style type="text/css">
body { font-family: Lato, sans-serif; max-width: 60em; margin: auto; }
table { border-collapse: collapse; } td, th { padding: 2px 10px; } .hidden { display: none; }
@import url("https://fonts.example.org/extra.css");
</style>
<script>
function toggleCode(id) { var e = document.getElementById(id); e.className = e.className ? "" : "hidden"; }
document.addEventListener("DOMContentLoaded", function () { document.title += " (interactive)"; });
</script>
</head>
<body onload="toggleCode('setup')">
<div class="container-fluid main-container">
<h1 class="title toc-ignore">%[1]s</h1>
<div id="TOC"><ul>
`, html.EscapeString(title))
	for i, name := range order {
		fmt.Fprintf(&b, "<li><a href=\"#section-%d\">%s</a></li>\n", i+1, html.EscapeString(name))
	}
	b.WriteString("</ul></div>\n<p>Counts of seven or fewer were redacted, and all others rounded to the nearest five before percentages were taken (<a href=\"javascript:toggleCode('setup')\">show the code</a>).</p>\n")
	b.WriteString("<pre id=\"setup\" class=\"r\"><code>rounded &lt;- roundmid_any(n, to = 5)</code></pre>\n<!-- knit from report.Rmd -->\n")
	for i, name := range order {
		fmt.Fprintf(&b, "<div id=\"section-%d\" class=\"section level2\">\n<h2>%s</h2>\n", i+1, html.EscapeString(name))
		htmlTable(&b, tables[name])
		b.WriteString("</div>\n")
	}
	fmt.Fprintf(&b, "<h2>Figures</h2>\n<p><img src=\"data:image/png;base64,%s\" alt=\"Line chart\" width=\"720\" onclick=\"toggleCode('setup')\" /></p>\n", base64.StdEncoding.EncodeToString(bitmap))
	fmt.Fprintf(&b, "<p><img src=\"data:image/svg+xml;base64,%s\" alt=\"The same as a vector\" width=\"720\" /></p>\n", base64.StdEncoding.EncodeToString(vector))
	b.WriteString("</div>\n<script src=\"https://cdn.example.org/bootstrap.min.js\"></script>\n</body>\n</html>\n")
	return []byte(b.String())
}

func htmlTable(b *strings.Builder, t *table) {
	b.WriteString("<table class=\"table table-condensed\">\n<thead><tr class=\"header\">")
	for _, h := range t.rows[0] {
		fmt.Fprintf(b, "<th align=\"left\">%s</th>", html.EscapeString(h))
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
	for i, row := range t.rows[1:] {
		b.WriteString([]string{"<tr class=\"odd\">", "<tr class=\"even\">"}[i%2])
		for _, c := range row {
			fmt.Fprintf(b, "<td style=\"text-align:left;\">%s</td>", html.EscapeString(c))
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody>\n</table>\n")
}
