package server

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/plugins/textmodel/language"
)

// TrainOptions say what a model is made of. The same options and file contents give the same bytes.
type TrainOptions struct {
	Kind     string
	Data     []string // labelled files
	Dev      []string // labelled files that are measured and not trained on
	Licences []string // of the data, in its order; one alone is that of all
	Date     string   // YYYY-MM-DD, for the card
	Seed     uint64
	Folds    int // of the measurement by blocks of lines; 0: none, and defaultFolds for the calibration
}

// Trained is a model and what was found on the way.
type Trained struct {
	Model *textmodel.Model
	File  []byte   // as it is to be written
	Bad   []string // lines that could not be read, each with its file
}

// kindWord is what may stand in a card for a kind; beside the contract's kinds others may be tried.
var kindWord = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// defaultFolds is how many parts a calibration rests on that nobody asked to see measured.
const defaultFolds = 5

// The share of texts from which a second domain is worth a calibration of its own.
const apartFrom = 0.1

// TrainModel trains a model on labelled files. Lines that cannot be read are left out and named.
func TrainModel(ctx context.Context, o TrainOptions) (Trained, error) {
	kind := strings.ToLower(string(KindOf(o.Kind)))
	var out Trained
	if err := o.check(kind); err != nil {
		return out, err
	}
	examples, sources, bad, err := o.examples(kind)
	if err != nil {
		return out, err
	}
	out.Bad = bad
	apart := keepApart(kind, examples)
	spec, err := textmodel.Tune(ctx, kind, specOf(kind, o.Seed, examples), examples)
	if err != nil {
		return out, domain.Errorf(domain.KindInvalid, "%w", err)
	}
	m, predictions, err := textmodel.TrainMeasured(ctx, spec, examples, foldsOf(o.Folds))
	if err != nil {
		return out, domain.Errorf(domain.KindInvalid, "%w", err)
	}
	var evaluation []textmodel.Measurement
	if o.Folds > 0 {
		evaluation = append(evaluation, textmodel.Measurement{Data: "all data", Method: fmt.Sprintf("%d folds by blocks of lines", o.Folds),
			Report: textmodel.Compare(examples, predictions, nil)})
	}
	for _, dev := range o.Dev {
		held, err := readToTrain(dev, kind)
		if err != nil {
			return out, err
		}
		for _, line := range held.Bad {
			out.Bad = append(out.Bad, dev+" "+line)
		}
		var texts []textmodel.Example
		for _, item := range held.Items {
			texts = append(texts, textmodel.Example{Label: trainedLabel(kind, item.Label), Text: textOf(item.Text, apart)})
		}
		evaluation = append(evaluation, textmodel.Measurement{Data: cardName(dev), Method: "kept apart from training", Report: textmodel.Evaluate(m, texts)})
	}
	m.Card.Kind, m.Card.Version, m.Card.Date, m.Card.Data, m.Card.Evaluation = kind, "1", o.Date, sources, evaluation
	m.Card.Languages = languagesOf(examples)
	var file bytes.Buffer
	if err := m.Write(&file); err != nil {
		return out, err
	}
	out.Model, out.File = m, file.Bytes()
	return out, nil
}

func foldsOf(asked int) int {
	if asked == 0 {
		return defaultFolds
	}
	return asked
}

func (o TrainOptions) check(kind string) error {
	var faults domain.Faults
	if !kindWord.MatchString(kind) {
		faults.Add("KIND", "must be lower case letters, digits and underscores")
	}
	for _, k := range []analyzer.Kind{analyzer.Quality, analyzer.Relevance, analyzer.Transcript} {
		if KindOf(kind) == k {
			faults.Add("KIND", "%s is not answered by a label, so no model of labels can be trained for it", kind)
		}
	}
	if _, err := time.Parse(time.DateOnly, o.Date); err != nil {
		faults.Add("--date", "must be YYYY-MM-DD")
	}
	if len(o.Licences) > 1 && len(o.Licences) != len(o.Data) {
		faults.Add("--licence", "give one for all data, or one for each of the %d files", len(o.Data))
	}
	if o.Folds < 0 || o.Folds == 1 || o.Folds > 20 {
		faults.Add("--folds", "must be 0 or 2 to 20")
	}
	return faults.Err()
}

