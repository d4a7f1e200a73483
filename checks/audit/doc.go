// Package audit finds out what can be worked out from a table that no one can
// see by looking at it: the value of a redacted cell from a total and its other
// parts, from several totals together, or from another table.
//
// A table comes as a [Grid] of labelled counts. [Audit] first looks for what adds
// up to what in it: rows labelled as totals, columns that are sums of others, and
// variables that split the same people. Each guess is weighed by how often it
// holds where nothing is missing, how well hidden small counts explain what is
// missing, and how seldom numbers of that size agree by chance. Totals that were
// added up again after redaction carry nothing and are left out.
//
// Then it works as an attacker would. What is shown becomes variables, each with
// the range of whole numbers that it may stand for: a shown exact count is one
// number, a rounded one a short range, a redacted one anything (or, for who knows
// the rule, 1 to the threshold). What must add up becomes a [Relation]. [Solve]
// gives the range that each hidden cell is left with: first by carrying bounds
// from relation to relation until nothing moves, which is already the whole truth
// where the relations form no cycle; then, in each remaining tangle, by linear
// programming; and where a tangle is too large for that within [Limits], by
// showing two solutions that are far enough apart, and by algebra, saying what
// was left open. It never excludes a value that is possible, so what it calls
// exact is exact, given the sums.
//
// [Judge] turns a range into a [Verdict].
package audit
