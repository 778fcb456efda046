package main

import (
	"fmt"
	"os"

	"github.com/fincokpi/finco/plugins/analyzer"
)

func main() {
	model, err := pinned()
	var plugin *plugin
	if err == nil {
		plugin, err = newPlugin(model)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "llm:", err)
		os.Exit(1)
	}
	analyzer.Serve(plugin)
}
