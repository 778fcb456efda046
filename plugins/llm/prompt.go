package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"text/template"
	"time"
	"unicode/utf8"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/quality/scorecard"
)

// What a model is shown at most, in bytes: with prompt, schema and answer it fits into contextTokens. A token of ordinary
// text has two bytes or more; of odd text that has fewer, the server refuses what is too long (see ollamaRequest).
const (
	maxMessage = 4000
	maxHistory = 2000
	maxTurn    = 600
)

//go:embed prompts
var promptFiles embed.FS

// rubric says what the ratings of one criterion mean. The same sentences go to the model and, as reasons, to people.
type rubric struct {
	Question string            `json:"question"`
	Ratings  map[string]string `json:"ratings"`
}

// topic is a label of TOPIC with phrases that are examples of it.
type topic struct {
	Key     string
	Label   string // the key as the model is shown it and answers it
	Phrases []string
}

// prompts are the parsed files.
type prompts struct {
	system *template.Template
	rubric map[string]rubric
	topics []topic
	hash   string // of all files, 8 hex digits
}

const relevanceKey = "relevance"

func loadPrompts() (*prompts, error) {
	p := &prompts{}
	files := map[string][]byte{}
	hash := sha256.New()
	for _, name := range []string{"rubric.json", "system.txt", "topics.json"} {
		file, err := fs.ReadFile(promptFiles, "prompts/"+name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(hash, "%s %d\n%s", name, len(file), file)
		files[name] = file
	}
	p.hash = hex.EncodeToString(hash.Sum(nil))[:8]
	var err error
	if p.system, err = template.New("system").Option("missingkey=error").Parse(string(files["system.txt"])); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(files["rubric.json"], &p.rubric); err != nil {
		return nil, fmt.Errorf("rubric.json: %w", err)
	}
	if err := p.covers(relevanceKey, relMarks); err != nil {
		return nil, err
	}
	for _, key := range scorecard.Keys() {
		if err := p.covers(key, cardMarks); err != nil {
			return nil, err
		}
	}
	if p.topics, err = readTopics(files["topics.json"]); err != nil {
		return nil, fmt.Errorf("topics.json: %w", err)
	}
	return p, nil
}

func (p *prompts) covers(key string, marks []string) error {
	for _, mark := range marks {
		if p.rubric[key].Ratings[mark] == "" {
			return fmt.Errorf("rubric.json: %s does not say what %q means", key, mark)
		}
	}
	return nil
}

// Bounds of topics. Names are shown twice, in the prompt and in the schema; of the phrases as many as there is room for.
const (
	maxTopics  = 50
	maxKey     = 64   // bytes of a topic's name
	maxKeys    = 2000 // bytes of all names
	maxPhrase  = 100  // bytes of a phrase that are shown
	maxPhrases = 4000 // bytes of all phrases that are shown
)

// readTopics reads an object of topics with their phrases, in the order of their keys.
func readTopics(raw json.RawMessage) ([]topic, error) {
	var given map[string][]string
	if err := json.Unmarshal(raw, &given); err != nil {
		return nil, analyzer.Errorf(analyzer.Invalid, "topics must be an object of lists of phrases")
	}
	var topics []topic
	size, labels := 0, map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		label := shield(key)
		if label == analyzer.Other {
			return nil, analyzer.Errorf(analyzer.Invalid, "topics: %s is what no topic fits and takes no phrases", analyzer.Other)
		}
		if strings.TrimSpace(key) == "" || len(key) > maxKey || strings.ContainsAny(key, "\n\t") || labels[label] {
			return nil, analyzer.Errorf(analyzer.Invalid, "topics: names have 1 to %d bytes in one line and differ in more than brackets", maxKey)
		}
		labels[label] = true
		size += len(key)
		t := topic{Key: key, Label: label}
		for _, phrase := range given[key] {
			if shown := strings.Join(strings.Fields(shield(clip(phrase, maxPhrase))), " "); shown != "" {
				t.Phrases = append(t.Phrases, shown)
			}
		}
		topics = append(topics, t)
	}
	if len(topics) > maxTopics || size > maxKeys {
		return nil, analyzer.Errorf(analyzer.Invalid, "topics: at most %d with names of %d bytes in all", maxTopics, maxKeys)
	}
	return topics, nil
}

