package analyzerv1

import "embed"

// Sources is the contract and the code generated from it, which `finco analyzer new` hands to authors.
//
//go:embed *.proto *.go
var Sources embed.FS
