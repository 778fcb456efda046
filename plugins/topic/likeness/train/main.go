// Command train makes the table of package likeness again and measures it.
//
//	go run ./plugins/topic/likeness/train -data DIR -out plugins/topic/likeness/background.bin -date 2025-11-21
//
// DIR is laid out as the project's data folder. The same data, seed and date give the same file.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fincokpi/finco/plugins/topic/likeness"
)

func main() {
	data := flag.String("data", "", "folder of the training data")
	out := flag.String("out", "plugins/topic/likeness/background.bin", "file to write")
	date := flag.String("date", "", "date for the card, YYYY-MM-DD")
	seed := flag.Uint64("seed", 1, "seed of the trials")
	flag.Parse()
	if err := run(*data, *out, *date, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(data, out, date string, seed uint64) error {
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return fmt.Errorf("-date must be YYYY-MM-DD")
	}
	var sets []likeness.Set
	for _, language := range []string{"ru", "uz_latn", "uz_cyrl"} {
		examples, err := read(filepath.Join(data, "chat", language, "messages.tsv"), 4, 5, 1)
		if err != nil {
			return err
		}
		sets = append(sets, likeness.Set{Source: likeness.Source{Name: "chat/" + language, Licence: "the project's own"}, Examples: examples})
	}
	english, err := read(filepath.Join(data, "intent_en_clinc150", "train.tsv"), 0, 1, 0)
	if err != nil {
		return err
	}
	sets = append(sets, likeness.Set{Source: likeness.Source{Name: "clinc/oos-eval @828f8093, data_full", Licence: "CC BY 3.0"}, Examples: english, Labels: 15})
	plain, err := read(filepath.Join(data, "langid", "train.tsv"), 0, 1, 0)
	if err != nil {
		return err
	}
	file, card, err := likeness.Make(date, seed, sets, []likeness.Set{{Source: likeness.Source{
		Name: "sentences of public sets and Uzum reviews, partly transliterated by rule", Licence: "CC BY 4.0, MIT"}, Examples: plain}})
	if err != nil {
		return err
	}
	fmt.Printf("weights %v, offset %v\n", card.Weights, card.Offset)
	for _, f := range card.Figures {
		fmt.Printf("%-40s precision %.3f  recall %.3f  F1 %.3f  ECE %.3f  (%d texts)\n", f.Data, f.Precision, f.Recall, f.F1, f.ECE, f.Texts)
	}
	return os.WriteFile(out, file, 0o644)
}

// blockLines is how many neighbouring lines are taken for one dialogue.
const blockLines = 20

// read takes the label and the text of each line of a tab-separated file. With a header line, lines are neighbours.
func read(path string, label, text, header int) ([]likeness.Example, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []likeness.Example
	scanner := bufio.NewScanner(f)
	for n := 0; scanner.Scan(); n++ {
		fields := strings.SplitN(scanner.Text(), "\t", text+1)
		if n < header {
			continue
		}
		if len(fields) <= text {
			return nil, fmt.Errorf("%s:%d: %d columns", path, n+1, len(fields))
		}
		e := likeness.Example{Label: fields[label], Text: fields[text], Group: n}
		if header > 0 {
			e.Group = n / blockLines
		}
		out = append(out, e)
	}
	return out, scanner.Err()
}
