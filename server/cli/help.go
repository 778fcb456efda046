package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// settingsTitle stands above the settings, which are flags of every command but are listed at serve alone: at each of the other
// commands they would bury its own.
const settingsTitle = "Settings, of every command; each is also a variable and, under the flag's name, a key of finco.yml:"

// helpFor prints the help of a command: what is its own first, and the settings only where they are looked for.
func helpFor(options kong.HelpOptions, ctx *kong.Context) error {
	all := ctx.Selected() != nil && ctx.Selected().Name == "serve"
	for _, flag := range ctx.Model.Flags {
		if len(flag.Envs) > 0 {
			flag.Hidden, flag.Group = !all, &kong.Group{Key: "settings", Title: settingsTitle}
		}
	}
	options.FlagsLast = ctx.Selected() == nil
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil || all {
		return err
	}
	_, err := fmt.Fprintln(ctx.Stdout, "\nSettings, such as --data-dir or FINCO_DATA_DIR: finco serve --help")
	return err
}

// explained is an error of the command line with what helps against it: the commands that there are, or where to look.
func explained(err error) error {
	var wrong *kong.ParseError
	if !errors.As(err, &wrong) || wrong.Context == nil {
		return err
	}
	node, path := wrong.Context.Selected(), "finco"
	if node == nil {
		node = wrong.Context.Model.Node
	} else {
		path = node.FullPath()
	}
	text, what, _ := strings.Cut(wrong.Error(), " ")
	switch {
	case text != "expected" && text != "unexpected" && text != "missing" && text != "unknown":
		return err
	case strings.HasPrefix(what, "one of "):
		return fmt.Errorf("%s needs a command: %s; %s --help tells what they do", path, commandList(node), path)
	case text == "unexpected" && strings.HasPrefix(what, "argument") && len(node.Children) > 0:
		name, _, _ := strings.Cut(strings.TrimPrefix(what, "argument "), ",")
		return fmt.Errorf("%s has no command %s, only %s; %s --help tells what they do", path, name, commandList(node), path)
	}
	return fmt.Errorf("%s; %s --help tells how", strings.ReplaceAll(wrong.Error(), `"`, ""), path)
}

func commandList(node *kong.Node) string {
	var names []string
	for _, child := range node.Children {
		if !child.Hidden {
			names = append(names, child.Name)
		}
	}
	return strings.Join(names, ", ")
}
