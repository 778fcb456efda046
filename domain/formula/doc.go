// Package formula owns the expressions that people write into KPIs and pay
// rules: numbers, the names of metrics, + - * /, comparison, and/or/not, the
// conditional a ? b : c, and min, max, abs, round. Nothing else.
//
// An expression library parses; the tree is checked against a list of allowed
// nodes and evaluated here, in decimal arithmetic. The package refuses loops,
// closures, strings, assignment, other functions, names outside the vocabulary,
// and anything longer than 2 KB.
package formula
