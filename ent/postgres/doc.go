// Package postgres runs and prepares the database that the records live in: it starts a private server where none is given,
// migrates, grants, opens pools, and writes and reads backups.
//
// It owns the server process, its folder, the two roles (the owner, who migrates, and AppRole, who owns nothing) and the
// order of migrations. It refuses TCP, a second server on the same folder, and a restore over existing records. It knows
// nothing of what the tables mean.
package postgres
