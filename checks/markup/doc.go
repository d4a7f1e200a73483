// Package markup reads and cleans HTML reports and SVG figures.
//
// [CleanSVG] rebuilds a drawing from the elements, attributes and CSS properties
// on a list, written out by a serialiser of its own, so that nothing survives
// by being overlooked: no script, no animation, no reference but to the
// drawing's own parts, no text that is not drawn. The figures of R (svglite,
// ggplot2, cairo) and matplotlib draw the same afterwards, pixel by pixel.
//
// [CleanHTML] turns a report into a UTF-8 document without script, styling,
// remote or active content that still reads as the report: headings, tables,
// lists and formulas stay, figures are cleaned by their own rules and embedded
// again. It prepares the tree (what needs to know its surroundings), lets
// bluemonday enforce the list of what may stay, and repeats until nothing
// changes any more, so that cleaning twice is cleaning once.
//
// [ReadHTML] and [ReadSVG] take out what the checks look at: tables, printed
// numbers with their places, the data of script-drawn widgets, and the text
// that no reader of the page would see.
//
// All four bound what they spend: 500,000 elements, limited nesting, limited
// expansion of references. What is beyond is an error in plain words.
package markup
