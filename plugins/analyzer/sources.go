package analyzer

import "embed"

// Sources is this package's own source, which `finco analyzer new` hands to authors.
//
//go:embed *.go
var Sources embed.FS