// joinTopics are the company's own topics beside the shipped ones; the phrases of one of the same name come first. Each topic
// keeps its first phrases, one more for all at a time, until there is no more room.
func joinTopics(shipped, own []topic) []topic {
	all := slices.Clone(own)
	for _, t := range shipped {
		same := slices.IndexFunc(all, func(o topic) bool { return o.Label == t.Label })
		if same < 0 {
			all = append(all, t)
			continue
		}
		all[same].Phrases = slices.Concat(all[same].Phrases, t.Phrases)
	}
	slices.SortFunc(all, func(a, b topic) int { return strings.Compare(a.Key, b.Key) })
	kept, size := make([][]string, len(all)), 0
	for n, more := 0, true; more; n++ {
		more = false
		for i, t := range all {
			if n >= len(t.Phrases) {
				continue
			}
			more = true
			if size += len(t.Phrases[n]); size <= maxPhrases {
				kept[i] = append(kept[i], t.Phrases[n])
			}
		}
	}
	for i := range all {
		all[i].Phrases = kept[i]
	}
	return all
}

// shield takes from a text what chat templates and our borders are made of. The length in bytes stays, so that a place
// in the shielded text is the same place in the text.
func shield(text string) string {
	out := []byte(text)
	for i, c := range out {
		switch {
		case c == '<' || c == '[':
			out[i] = '('
		case c == '>' || c == ']':
			out[i] = ')'
		case c == '|':
			out[i] = '/'
		case c < ' ' && c != '\n' && c != '\t' || c == 0x7f:
			out[i] = ' '
		}
	}
	return string(out)
}

// clip shortens a text at a rune's border.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// ago says how long before the message a turn was, "" if that is unknown; without it nobody can tell a promise kept.
func ago(turn, message time.Time) string {
	if turn.IsZero() || message.IsZero() || message.Before(turn) {
		return ""
	}
	return fmt.Sprintf(" (%d min before)", int(message.Sub(turn).Minutes()))
}

// history is the newest turns that fit, one a line; a line break inside a turn could pass for another turn. at is when the
// message was sent, and customer says whether one of the turns is a customer's.
func history(turns []analyzer.Turn, at time.Time) (lines string, customer bool) {
	var kept []string
	size := 0
	for i := len(turns) - 1; i >= 0; i-- {
		if turns[i].Side != analyzer.Customer && turns[i].Side != analyzer.Staff {
			continue
		}
		text := strings.Join(strings.Fields(shield(clip(turns[i].Text, maxTurn))), " ")
		if text == "" {
			continue
		}
		line := string(turns[i].Side) + ago(turns[i].At, at) + ": " + text + "\n"
		if size += len(line); size > maxHistory {
			break
		}
		customer = customer || turns[i].Side == analyzer.Customer
		kept = append(kept, line)
	}
	slices.Reverse(kept)
	return strings.Join(kept, ""), customer
}

// ratingLine and criterionPart are what the template shows.
type ratingLine struct{ Rating, Meaning string }

type criterionPart struct {
	Key, Question string
	Ratings       []ratingLine
}

func (p *prompts) lines(key string, marks []string) []ratingLine {
	lines := make([]ratingLine, len(marks))
	for i, mark := range marks {
		lines[i] = ratingLine{mark, p.rubric[key].Ratings[mark]}
	}
	return lines
}

// conversation is the system's and the user's part of a call.
type conversation struct{ system, user string }

// write makes the conversation about shown, the shielded message. The marks of the borders are random, so no message
// can end its block; they stand last in the system's part, whose long beginning servers then read once.
func (p *prompts) write(a ask, topics []topic, side analyzer.Side, shown, before string) (conversation, error) {
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return conversation{}, err
	}
	mark := hex.EncodeToString(random[:])
	view := struct {
		Mark, Author, Schema string
		Sentiment            bool
		Topics               []topic
		Relevance            []ratingLine
		Criteria             []criterionPart
	}{Mark: mark, Author: "a customer", Schema: string(a.schema()), Sentiment: a.sentiment}
	if side == analyzer.Staff {
		view.Author = "the company's staff"
	}
	if len(a.topics) > 0 {
		view.Topics = topics
	}
	if a.relevance {
		view.Relevance = p.lines(relevanceKey, relMarks)
	}
	for _, key := range a.criteria {
		view.Criteria = append(view.Criteria, criterionPart{key, p.rubric[key].Question, p.lines(key, cardMarks)})
	}
	var system bytes.Buffer
	if err := p.system.Execute(&system, view); err != nil {
		return conversation{}, err
	}
	user := ""
	if before != "" {
		user = fmt.Sprintf("BEGIN %s CONVERSATION\n%sEND %s\n", mark, before, mark)
	}
	user += fmt.Sprintf("BEGIN %s MESSAGE\n%s\nEND %s\n", mark, shown, mark)
	return conversation{system: system.String(), user: user}, nil
}
