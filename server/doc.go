// Package server puts the rooms together: it reads the settings, opens the database, starts the analyzers, workers and doors,
// and ends them in the order that loses nothing. Nothing else knows all rooms.
package server
