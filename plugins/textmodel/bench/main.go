package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"
)

// row is one task with what each rival reached, in the order of rivals.
type row struct {
	Set     string    `json:"set"`
	Kind    string    `json:"kind"`
	Trained int       `json:"trained_on"`
	Scored  int       `json:"scored_on"`
	Folds   int       `json:"folds,omitempty"`
	Figures []figures `json:"figures"`
}

func main() {
	data := flag.String("data", "", "folder of the labelled sets")
	finco := flag.String("finco", "", "the program that trains ours; empty: built from this module")
	only := flag.String("only", "", "sets to compare, comma-separated; empty: all")
	among := flag.String("among", "", "programs to compare, comma-separated: finco, fastText, liblinear; empty: all")
	asJSON := flag.Bool("json", false, "print JSON instead of a table")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := compare(ctx, options{*data, *finco, list(*only), list(*among), *asJSON}, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	data, finco string
	only, among []string
	asJSON      bool
}

func list(flag string) []string {
	if flag == "" {
		return nil
	}
	return strings.Split(flag, ",")
}

func compare(ctx context.Context, o options, out, progress io.Writer) error {
	if o.data == "" {
		return fmt.Errorf("-data names the folder of the labelled sets")
	}
	dir, err := os.MkdirTemp("", "finco-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	programs, err := rivals(ctx, o.finco, dir, o.among)
	if err != nil {
		return err
	}
	sets, err := tasks(o.data, o.only)
	if err != nil {
		return err
	}
	var rows []row
	for _, t := range sets {
		fmt.Fprintln(progress, t.name)
		r, err := compete(ctx, dir, programs, t)
		if err != nil {
			return err
		}
		rows = append(rows, r)
	}
	if o.asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(rows)
	}
	return table(out, rows)
}

// compete has all rivals learn a task, as many at once as there are processors, and then answer one after the other, so that
// none waits for another's memory.
func compete(ctx context.Context, dir string, programs []rival, t task) (row, error) {
	dir, err := os.MkdirTemp(dir, "")
	if err != nil {
		return row{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	r := row{Set: t.name, Kind: t.kind, Trained: len(t.parts[0].train), Figures: make([]figures, len(programs))}
	if len(t.parts) > 1 {
		r.Folds = len(t.parts)
	}
	for _, p := range t.parts {
		r.Scored += len(p.test)
	}
	models := make([]fitted, len(programs))
	learning, within := errgroup.WithContext(ctx)
	learning.SetLimit(runtime.NumCPU())
	for i, program := range programs {
		learning.Go(func() (err error) {
			r.Figures[i], models[i], err = best(within, dir, program, t)
			return err
		})
	}
	if err := learning.Wait(); err != nil {
		return row{}, err
	}
	for i, model := range models {
		if err := r.Figures[i].weigh(ctx, model, t); err != nil {
			return row{}, err
		}
	}
	return r, nil
}

// table prints a line a rival: how much of the best other's macro-F1 and of its speed it reaches stands in the last columns of
// ours, above 1 where ours is better.
func table(out io.Writer, rows []row) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "set\tscored\tprogram\taccuracy\tmacro-F1\tMB\ttrain s\ttexts/s\tF1 to best\ttexts/s to fastText\tsetting")
	for _, r := range rows {
		scored := fmt.Sprint(r.Scored)
		if r.Folds > 0 {
			scored += fmt.Sprintf(" in %d folds", r.Folds)
		}
		for i, f := range r.Figures {
			name, ratios := "", "\t"
			if i == 0 {
				name = r.Set
			}
			if f.Rival == (ours{}).name() {
				ratios = r.ratios(f)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.3f\t%.2f\t%.1f\t%.0f\t%s\t%s\n", name, scored, f.Rival, f.accuracy(), f.MacroF1,
				float64(f.Bytes)/1e6, f.Seconds, f.Rate, ratios, f.Setting)
			scored = ""
		}
	}
	return w.Flush()
}

func (f figures) accuracy() string {
	text := fmt.Sprintf("%.3f", f.Accuracy)
	if f.InScope != nil && f.OOS != nil {
		text += fmt.Sprintf(" (in scope %.3f, oos recall %.3f)", *f.InScope, *f.OOS)
	}
	return text
}

// ratios compare ours with the others.
func (r row) ratios(own figures) string {
	best, speed := 0.0, 0.0
	for _, f := range r.Figures {
		if f.Rival != own.Rival {
			best = max(best, f.MacroF1)
		}
		if f.Rival == (fastText{}).name() {
			speed = f.Rate
		}
	}
	if best == 0 || speed == 0 {
		return "\t"
	}
	return fmt.Sprintf("%.2f\t%.2f", own.MacroF1/best, own.Rate/speed)
}
