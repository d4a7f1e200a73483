// Package strictjson reads JSON that others wrote the strict way: exactly one
// value, valid UTF-8, no name twice in one object, no lone surrogate, no more
// than [MaxDepth] levels of nesting. What it refuses, it refuses with a reason
// in plain words that quotes nothing of the text.
//
// The standard library's decoder keeps the last of two equal names, replaces
// bad UTF-8 and rounds large numbers, so that what a program reads is not what
// a person sees; this package is for places where that would hide something.
package strictjson
