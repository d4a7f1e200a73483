package ui

import (
	"bytes"
	"html/template"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
)

// markdown renders a comment. Raw HTML in it is left out by the renderer, and
// what comes out is sanitised to text, lists, emphasis, code and plain links,
// without images: a picture's address would tell its owner who is reading.
func markdown(text string) template.HTML { //permit:template.HTML // it returns only what bluemonday sanitised
	var b bytes.Buffer
	if err := goldmark.Convert([]byte(printableText(text)), &b); err != nil {
		b.Reset() // writing to memory does not fail
	}
	return template.HTML(commentPolicy().SanitizeBytes(b.Bytes())) //permit:template.HTML // sanitised
}

func commentPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "hr")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("https")
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	return p
}
