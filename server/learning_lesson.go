package server

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
	"github.com/fincokpi/finco/plugins/textmodel"
)

const (
	// leastHeldOut is how many corrections a measurement must rest on.
	leastHeldOut = 10
	// leastOfLabel is how many corrections make a label that the shipped model does not know.
	leastOfLabel = 5
	// mostTrained bounds the memory of training, to about 100 MB: the newest corrections.
	mostTrained = 10_000
	// heldOutOf is the share of chats that are kept apart, one of so many.
	heldOutOf = 4
)

// keptApart tells whether the corrections of a chat measure and never train. It is a chat's for ever, so that no dialogue is
// on both sides, now or later.
func keptApart(chat int) bool {
	sum := sha256.Sum256([]byte(strconv.Itoa(chat))) // ids come in steps, which a weaker hash would follow
	return sum[0]%heldOutOf == 0
}

// lesson is one kind of judgement that is learnt.
type lesson struct {
	kind analyzer.Kind
	name string // of the model
	file []byte // the shipped model

	all, fresh  int // corrections that can be learnt from; of these, new ones
	train, held []app.Correction
	labels      map[string]bool // that the shipped model knows, as trained
	why         string          // it is not learnt; empty: it is

	learnt            []byte // the new model
	compared, better  bool
	before, after     float64 // agreement with people
	f1Before, f1After float64
}

// take splits the corrections into those to train on and those to measure on.
func (l *lesson) take(list []app.Correction, since time.Time, atLeast int) error {
	base, err := textmodel.Read(bytes.NewReader(l.file))
	if err != nil {
		return domain.Errorf(domain.KindInvalid, "%w", err)
	}
	l.labels = map[string]bool{}
	for _, label := range base.Labels() {
		l.labels[label] = true
	}
	for _, c := range list {
		if l.kind != analyzer.Topic && !l.labels[trainedLabel(l.name, c.Label)] || textmodel.Blank(c.Text) {
			continue // topics alone are a company's to add
		}
		if l.all++; c.At.After(since) {
			l.fresh++
		}
		if keptApart(c.ChatID) {
			l.held = append(l.held, c)
		} else {
			l.train = append(l.train, c)
		}
	}
	slices.SortStableFunc(l.train, func(a, b app.Correction) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ContentID, b.ContentID))
	})
	l.train = l.train[max(len(l.train)-mostTrained, 0):]
	l.train = l.withoutRareLabels()
	switch {
	case l.fresh < atLeast:
		l.why = fmt.Sprintf("waits for %d new corrections", atLeast)
	case len(l.train) == 0:
		l.why = "no correction to train on: all are of chats that are kept apart"
	case len(l.held) < leastHeldOut:
		l.why = fmt.Sprintf("fewer than %d corrections kept apart; correct messages of more chats", leastHeldOut)
	}
	return nil
}

func (l *lesson) withoutRareLabels() []app.Correction {
	counts := map[string]int{}
	for _, c := range l.train {
		counts[c.Label]++
	}
	var out []app.Correction
	for _, c := range l.train {
		if l.labels[trainedLabel(l.name, c.Label)] || counts[c.Label] >= leastOfLabel {
			out = append(out, c)
		}
	}
	return out
}

// adapt adapts the shipped model to the corrections, unless there is a reason not to.
func (l *lesson) adapt(ctx context.Context, now time.Time) error {
	if l.why != "" {
		return nil
	}
	base, err := textmodel.Read(bytes.NewReader(l.file))
	if err != nil {
		return domain.Errorf(domain.KindInvalid, "%w", err)
	}
	apart, foreign := len(base.Domains()) > 1, false
	examples := make([]textmodel.Example, 0, len(l.train))
	for _, c := range l.train {
		label := trainedLabel(l.name, c.Label)
		examples = append(examples, textmodel.Example{Label: label, Text: textOf(c.Text, apart), Group: c.ChatID})
		foreign = foreign || !l.labels[label]
	}
	if foreign {
		examples = append(examples, textmodel.Anchors()...)
	}
	m, err := textmodel.Adapt(ctx, base, examples, textmodel.AdaptOptions{
		Seed: base.Card.Seed, Date: now.Format(time.DateOnly), Data: textmodel.Source{Name: "corrections by the company's people", Licence: "the company's own"},
	})
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := m.Write(&file); err != nil {
		return err
	}
	l.learnt = file.Bytes()
	return nil
}

// compare takes the figures of both versions.
func (l *lesson) compare(before, after Evaluation) {
	l.compared = true
	l.before, l.after, l.f1Before, l.f1After = before.Accuracy, after.Accuracy, before.MacroF1, after.MacroF1
	l.better = l.after > l.before && l.f1After >= l.f1Before
}

func (l *lesson) row() LearntKind {
	row := LearntKind{New: l.fresh, Trained: l.compared, Verdict: l.why, LessonKind: app.LessonKind{
		Kind: string(l.kind), Corrections: len(l.train), HeldOut: len(l.held),
		Before: l.before, After: l.after, F1Before: l.f1Before, F1After: l.f1After, Better: l.better,
	}}
	switch {
	case l.better:
		row.Verdict = "better"
	case l.compared:
		row.Verdict = "not better"
	}
	return row
}

// answered is what a version said of the corrections kept apart.
type answered struct {
	version string
	scores  map[analyzer.Kind]Evaluation
}

// ask starts an executable and has it judge what was kept apart, as it would in service.
func (s *school) ask(ctx context.Context, path, checksum string) (answered, error) {
	plugin, err := process.Start(ctx, process.Options{Path: path, Checksum: checksum, Settings: s.learner.Settings, Log: s.parts.Log})
	if err != nil {
		return answered{}, domain.Errorf(domain.KindInvalid, "it does not start: %w", err)
	}
	defer plugin.Stop(context.WithoutCancel(ctx))
	out := answered{version: plugin.Description().Version, scores: map[analyzer.Kind]Evaluation{}}
	for _, l := range s.lessons {
		if l.learnt == nil {
			continue
		}
		items := make([]Labelled, len(l.held))
		for i, c := range l.held {
			items[i] = Labelled{Label: c.Label, Text: c.Text, Side: analyzer.Side(strings.ToLower(c.Side))}
		}
		a := asking{plugin: plugin, kind: l.kind, items: items, answers: make([]textmodel.Prediction, len(items)), failures: make([]string, len(items))}
		if err := a.all(ctx); err != nil {
			return answered{}, domain.Errorf(domain.KindUnavailable, "it did not go through with what was kept apart: %w", err)
		}
		out.scores[l.kind] = score(l.kind, LabelledFile{Items: items}, a.answers, 0)
	}
	return out, nil
}
