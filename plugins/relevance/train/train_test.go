package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fincokpi/finco/plugins/relevance/pair"
)

// folder is a data folder with a few made-up dialogues.
func folder(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	put := func(path, text string) {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	talks := [][2]string{
		{"Narxi qancha?", "Narxi 20 000 so'm"}, {"Где мой заказ?", "Заказ у курьера, привезём сегодня"}, {"Ilova ochilmayapti", "Ilovani qayta yuklang"},
		{"Запишите на субботу", "Записала на субботу, 10:30"}, {"Kafolat bormi?", "Ha, kafolat 12 oy"}, {"Верните деньги", "Деньги вернём за три дня"},
	}
	for _, language := range chatLanguages {
		var lines strings.Builder
		for i := range 60 {
			talk := talks[i%len(talks)]
			fmt.Fprintf(&lines, `{"context": [], "question": %q, "reply": "%s, %d", "ratings": {"answers": %d}}`+"\n", talk[0], talk[1], i, min(i%5, 2))
		}
		put("chat/"+language+"/replies.jsonl", lines.String())
		lines.Reset()
		lines.WriteString("side\tsentiment\tquestion\tneeds_reply\ttopic\ttext\n")
		for i := range 80 {
			talk := talks[i%len(talks)]
			fmt.Fprintf(&lines, "customer\tneutral\t1\t1\ttopic %d\t%s %d\n", i%len(talks), talk[0], i)
		}
		put("chat/"+language+"/messages.tsv", lines.String())
	}
	var dialogues []string
	for i := range 20 {
		a, b := talks[i%len(talks)], talks[(i+1)%len(talks)]
		dialogues = append(dialogues, fmt.Sprintf(`{"customer": {"lang": "ru"}, "messages": [{"side": "customer", "text": %q}, {"side": "staff", "text": %q},
			{"side": "staff", "text": "edited", "edit_of": 1}, {"side": "customer", "text": %q}, {"side": "staff", "text": %q}]}`, a[0], a[1], b[0], b[1]))
	}
	put("demo/dialogues.json", "["+strings.Join(dialogues, ",")+"]")
	for _, part := range []string{"dev", "train"} {
		put("conversations/"+part+"/supergroup/result.json", `{"messages": [{"id": 1, "text": "where is my order?"}, {"id": 2, "text": "your order arrives today"}, {"id": 3, "text": ["odd"]}]}`)
		put("conversations/"+part+"/labels.jsonl", `{"messages": [{"supergroup_id": 1, "role": "customer"}, {"supergroup_id": 2, "role": "agent"}]}`+"\n")
	}
	return root
}

func TestTrainingIsDeterministic(t *testing.T) {
	t.Parallel()
	root, a, b := folder(t), t.TempDir(), t.TempDir()
	for _, out := range []string{a, b} {
		if err := run(context.Background(), root, out, "2026-01-02", 3, 3); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"relevance.bin", "topics.bin", "card.json"} {
		first, err := os.ReadFile(filepath.Join(a, name))
		if err != nil {
			t.Fatal(err)
		}
		second, err := os.ReadFile(filepath.Join(b, name))
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s differs, %v", name, err)
		}
	}
	raw, err := os.ReadFile(filepath.Join(a, "card.json"))
	if err != nil {
		t.Fatal(err)
	}
	var card pair.Card
	if err := json.Unmarshal(raw, &card); err != nil || card.Replies.Rated == 0 || card.Replies.Replies == 0 || card.English.Replies != 1 || len(card.Pools) != 5 {
		t.Errorf("%+v, %v", card, err)
	}
}

func TestWrongDataIsNamed(t *testing.T) {
	t.Parallel()
	root := folder(t)
	if err := os.WriteFile(filepath.Join(root, "chat/ru/replies.jsonl"), []byte("{}\nnothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(context.Background(), root, t.TempDir(), "2026-01-02", 1, 3); err == nil || !strings.Contains(err.Error(), "replies.jsonl:2") {
		t.Errorf("error %v does not name the line", err)
	}
	if err := run(context.Background(), root, t.TempDir(), "yesterday", 1, 3); err == nil {
		t.Error("a wrong date was accepted")
	}
}

func TestAUC(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		real, swapped []float64
		want          float64
	}{
		{[]float64{0.9, 0.8}, []float64{0.1, 0.2}, 1}, {[]float64{0.1}, []float64{0.9}, 0}, {[]float64{0.5}, []float64{0.5, 0.5}, 0.5}, {nil, []float64{1}, 0},
	} {
		if got := auc(c.real, c.swapped); got != c.want {
			t.Errorf("%v above %v: %v, want %v", c.real, c.swapped, got, c.want)
		}
	}
}