// examples reads the data. Blocks of different files are never taken for one dialogue.
func (o TrainOptions) examples(kind string) (examples []textmodel.Example, sources []textmodel.Source, bad []string, err error) {
	first := 0
	for i, path := range o.Data {
		file, err := readToTrain(path, kind)
		if err != nil {
			return nil, nil, nil, err
		}
		for _, line := range file.Bad {
			bad = append(bad, path+" "+line)
		}
		most := 0
		for _, item := range file.Items {
			most = max(most, item.Block)
			examples = append(examples, textmodel.Example{
				Label: trainedLabel(kind, item.Label), Text: textmodel.Text{Body: item.Text}, Group: first + item.Block,
			})
		}
		first += most + 1
		licence := "not stated"
		if len(o.Licences) > 0 {
			licence = o.Licences[min(i, len(o.Licences)-1)]
		}
		sources = append(sources, textmodel.Source{Name: cardName(path), Licence: licence, Examples: len(file.Items)})
	}
	return examples, sources, bad, nil
}

// readToTrain reads a labelled file whose every label an analyzer of the kind may give.
func readToTrain(path, kind string) (LabelledFile, error) {
	file, err := ReadLabelled(path, kind)
	if err != nil {
		return file, err
	}
	if foreign := foreignLabels(KindOf(kind), file.Items); len(foreign) > 0 {
		return file, domain.Errorf(domain.KindInvalid, "%s: %s has the labels %s, not %.200s", path, kind, strings.Join(contractLabels[KindOf(kind)], ", "), strings.Join(foreign, ", "))
	}
	return file, nil
}

// cardName is a file's name with its folder's: the rest of the path is the machine's business and would change the bytes.
func cardName(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	return filepath.Base(filepath.Dir(path)) + "/" + filepath.Base(path)
}

// trainedLabel writes a label as the shipped models do, so that a new model can take the place of one.
func trainedLabel(kind, label string) string {
	same := meaning(KindOf(kind), label)
	switch KindOf(kind) {
	case analyzer.Question, analyzer.NeedsReply:
		shipped := map[string]string{analyzer.Yes: "question", analyzer.No: analyzer.Other}
		if KindOf(kind) == analyzer.NeedsReply {
			shipped = map[string]string{analyzer.Yes: "needed", analyzer.No: "not_needed"}
		}
		if own, ok := shipped[same]; ok {
			return own
		}
	case analyzer.Politeness, analyzer.Sentiment:
		return same
	case analyzer.Language:
		return strings.ReplaceAll(label, "-", "_")
	}
	return label
}

// keepApart gives each text the domain of its language if the data has more than one in earnest, and tells so.
func keepApart(kind string, examples []textmodel.Example) bool {
	if KindOf(kind) == analyzer.Language {
		return false
	}
	counts := map[string]int{}
	domains := make([]string, len(examples))
	for i, e := range examples {
		domains[i] = textOf(e.Text.Body, true).Domain
		counts[domains[i]]++
	}
	many := 0
	for _, n := range counts {
		if float64(n) >= apartFrom*float64(len(examples)) {
			many++
		}
	}
	if many < 2 {
		return false
	}
	for i := range examples {
		examples[i].Text.Domain = domains[i]
	}
	return true
}

// specOf is the kind's specification; what the data calls out of scope is the answer to what the model is not sure of.
func specOf(kind string, seed uint64, examples []textmodel.Example) textmodel.Spec {
	spec := textmodel.SpecFor(kind)
	spec.Seed = seed
	if KindOf(kind) == analyzer.Topic {
		for _, e := range examples {
			if meaning(analyzer.Topic, e.Label) == analyzer.Other {
				spec.Other = e.Label
			}
		}
	}
	return spec
}

// languagesOf are the languages that at least a hundredth of the texts are in, as far as the built-in detection tells.
func languagesOf(examples []textmodel.Example) []string {
	counts := map[string]int{}
	for _, e := range examples {
		tag, _ := language.Detect(e.Text.Body)
		counts[tag]++
	}
	return slices.DeleteFunc(language.Tags(), func(tag string) bool { return counts[tag]*100 < max(len(examples), 100) })
}

// WriteWhole writes a file so that nobody ever finds half of it.
func WriteWhole(path string, content []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	name := f.Name()
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(mode)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(name, path)
	}
	if err != nil {
		_ = os.Remove(name)
	}
	return err
}
