package analyzertest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
)

const (
	memoryRounds = 1000
	memoryTime   = 10 * time.Second // slow plugins are looked at as far as this goes
	memoryGrowth = 32 << 20         // bytes that a sound plugin may gain between few and many, beside half of what it had
)

func memory(ctx context.Context, e *exam) error {
	return e.bounded(ctx, "batches of 8", func(n int) error {
		inputs := inputsOf("memory", e.batchSize(8))
		for i := range inputs {
			inputs[i].Text = fmt.Sprintf("%s %d", inputs[i].Text, n*len(inputs)+i) // none comes twice
		}
		_, err := e.sound(ctx, inputs)
		return err
	})
}

func soundMemory(ctx context.Context, e *exam) error {
	return e.bounded(ctx, "voice notes", func(n int) error {
		_, err := e.hear(ctx, fmt.Sprintf("memory-%d", n), strings.NewReader(secondOfSilence))
		return err
	})
}

// bounded repeats round and compares what the plugin holds after many with what it held after few. What it and its children
// take is bounded by the host's limit anyway.
func (e *exam) bounded(ctx context.Context, what string, round func(n int) error) error {
	began := time.Now()
	few, early, n := 0, int64(0), 0
	for ; n < memoryRounds && time.Since(began) < memoryTime && ctx.Err() == nil; n++ {
		if err := round(n); err != nil {
			return err
		}
		if few == 0 && (n+1 >= memoryRounds/10 || time.Since(began) > memoryTime/4) {
			few, early = n+1, e.plugin.OwnMemory()
		}
	}
	late := e.plugin.OwnMemory()
	if early == 0 || late == 0 {
		e.note = "this system does not tell"
		return nil
	}
	e.note = fmt.Sprintf("%s after %d %s, %s after %d", mebibytes(late), n, what, mebibytes(early), few)
	if late-early > memoryGrowth+early/2 {
		return fmt.Errorf("it grows: %s", e.note)
	}
	return nil
}

func mebibytes(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }

// heardOf is the sum of what a result says in words.
func heardOf(result analyzer.Result) string {
	var words []string
	for _, outcome := range result.Outcomes {
		words = append(words, strings.TrimSpace(outcome.Text))
	}
	return strings.TrimSpace(strings.Join(words, " "))
}
