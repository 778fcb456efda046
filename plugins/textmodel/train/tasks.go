package main

import (
	"path/filepath"
	"slices"

	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/plugins/textmodel/language"
)

// chatName names the chat sets in a card.
const chatName = "chat"

// task is one model: where it goes, how it is trained and on what.
type task struct {
	kind      string // name on the command line and in the card
	version   string
	out       string // file below plugins/
	name      string // what the folds are made of
	spec      textmodel.Spec
	notes     string
	load      func(root string) ([]textmodel.Example, []textmodel.Source, error)
	domains   bool     // English is a domain of its own, as in the plugins
	dev       []string // labelled files below the data folder, measured apart
	languages []string
}

// hopeful goes into the cards of models that read the word lists: their figures
// are not those of texts that nobody has looked at.
const hopeful = "The word lists were written with about a tenth of the chat messages and a fifth of the rated replies in view, " +
	"and settings were chosen by the same folds and dev parts, so all figures here are somewhat hopeful."

// tasks lists every model.
func tasks() []task {
	return append([]task{
		{kind: "language", version: "1", out: "textmodel/language/model/language.bin", name: "langid", spec: textmodel.SpecFor("language"),
			load: loadLanguage, dev: []string{"langid/dev.tsv"}, languages: fourTongues},
		{kind: "sentiment", version: "2", out: "sentiment/model/sentiment.bin", name: chatName, spec: textmodel.SpecFor("sentiment"), load: loadSentiment, domains: true, notes: hopeful,
			dev: []string{"sentiment_en_vader/dev.tsv"}, languages: fourTongues},
		{kind: "question", version: "2", out: "question/model/question.bin", name: chatName, spec: textmodel.SpecFor("question"), load: loadQuestion, domains: true, notes: hopeful,
			dev: []string{"question_en_wiki/dev.tsv"}, languages: fourTongues},
		{kind: "needs_reply", version: "1", out: "question/model/needs_reply.bin", name: chatName, spec: textmodel.SpecFor("needs_reply"), load: loadNeedsReply, domains: true, notes: hopeful,
			languages: fourTongues},
		{kind: "topic", version: "2", out: "topic/model/topic.bin", name: chatName, spec: textmodel.SpecFor("topic"), load: loadTopic, domains: true, notes: hopeful, languages: fourTongues},
		{kind: "politeness", version: "1", out: "politeness/model/politeness.bin", name: "politeness", spec: textmodel.SpecFor("politeness"),
			load: loadPoliteness, dev: []string{"politeness_en_tydip/dev.tsv"}, notes: hopeful, languages: fourTongues},
	}, qualityTasks()...)
}

var (
	chatSource    = textmodel.Source{Name: "chat messages in Russian and Uzbek, written for this project", Licence: "the project's own"}
	repliesSource = textmodel.Source{Name: "rated chat replies in Russian and Uzbek, written for this project", Licence: "the project's own"}
	vaderSource   = textmodel.Source{Name: "cjhutto/vaderSentiment @044fc44c, rated snippets", Licence: "MIT"}
	wikiSource    = textmodel.Source{Name: "Genius1237/TyDiP @dfc63068, sentences", Licence: "CC BY 4.0"}
	tydipSource   = textmodel.Source{Name: "Genius1237/TyDiP @dfc63068, politeness", Licence: "CC BY 4.0"}
	bankSource    = textmodel.Source{Name: "PolyAI-LDN/task-specific-datasets @57ec275d, BANKING77", Licence: "CC BY 4.0"}
	clincSource   = textmodel.Source{Name: "clinc/oos-eval @828f8093, data_full", Licence: "CC BY 3.0"}
	dogoSource    = textmodel.Source{Name: "awslabs/multi-domain-goal-oriented-dialogues-dataset @baa30639", Licence: "CDLA-Permissive 1.0"}
	langidSource  = textmodel.Source{Name: "sentences of the sets named here and Uzum reviews, partly transliterated by rule", Licence: "CC BY 4.0, MIT"}
	fourTongues   = []string{"uz-Latn", "uz-Cyrl", "ru", "en"}
)

func counted(s textmodel.Source, n int) textmodel.Source {
	s.Examples = n
	return s
}

// loadSentiment joins the chat messages with English snippets.
func loadSentiment(root string) ([]textmodel.Example, []textmodel.Source, error) {
	chat, err := readChat(root)
	if err != nil {
		return nil, nil, err
	}
	var out []textmodel.Example
	for _, l := range chat {
		out = append(out, textmodel.Example{Label: l.sentiment, Text: textmodel.Text{Body: l.text}, Group: l.group})
	}
	english, err := readTSV(filepath.Join(root, "sentiment_en_vader", "train.tsv"))
	if err != nil {
		return nil, nil, err
	}
	for i := range english {
		english[i].Auxiliary, english[i].Weight = true, sentimentWeight
	}
	own := moods(func(sentiment string, _ bool) string { return sentiment })
	return slices.Concat(out, own, english), []textmodel.Source{counted(chatSource, len(out)), counted(moodSource, len(own)), counted(vaderSource, len(english))}, nil
}

