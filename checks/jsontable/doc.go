// Package jsontable finds the tables in a JSON text: arrays of records, objects
// of equal columns, what pandas writes with to_json (split, columns, index) and
// lone values, however deeply they lie. Every value of the text stands in
// exactly one table, so that whatever looks at tables has seen the whole file.
//
// Reading is strict (see package strictjson) and whole: a text that asks for
// more than the limits is refused with the reason, never read in part. Numbers
// keep their digits as written.
package jsontable
