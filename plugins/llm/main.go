package main

import "github.com/fincokpi/finco/plugins/analyzer"

func main() {
	analyzer.Main(func() (*plugin, error) {
		model, err := pinned()
		if err != nil {
			return nil, err
		}
		return newPlugin(model)
	})
}
