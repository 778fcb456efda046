package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/server"
)

type analyzerEvalCmd struct {
	Name  string            `arg:"" optional:"" help:"A registered analyzer, or the path of an executable."`
	Model string            `help:"A model file instead of an analyzer." type:"existingfile"`
	Data  string            `required:"" help:"Lines of label, tab, text; or a table with a header line, whose column of the kind is taken." type:"existingfile"`
	Kind  string            `help:"The kind, such as sentiment. Not needed for a model, or an analyzer of one kind."`
	Set   map[string]string `help:"A setting of a plugin given by its path, KEY=VALUE; may be repeated." mapsep:"none" placeholder:"KEY=VALUE"`
	JSON  bool              `name:"json" help:"Print one JSON object."`
}

// Run scores; exit code 3 if lines of the data could not be read.
func (c *analyzerEvalCmd) Run(ctx context.Context, cfg *server.Config, io *streams) error {
	e, err := c.evaluate(ctx, cfg, io)
	if err != nil {
		return err
	}
	tellBad(io, e.Bad)
	if len(e.Foreign) > 0 {
		_, _ = fmt.Fprintf(io.err, "the contract does not have %s as labels of %s: these lines count as wrong\n", strings.Join(e.Foreign, ", "), strings.ToLower(e.Kind))
	}
	if c.JSON {
		err = json.NewEncoder(io.out).Encode(e)
	} else {
		err = tellEvaluation(io, e)
	}
	if err == nil && e.BadLines > 0 {
		return damaged
	}
	return err
}

func (c *analyzerEvalCmd) evaluate(ctx context.Context, cfg *server.Config, io *streams) (server.Evaluation, error) {
	switch {
	case (c.Name == "") == (c.Model == ""):
		return server.Evaluation{}, domain.Errorf(domain.KindInvalid, "give either an analyzer or --model")
	case c.Model != "":
		if c.Kind != "" {
			tellKind(io, c.Kind)
		}
		return server.EvaluateModel(ctx, c.Model, c.Kind, c.Data)
	}
	open := func(ctx context.Context, do func(context.Context, *server.Parts) error) error {
		return with(ctx, cfg, do)
	}
	if strings.ContainsRune(c.Name, filepath.Separator) {
		if err := executable(c.Name); err != nil {
			return server.Evaluation{}, err
		}
	}
	file, err := server.FindAnalyzer(ctx, *cfg, c.Name, open)
	if err != nil {
		return server.Evaluation{}, err
	}
	set := c.Set
	if filepath.Base(file.Path) == "llm" && file.Settings == nil && len(set) == 0 {
		if set, err = languageModel(cfg); err != nil {
			return server.Evaluation{}, err
		}
	}
	if len(set) > 0 {
		if file.Settings, err = server.TypedSettings(ctx, quiet(cfg), file.Path, set); err != nil {
			return server.Evaluation{}, noAnalyzer(err, c.Name)
		}
	}
	e, err := server.EvaluateAnalyzer(ctx, quiet(cfg), file, c.Kind, c.Data)
	return e, noAnalyzer(err, c.Name)
}

// languageModel is what the server's settings say to the analyzer llm where no company knows it yet.
func languageModel(cfg *server.Config) (map[string]string, error) {
	if cfg.LLMURL == "" || cfg.LLMModel == "" {
		return nil, domain.Errorf(domain.KindInvalid, "llm needs a language model: set FINCO_LLM_URL and FINCO_LLM_MODEL, or give --set url=ADDRESS --set model=NAME")
	}
	set := map[string]string{"url": cfg.LLMURL, "model": cfg.LLMModel, "api": cfg.LLMAPI}
	if cfg.LLMToken != "" {
		set["token"] = cfg.LLMToken
	}
	return set, nil
}

// mostBad is how many lines that could not be read are printed; JSON has all.
const mostBad = 20

func tellBad(io *streams, bad []string) {
	for i, line := range bad {
		if i == mostBad {
			_, _ = fmt.Fprintf(io.err, "and %d more lines\n", len(bad)-i)
			return
		}
		_, _ = fmt.Fprintln(io.err, line)
	}
}

func tellEvaluation(io *streams, e server.Evaluation) error {
	_, _ = fmt.Fprintf(io.out, "%s %s, %s, on %s\n", e.Analyzer, e.Version, strings.ToLower(e.Kind), e.Data)
	_, _ = fmt.Fprintf(io.out, "texts %d  accuracy %.3f  macro-F1 %.3f  calibration error %.3f  %.0f texts/s\n", e.Texts, e.Accuracy, e.MacroF1, e.ECE, e.Rate)
	if e.InScope != nil {
		_, _ = fmt.Fprintf(io.out, "accuracy in scope %.3f  recall out of scope %.3f\n", *e.InScope, *e.OutOfScope)
	}
	if e.Unanswered > 0 {
		_, _ = fmt.Fprintf(io.out, "unanswered %d, counted as wrong; %d of them by an error\n", e.Unanswered, e.Failed)
	}
	if e.Failure != "" {
		_, _ = fmt.Fprintf(io.out, "one of the errors: %s\n", e.Failure)
	}
	if e.Unasked > 0 {
		_, _ = fmt.Fprintf(io.out, "not asked about %d lines of a side that the kind is not about\n", e.Unasked)
	}
	if e.BadLines > 0 {
		_, _ = fmt.Fprintf(io.out, "%d lines could not be read\n", e.BadLines)
	}
	w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "precision\trecall\tF1\tsupport\t  label")
	for _, label := range slices.Sorted(maps.Keys(e.Classes)) {
		s := e.Classes[label]
		_, _ = fmt.Fprintf(w, "%.3f\t%.3f\t%.3f\t%d\t  %s\n", s.Precision, s.Recall, s.F1, s.Support, label)
	}
	return w.Flush()
}