// loadQuestion joins the chat messages with English sentences whose question
// mark was taken away; half of the questions get it back, as people type both.
func loadQuestion(root string) ([]textmodel.Example, []textmodel.Source, error) {
	chat, err := readChat(root)
	if err != nil {
		return nil, nil, err
	}
	var out []textmodel.Example
	for _, l := range chat {
		label := "other"
		if l.question == "1" {
			label = "question"
		}
		out = append(out, textmodel.Example{Label: label, Text: textmodel.Text{Body: l.text}, Group: l.group})
	}
	english, err := readTSV(filepath.Join(root, "question_en_wiki", "train.tsv"))
	if err != nil {
		return nil, nil, err
	}
	n := len(english)
	var signed []textmodel.Example
	for i := range english {
		english[i].Auxiliary, english[i].Weight = true, questionWeight
		if english[i].Label == "question" && i%4 == 0 {
			again := english[i]
			again.Text.Body += "?"
			signed = append(signed, again)
		}
	}
	english = append(english, signed...)
	own := moods(func(_ string, asks bool) string {
		if asks {
			return "question"
		}
		return "other"
	})
	return slices.Concat(out, own, english), []textmodel.Source{counted(chatSource, len(out)), counted(moodSource, len(own)), counted(wikiSource, n)}, nil
}

// loadNeedsReply takes customers' messages only; a business owes its own staff
// no answer. English thanks and farewells need none, English requests do.
func loadNeedsReply(root string) ([]textmodel.Example, []textmodel.Source, error) {
	chat, err := readChat(root)
	if err != nil {
		return nil, nil, err
	}
	var out []textmodel.Example
	for _, l := range chat {
		if l.side != "customer" {
			continue
		}
		label := "not_needed"
		if l.needsReply == "1" {
			label = "needed"
		}
		out = append(out, textmodel.Example{Label: label, Text: textmodel.Text{Body: l.text}, Group: l.group})
	}
	n := len(out)
	out, sources, err := appendEnglish(root, out, needsReplyOf)
	return out, append([]textmodel.Source{counted(chatSource, n)}, sources...), err
}

// loadTopic joins the chat messages with lines of other people's trades and with
// English intents that mean one of the twelve topics.
func loadTopic(root string) ([]textmodel.Example, []textmodel.Source, error) {
	chat, err := readChat(root)
	if err != nil {
		return nil, nil, err
	}
	var out []textmodel.Example
	for _, l := range chat {
		out = append(out, textmodel.Example{Label: l.topic, Text: textmodel.Text{Body: l.text}, Group: l.group})
	}
	n := len(out)
	for label, text := range ownLines(topicLines) {
		out = append(out, textmodel.Example{Label: label, Text: textmodel.Text{Body: text}, Group: firstOwnLine + len(out), Auxiliary: true})
	}
	own := len(out) - n
	out, sources, err := appendEnglish(root, out, topicOf)
	return out, append([]textmodel.Source{counted(chatSource, n), counted(topicSource, own)}, sources...), err
}

// englishSets are the intent sets that a mapping may read.
var englishSets = []struct {
	folder string
	source textmodel.Source
}{
	{"intent_en_banking77", bankSource}, {"intent_en_clinc150", clincSource}, {"intent_en_multidogo", dogoSource},
}

// perIntent bounds the examples of one intent, so that one large set does not
// drown the chat messages.
const perIntent = 60

// What an English example counts beside a chat message: enough to know the
// words, too little to bend the rest. Chosen by folds of the chat messages.
const (
	englishWeight   = 0.1 // intents and politeness
	sentimentWeight = 0.4
	questionWeight  = 0.5
)

// separateEnglish marks the domain of every text as the plugins do.
func separateEnglish(examples []textmodel.Example) {
	for i := range examples {
		tag, _ := language.Detect(examples[i].Text.Body)
		examples[i].Text.Domain = language.Domain(tag)
	}
}

// appendEnglish adds the examples whose intent has a label by the mapping.
func appendEnglish(root string, out []textmodel.Example, labelOf func(intent string) string) ([]textmodel.Example, []textmodel.Source, error) {
	var sources []textmodel.Source
	for _, set := range englishSets {
		examples, err := readTSV(filepath.Join(root, set.folder, "train.tsv"))
		if err != nil {
			return nil, nil, err
		}
		taken, used := map[string]int{}, 0
		for _, e := range examples {
			label := labelOf(e.Label)
			if label == "" || taken[e.Label] >= perIntent {
				continue
			}
			taken[e.Label]++
			used++
			e.Label, e.Weight, e.Auxiliary = label, englishWeight, true
			out = append(out, e)
		}
		if used > 0 {
			sources = append(sources, counted(set.source, used))
		}
	}
	return out, sources, nil
}
