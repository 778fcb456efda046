// Command train makes the model of the relevance analyzer again.
//
//	go run ./plugins/relevance/train -data DIR -out plugins/relevance/model -date 2025-11-21
//
// DIR is laid out as the project's data folder; chat/, demo/ and conversations/train are trained on, conversations/dev is only
// measured. Replies that people gave bear on what they followed; replies of other dialogues in the same language stand for those
// that do not, with the replies that were rated as no answer. The same data, seed and date give the same files, as long as the table of
// rare words is the same, which features rest on: train again when it has changed.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fincokpi/finco/plugins/relevance/pair"
	"github.com/fincokpi/finco/plugins/textmodel"
)

func main() {
	data := flag.String("data", "", "folder of the training data")
	out := flag.String("out", "plugins/relevance/model", "folder to write to")
	date := flag.String("date", "", "date for the cards, YYYY-MM-DD")
	seed := flag.Uint64("seed", 1, "seed of the order of examples and of the replies that stand in")
	folds := flag.Int("folds", 5, "folds of the measurement")
	flag.Parse()
	if err := run(context.Background(), *data, *out, *date, *seed, *folds); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

// spec reads nothing but the marks of a pair.
func spec(seed uint64) textmodel.Spec {
	return textmodel.Spec{View: textmodel.Roman, Bits: 13, MinCount: 1, MarkWeight: 0.3, Cost: 0.1, Balance: 1, Epochs: 20, Seed: seed}
}

func run(ctx context.Context, data, out, date string, seed uint64, folds int) error {
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return fmt.Errorf("-date must be YYYY-MM-DD")
	}
	rated, err := readRated(data)
	if err != nil {
		return err
	}
	demo, err := readDemo(data)
	if err != nil {
		return err
	}
	english, err := readEnglish(data, "train")
	if err != nil {
		return err
	}
	topics, err := trainTopics(ctx, data, date, seed)
	if err != nil {
		return err
	}
	reader := pair.Reader{Topics: topics}
	cases, err := makeCases(reader, slices.Concat(rated, demo, english), seed, folds)
	if err != nil {
		return err
	}
	answers, err := textmodel.CrossPredict(ctx, spec(seed), examplesOf(cases), folds)
	if err != nil {
		return err
	}
	m, err := textmodel.Train(ctx, spec(seed), examplesOf(cases))
	if err != nil {
		return err
	}
	m.Card.Kind, m.Card.Version, m.Card.Date, m.Card.Languages = "relevance", "1", date, []string{"uz-Latn", "uz-Cyrl", "ru", "en"}
	m.Card.Data = []textmodel.Source{
		{Name: "rated chat replies in Russian and Uzbek, written for this project", Licence: "the project's own", Examples: len(rated)},
		{Name: "demo dialogues in Russian and Uzbek, written for this project", Licence: "the project's own", Examples: len(demo)},
		{Name: "RasaHQ/STAR @30589750 and 3 dialogues of asappresearch/abcd, as Telegram exports", Licence: "MIT", Examples: len(english)},
	}
	card := pair.Card{Date: date, Seed: seed, Folds: folds}
	card.Replies = measure(m, cases, answers, "chat and demo", func(pool string) bool { return pool != englishPool })
	for _, pool := range pools(cases) {
		card.Pools = append(card.Pools, measure(m, cases, answers, pool, func(p string) bool { return p == pool }))
	}
	kept, err := readEnglish(data, "dev")
	if err != nil {
		return err
	}
	if card.English, err = measureKept(m, reader, kept, seed); err != nil {
		return err
	}
	return write(out, map[string]*textmodel.Model{"relevance": m, "topics": topics}, card)
}

// trainTopics makes a small model of what a chat message is about. The replies that are measured are not among the messages.
func trainTopics(ctx context.Context, data, date string, seed uint64) (*textmodel.Model, error) {
	messages, err := readMessages(data)
	if err != nil {
		return nil, err
	}
	s := textmodel.DefaultSpec()
	s.Bits, s.MinCount, s.Cost, s.Epochs, s.Balance, s.Seed, s.Lexicons = 14, 1, 0.2, 10, 0.8, seed, []string{"topic", "matter"}
	m, err := textmodel.Train(ctx, s, messages)
	if err != nil {
		return nil, err
	}
	m.Card.Kind, m.Card.Version, m.Card.Date, m.Card.Languages = "relevance_topics", "1", date, []string{"uz-Latn", "uz-Cyrl", "ru"}
	m.Card.Data = []textmodel.Source{{Name: "chat messages in Russian and Uzbek, written for this project", Licence: "the project's own", Examples: len(messages)}}
	return m, nil
}

func write(out string, models map[string]*textmodel.Model, card pair.Card) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for name, m := range models {
		var file bytes.Buffer
		if err := m.Write(&file); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, name+".bin"), file.Bytes(), 0o644); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(card, "", "  ")
	if err != nil {
		return err
	}
	fmt.Printf("%s\n", text)
	return os.WriteFile(filepath.Join(out, "card.json"), append(text, '\n'), 0o644)
}
