package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/fincokpi/finco/plugins/quality/scorecard"
	"github.com/fincokpi/finco/plugins/textmodel"
)

// repliesName names the rated replies in a card.
const repliesName = "chat replies"

// qualityTasks lists the models of the scorecard, one a criterion.
func qualityTasks() []task {
	var out []task
	for _, key := range scorecard.Modelled() {
		out = append(out, task{kind: "quality_" + key, version: "1", out: "quality/model/" + key + ".bin", name: repliesName,
			spec: textmodel.SpecFor("quality"), languages: fourTongues,
			notes: "Rating 0, 1 or 2 of one criterion, from the reply, the question and the turns before. No rated English replies exist. " + hopeful,
			load: func(root string) ([]textmodel.Example, []textmodel.Source, error) {
				return loadQuality(root, key)
			}})
	}
	return out
}

// exchange gives the reply of a rated line with its turns.
func (r ratedReply) turns() []scorecard.Turn {
	var out []scorecard.Turn
	for _, t := range r.Context {
		out = append(out, scorecard.Turn{Staff: t.Side == "staff", Text: t.Text})
	}
	return append(out, scorecard.Turn{Text: r.Question})
}

func loadQuality(root, key string) ([]textmodel.Example, []textmodel.Source, error) {
	replies, err := readReplies(root)
	if err != nil {
		return nil, nil, err
	}
	out := qualityExamples(replies, key)
	sources := []textmodel.Source{counted(repliesSource, len(out))}
	if key != scorecard.Tone {
		return out, sources, nil
	}
	polite, err := readTSV(filepath.Join(root, "politeness_en_tydip", "train.tsv"))
	if err != nil {
		return nil, nil, err
	}
	for i := range polite {
		label := map[string]string{"polite": "2", "impolite": "0"}[polite[i].Label]
		polite[i].Label, polite[i].Weight, polite[i].Auxiliary = label, englishWeight, true
	}
	return append(out, polite...), append(sources, counted(tydipSource, len(polite))), nil
}

// qualityExamples are the replies that have a rating for the criterion.
func qualityExamples(replies []ratedReply, key string) []textmodel.Example {
	var out []textmodel.Example
	for _, r := range replies {
		if rating := r.Ratings[key]; rating != nil {
			e := scorecard.NewExchange(r.Reply, r.turns())
			out = append(out, textmodel.Example{Label: strconv.Itoa(*rating), Text: e.Text(), Group: r.group})
		}
	}
	return out
}

// writeQualityCard measures the whole scorecard by folds and writes the card
// with the calibration of its joint confidence.
func writeQualityCard(ctx context.Context, o options) error {
	replies, err := readReplies(o.data)
	if err != nil {
		return err
	}
	cards, err := crossJudge(ctx, o, replies)
	if err != nil {
		return err
	}
	c := scorecard.Measure(ratingsOf(replies), cards)
	c.Date, c.Seed, c.Method = o.date, o.seed, fmt.Sprintf("%d folds by blocks of lines", o.folds)
	c.Notes = "No rated English replies exist. " + hopeful
	for part, language := range chatLanguages {
		var rated []map[string]*int
		var judged []scorecard.Card
		for i, r := range replies {
			if r.group/groupsPerLanguage == part {
				rated, judged = append(rated, r.Ratings), append(judged, cards[i])
			}
		}
		c.Languages = append(c.Languages, scorecard.LanguageFigures{Language: language, Figures: scorecard.Measure(rated, judged).Figures})
	}
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	fmt.Printf("quality: %s\n", text)
	return os.WriteFile(filepath.Join(o.plugins, "quality/model/card.json"), append(text, '\n'), 0o644)
}

func ratingsOf(replies []ratedReply) []map[string]*int {
	var out []map[string]*int
	for _, r := range replies {
		out = append(out, r.Ratings)
	}
	return out
}

// crossJudge judges every reply with models that did not see its block.
func crossJudge(ctx context.Context, o options, replies []ratedReply) ([]scorecard.Card, error) {
	cards := make([]scorecard.Card, len(replies))
	for fold := range o.folds {
		judge := scorecard.Judge{Models: map[string]*textmodel.Model{}, Weights: scorecard.DefaultWeights(), Critical: scorecard.DefaultCritical()}
		for _, key := range scorecard.Modelled() {
			examples, _, err := loadQuality(o.data, key)
			if err != nil {
				return nil, err
			}
			examples = slices.DeleteFunc(examples, func(e textmodel.Example) bool {
				return !e.Auxiliary && textmodel.Fold(e.Group, o.folds) == fold
			})
			spec := textmodel.SpecFor("quality")
			spec.Seed = o.seed
			if judge.Models[key], err = textmodel.Train(ctx, spec, examples); err != nil {
				return nil, err
			}
		}
		for i, r := range replies {
			if textmodel.Fold(r.group, o.folds) == fold {
				cards[i] = judge.Judge(r.Reply, r.turns())
			}
		}
	}
	for i, c := range cards {
		if math.IsNaN(c.Confidence) {
			return nil, fmt.Errorf("reply %d has no confidence", i+1)
		}
	}
	return cards, nil
}
