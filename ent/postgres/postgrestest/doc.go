// Package postgrestest gives each test a database of its own on a real Postgres, migrated, in a few ten milliseconds.
//
// All test processes of a user share one private server, which a watchdog stops 20 seconds after the last of them ended;
// FINCO_TEST_DATABASE_URL names another one, whose role must be allowed to create databases and roles. It owns the template
// (one for each state of the migrations) and the clones. It never skips: without a Postgres the test fails with one sentence.
package postgrestest
