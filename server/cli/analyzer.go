package cli

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
