package main

import (
	"fmt"
	"os"

	"github.com/fincokpi/finco/plugins/analyzer"
)

func main() {
	plugin, err := newPlugin()
	if err != nil {
		fmt.Fprintln(os.Stderr, "relevance:", err)
		os.Exit(1)
	}
	analyzer.Serve(plugin)
}
