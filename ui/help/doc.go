// Package help makes the guides of the folder docs into pages of the program,
// and finds words in them.
//
// [Read] parses every page once, when the program starts: Markdown becomes HTML
// with goldmark, links between pages become addresses below /help, pictures are
// given their sizes so that nothing jumps when they come, and the outcome passes
// an allow-list of bluemonday's. The same links work where the folder is read in
// the repository.
//
// [Guides.Find] looks for words section by section, and leads to the heading
// below which they stand. The guides are some hundred sections of text that is
// in memory anyway, so there is no index to keep.
package help
