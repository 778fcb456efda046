package graph

import (
	"log/slog"

	"github.com/fincokpi/finco/app"
)

// Resolver answers the fields that the records do not answer by themselves.
type Resolver struct {
	app *app.App
	log *slog.Logger
}
