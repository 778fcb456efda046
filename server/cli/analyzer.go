package cli

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/server"
)

type analyzerCmd struct {
	List    analyzerListCmd    `cmd:"" help:"List the analyzers that are known."`
	New     analyzerNewCmd     `cmd:"" help:"Begin an analyzer of your own, in Go, Python or TypeScript."`
	Test    analyzerTestCmd    `cmd:"" help:"Examine an executable with the conformance suite."`
	Install analyzerInstallCmd `cmd:"" help:"Copy an executable into the data directory and register it."`
	Enable  analyzerEnableCmd  `cmd:"" help:"Let a version of an analyzer judge."`
	Disable analyzerDisableCmd `cmd:"" help:"Stop an analyzer, or a version of it, from judging."`
	Shadow  analyzerShadowCmd  `cmd:"" help:"Have a version judge beside the enabled one, where it counts nowhere."`
	Split   analyzerSplitCmd   `cmd:"" help:"Have a version judge a share of the messages in place of the enabled one."`
	Promote analyzerPromoteCmd `cmd:"" help:"Let the version that is tried take the enabled one's place, if people agree with it no less."`
	Eval    analyzerEvalCmd    `cmd:"" help:"Score an analyzer or a model file on labelled texts."`
	Train   analyzerTrainCmd   `cmd:"" help:"Train a model on labelled texts."`
	Learn   analyzerLearnCmd   `cmd:"" help:"Have analyzers learn from feedback now, and propose what is better in shadow."`
}

// needNoCompany are the commands that do without a company, or look by themselves whether there is one.
var needNoCompany = []string{"new", "test", "eval", "train"}

// AfterApply refuses to make a company in passing: somebody in a project of an analyzer would install it where no server looks.
func (c *analyzerCmd) AfterApply(ctx *kong.Context, cfg *server.Config) error {
	if node := ctx.Selected(); node == nil || slices.Contains(needNoCompany, node.Name) || cfg.DatabaseURL != "" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(cfg.DataDir, "postgres")); err != nil {
		return domain.Errorf(domain.KindNotFound, "there is no FinCo in %s: set FINCO_DATA_DIR to the server's data directory, or begin a company with finco serve or finco apply", cfg.DataDir)
	}
	return nil
}
