package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/fincokpi/finco/server/scaffold"
)

type analyzerNewCmd struct {
	Name string `arg:"" help:"The analyzer's name: lower case letters, digits and dashes."`
	Lang string `required:"" enum:"go,python,typescript" help:"go, python or typescript."`
	Kind string `default:"politeness" help:"What the worked example judges: politeness, sentiment, topic, question or needs_reply."`
	Dir  string `help:"The folder to make; by default one with the analyzer's name, here." type:"path"`
}

// Run writes a project; no database is needed.
func (c *analyzerNewCmd) Run(io *streams) error {
	project, err := scaffold.Write(scaffold.Options{Name: c.Name, Lang: c.Lang, Kind: c.Kind, Dir: c.Dir})
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(io.out, "%s, an analyzer of the kind %s, is in %s. Next:\n\n", c.Name, strings.ToLower(project.Kind), project.Dir)
	w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	next := func(command, does string) { _, _ = fmt.Fprintf(w, "  %s\t# %s\n", command, does) }
	_, _ = fmt.Fprintf(w, "  cd %s\n", project.Dir)
	next("make", "builds "+project.Executable+", one file")
	next("make test", "runs the project's own tests")
	next(program()+" analyzer test "+project.Executable, "examines it with the conformance suite")
	next("export FINCO_DATA_DIR=/path/to/finco/.finco", "the server's data directory")
	next(program()+" analyzer install "+project.Executable+" --shadow", "has it judge there, where it counts nowhere")
	if err := w.Flush(); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(io.out, "\nIts README.md shows how to see its results in the demo.")
	return nil
}

// program is how this program can be called from another folder.
func program() string {
	name := filepath.Base(os.Args[0])
	self, err := os.Executable()
	if err != nil {
		return name
	}
	if found, err := exec.LookPath(name); err == nil && found == self {
		return name
	}
	return self
}
