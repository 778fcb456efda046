// Command finco is the one program: server, worker and every tool.
package main

import (
	"os"
	_ "time/tzdata" // machines without zone files keep the company's time as well

	"github.com/fincokpi/finco/server/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr)) }
