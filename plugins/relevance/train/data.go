package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fincokpi/finco/plugins/quality/scorecard"
	"github.com/fincokpi/finco/plugins/textmodel"
)

// reply is one reply of staff with the turns before it.
type reply struct {
	context []scorecard.Turn
	text    string
	pool    string // replies of other dialogues stand in for it only from the same pool: one language, one source
	group   int    // of its dialogue
	rating  *int   // 0 to 2: does it answer; nil: not rated
}

// chatLanguages are the folders of chat/.
var chatLanguages = []string{"ru", "uz_latn", "uz_cyrl"}

// Dialogues get numbers by their source; neighbouring rated replies can be of one dialogue.
const (
	groupsPerSource = 100000
	blockReplies    = 8
)

// readRated reads chat/*/replies.jsonl.
func readRated(root string) ([]reply, error) {
	var out []reply
	for part, language := range chatLanguages {
		n := 0
		err := eachLine(filepath.Join(root, "chat", language, "replies.jsonl"), func(line []byte) error {
			var r struct {
				Context  []struct{ Side, Text string }
				Question string
				Reply    string
				Ratings  struct{ Answers *int }
			}
			if err := json.Unmarshal(line, &r); err != nil {
				return err
			}
			var turns []scorecard.Turn
			for _, t := range r.Context {
				turns = append(turns, scorecard.Turn{Staff: t.Side == "staff", Text: t.Text})
			}
			out = append(out, reply{context: append(turns, scorecard.Turn{Text: r.Question}), text: r.Reply, pool: "chat/" + language,
				group: part*groupsPerSource + n/blockReplies, rating: r.Ratings.Answers})
			n++
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readMessages reads what chat/*/messages.tsv are about.
func readMessages(root string) ([]textmodel.Example, error) {
	var out []textmodel.Example
	for part, language := range chatLanguages {
		n := 0
		err := eachLine(filepath.Join(root, "chat", language, "messages.tsv"), func(line []byte) error {
			n++
			if n == 1 {
				return nil // column names
			}
			columns := strings.SplitN(string(line), "\t", 6)
			if len(columns) != 6 {
				return fmt.Errorf("%d columns, want 6", len(columns))
			}
			out = append(out, textmodel.Example{Label: columns[4], Text: textmodel.Text{Body: columns[5]}, Group: part*groupsPerSource + n/20})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readDemo reads demo/dialogues.json; events of edits are left out.
func readDemo(root string) ([]reply, error) {
	raw, err := os.ReadFile(filepath.Join(root, "demo", "dialogues.json"))
	if err != nil {
		return nil, err
	}
	var dialogues []struct {
		Customer struct{ Lang string }
		Messages []struct {
			Side, Text string
			EditOf     *int `json:"edit_of"`
		}
	}
	if err := json.Unmarshal(raw, &dialogues); err != nil {
		return nil, err
	}
	var out []reply
	for n, d := range dialogues {
		var talk []scorecard.Turn
		for _, m := range d.Messages {
			if m.EditOf == nil {
				talk = append(talk, scorecard.Turn{Staff: m.Side == "staff", Text: m.Text})
			}
		}
		out = append(out, repliesOf(talk, "demo/"+d.Customer.Lang, len(chatLanguages)*groupsPerSource+n)...)
	}
	return out, nil
}

// englishPool is the pool of English replies that are trained on.
const englishPool = "conversations/train"

// readEnglish reads the two-person service dialogues of a part of conversations/.
func readEnglish(root, part string) ([]reply, error) {
	folder := filepath.Join(root, "conversations", part)
	raw, err := os.ReadFile(filepath.Join(folder, "supergroup", "result.json"))
	if err != nil {
		return nil, err
	}
	var export struct {
		Messages []struct {
			ID   int
			Text json.RawMessage
		}
	}
	if err := json.Unmarshal(raw, &export); err != nil {
		return nil, err
	}
	texts := map[int]string{}
	for _, m := range export.Messages {
		var text string
		if json.Unmarshal(m.Text, &text) == nil {
			texts[m.ID] = text
		}
	}
	var out []reply
	n := 0
	err = eachLine(filepath.Join(folder, "labels.jsonl"), func(line []byte) error {
		var d struct {
			Messages []struct {
				ID   int `json:"supergroup_id"`
				Role string
			}
		}
		if err := json.Unmarshal(line, &d); err != nil {
			return err
		}
		var talk []scorecard.Turn
		for _, m := range d.Messages {
			talk = append(talk, scorecard.Turn{Staff: m.Role != "customer", Text: texts[m.ID]})
		}
		out = append(out, repliesOf(talk, "conversations/"+part, (len(chatLanguages)+1)*groupsPerSource+n)...)
		n++
		return nil
	})
	return out, err
}

// repliesOf takes every turn of staff that follows one of the customer.
func repliesOf(talk []scorecard.Turn, pool string, group int) []reply {
	var out []reply
	for i, t := range talk {
		if t.Staff && i > 0 {
			out = append(out, reply{context: talk[:i], text: t.Text, pool: pool, group: group})
		}
	}
	return out
}

// eachLine hands over the lines of a file and names the line of an error.
func eachLine(path string, use func(line []byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	scanner.Buffer(nil, 16<<20)
	for n := 1; scanner.Scan(); n++ {
		if err := use(scanner.Bytes()); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	return scanner.Err()
}
