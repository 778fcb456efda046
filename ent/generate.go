// Package ent owns the records: ent/schema is written by hand, ent/gen is generated from it, ent/migrations brings the
// tables to that shape and ent/postgres runs the server they live in.
package ent

//go:generate go run -mod=mod entc.go
