// Package migrations owns the versioned SQL that brings a database to the shape of ent/schema, and what ent cannot say:
// the triggers that freeze rows. Files are only added, never changed once released. ent/postgres applies them, together
// with the queue's own. A new one is written by
//
//	go run diff.go NAME
//
// in this folder, from ent/gen. There is no way down (the Down parts that the generator
// writes are never run): a release that must go back restores a backup.
package migrations

import "embed"

// FS holds the migrations in goose's format, named by version.
//
//go:embed *.sql
var FS embed.FS
