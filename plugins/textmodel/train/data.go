package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fincokpi/finco/plugins/textmodel"
)

// blockLines is how many neighbouring lines of the chat sets are taken for one
// dialogue when folds are made.
const blockLines = 20

// groupsPerLanguage keeps the groups of one chat language apart from the next.
const groupsPerLanguage = 100000

// chatLanguages are the folders of chat/.
var chatLanguages = []string{"ru", "uz_latn", "uz_cyrl"}

// chatLine is one line of chat/*/messages.tsv.
type chatLine struct {
	language, side, sentiment, question, needsReply, topic, text string
	group                                                        int
}

// readChat reads the labelled chat messages of every language.
func readChat(root string) ([]chatLine, error) {
	var out []chatLine
	for part, language := range chatLanguages {
		n := 0
		err := eachLine(filepath.Join(root, "chat", language, "messages.tsv"), func(line string) error {
			n++
			if n == 1 {
				return nil
			}
			f := strings.SplitN(line, "\t", 6)
			if len(f) != 6 {
				return fmt.Errorf("%d columns, want 6", len(f))
			}
			out = append(out, chatLine{language: language, side: f[0], sentiment: f[1], question: f[2],
				needsReply: f[3], topic: f[4], text: f[5], group: part*groupsPerLanguage + n/blockLines})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readTSV reads `label<TAB>text` lines; every line is a group of its own.
func readTSV(path string) ([]textmodel.Example, error) {
	var out []textmodel.Example
	err := eachLine(path, func(line string) error {
		label, text, ok := strings.Cut(line, "\t")
		if !ok {
			return fmt.Errorf("no tab")
		}
		out = append(out, textmodel.Example{Label: label, Text: textmodel.Text{Body: text}, Group: 1000000 + len(out)})
		return nil
	})
	return out, err
}

// ratedReply is one line of chat/*/replies.jsonl.
type ratedReply struct {
	Lang    string `json:"lang"`
	Context []struct {
		Side string `json:"side"`
		Text string `json:"text"`
	} `json:"context"`
	Question string          `json:"question"`
	Reply    string          `json:"reply"`
	Ratings  map[string]*int `json:"ratings"`
	group    int
}

// readReplies reads the rated replies of every language.
func readReplies(root string) ([]ratedReply, error) {
	var out []ratedReply
	for part, language := range chatLanguages {
		n := 0
		err := eachLine(filepath.Join(root, "chat", language, "replies.jsonl"), func(line string) error {
			var r ratedReply
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				return err
			}
			r.group = part*groupsPerLanguage + n/8
			n++
			out = append(out, r)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// eachLine hands over the lines of a file and names the line of an error.
func eachLine(path string, use func(line string) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	scanner.Buffer(nil, 16<<20)
	for n := 1; scanner.Scan(); n++ {
		if err := use(scanner.Text()); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	return scanner.Err()
}
