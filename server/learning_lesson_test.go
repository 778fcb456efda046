package server

import (
	"os"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/plugins/analyzer"
)

func lessonOf(t *testing.T, kind analyzer.Kind, name, file string) *lesson {
	t.Helper()
	model, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return &lesson{kind: kind, name: name, file: model}
}

func TestChatsKeptApartNeverTrain(t *testing.T) {
	t.Parallel()
	var list []app.Correction
	for chat := range 400 {
		for n := range 3 {
			list = append(list, app.Correction{ContentID: chat*3 + n, ChatID: chat, Text: "salom", Label: "neutral", Side: "CUSTOMER", At: time.Unix(int64(n), 0)})
		}
	}
	l := lessonOf(t, analyzer.Sentiment, "sentiment", "../plugins/sentiment/model/sentiment.bin")
	if err := l.take(list, time.Unix(1, 0), 50); err != nil {
		t.Fatal(err)
	}
	apart := map[int]bool{}
	for _, c := range l.held {
		apart[c.ChatID] = true
	}
	for _, c := range l.train {
		if apart[c.ChatID] {
			t.Fatalf("chat %d is on both sides", c.ChatID)
		}
	}
	if share := float64(len(apart)) / 400; share < 0.2 || share > 0.3 || len(l.train)+len(l.held) != len(list) || l.all != len(list) {
		t.Errorf("%.2f of the chats are kept apart, %d corrections train", share, len(l.train))
	}
	if l.fresh != 400 || l.why != "" {
		t.Errorf("%d are new, %q", l.fresh, l.why)
	}
	for chat := range 400 {
		if keptApart(chat) != apart[chat] {
			t.Fatalf("chat %d changes sides", chat)
		}
	}
}

func TestOnlyTopicsGetNewLabels(t *testing.T) {
	t.Parallel()
	list := []app.Correction{}
	for n := range 40 {
		list = append(list, app.Correction{ChatID: n, Text: "salom", Label: "instalments"}, app.Correction{ChatID: n, Text: "salom", Label: "price"})
	}
	list = append(list, app.Correction{ChatID: 1, Text: "rare", Label: "seldom"}, app.Correction{ChatID: 2, Text: " \n", Label: "price"})
	topic := lessonOf(t, analyzer.Topic, "topic", "../plugins/topic/model/topic.bin")
	sentiment := lessonOf(t, analyzer.Sentiment, "sentiment", "../plugins/sentiment/model/sentiment.bin")
	for l, want := range map[*lesson]int{topic: 81, sentiment: 0} {
		if err := l.take(list, time.Time{}, 1); err != nil {
			t.Fatal(err)
		}
		if l.all != want {
			t.Errorf("%s: %d corrections, want %d", l.kind, l.all, want)
		}
		for _, c := range l.train {
			if c.Label == "seldom" {
				t.Error("a single correction made a topic")
			}
		}
	}
	if sentiment.why == "" {
		t.Error("it learns from nothing")
	}
}

func TestBetterIsStrictlyBetter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before, after Evaluation
		better        bool
	}{
		{Evaluation{Accuracy: 0.8, MacroF1: 0.7}, Evaluation{Accuracy: 0.8, MacroF1: 0.9}, false},
		{Evaluation{Accuracy: 0.8, MacroF1: 0.7}, Evaluation{Accuracy: 0.85, MacroF1: 0.69}, false},
		{Evaluation{Accuracy: 0.8, MacroF1: 0.7}, Evaluation{Accuracy: 0.85, MacroF1: 0.7}, true},
		{Evaluation{Accuracy: 0.8, MacroF1: 0.7}, Evaluation{Accuracy: 0.7, MacroF1: 0.8}, false},
	} {
		var l lesson
		if l.compare(c.before, c.after); l.better != c.better {
			t.Errorf("%+v → %+v is better: %v", c.before, c.after, l.better)
		}
	}
}
