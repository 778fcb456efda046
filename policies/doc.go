// Package policies owns what each role may see and do: the access table, as a Casbin model and policy that are fixed per
// release. It is the only package that knows Casbin.
//
// It refuses to know rows: it answers with a scope (own, team, company), and the schema turns a scope into a condition.
// What the table does not say is denied.
package policies
