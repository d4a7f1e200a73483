// Package audit finds out what can be worked out from a table that no one can
// see by looking at it: the value of a redacted cell from a total and its other
// parts, from several totals together, or from another table.
//
// It works as an attacker would. What is shown becomes variables, each with the
// range of whole numbers that it may stand for: a shown exact count is one
// number, a rounded one a short range, a redacted one anything. What must add
// up becomes a [Relation]. [Solve] then gives the range that each hidden cell
// is left with: first by carrying bounds from relation to relation until
// nothing moves, which is already the whole truth where the relations form no
// cycle; then, in each remaining tangle, by linear programming; and where a
// tangle is too large for that within [Limits], by algebra alone, saying so.
// It never excludes a value that is possible, so what it calls exact is exact.
//
// [Judge] turns a range into a [Verdict].
package audit
