package main

import "github.com/fincokpi/finco/plugins/analyzer"

func main() { analyzer.Main(newPlugin) }
