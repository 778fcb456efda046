package likeness

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// madeUp is a set of six narrow labels, each with words of its own.
func madeUp() Set {
	words := map[string]string{
		"bikes": "bicycle wheel saddle pedal chain", "cakes": "cake cream sugar oven candle", "boats": "boat sail anchor harbour rope",
		"trees": "tree leaf branch root bark", "stars": "star moon comet orbit planet", "coins": "coin bank silver mint wallet",
	}
	s := Set{Source: Source{Name: "made up", Licence: "ours"}}
	labels := []string{"bikes", "boats", "cakes", "coins", "stars", "trees"}
	for i := range 40 {
		for k, l := range labels {
			w := strings.Fields(words[l])
			text := fmt.Sprintf("please tell me about the %s and the %s of number %d", w[i%5], w[(i/5+i+1)%5], i)
			s.Examples = append(s.Examples, Example{Label: l, Text: text, Group: i*len(labels) + k + i})
		}
	}
	return s
}

func TestMakeIsDeterministicAndMeasures(t *testing.T) {
	t.Parallel()
	first, card, err := Make("2026-01-02", 7, []Set{madeUp()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := Make("2026-01-02", 7, []Set{madeUp()}, nil)
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("the same input gave other bytes, error %v", err)
	}
	if f := card.Figures[0]; f.F1 < 0.6 || f.Texts == 0 {
		t.Errorf("narrow labels are found with %+v", f)
	}
	if _, err := decode(first); err != nil {
		t.Error(err)
	}
}

func TestDamagedTablesAreRefused(t *testing.T) {
	t.Parallel()
	for name, file := range map[string][]byte{
		"empty": nil, "foreign": bytes.Repeat([]byte("x"), 1<<17), "cut": backgroundFile[:len(backgroundFile)-5],
		"flipped": slices.Concat(backgroundFile[:100], []byte{backgroundFile[100] ^ 1}, backgroundFile[101:]),
	} {
		if _, err := decode(file); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestCardOfTheEmbeddedTable(t *testing.T) {
	t.Parallel()
	card, sum, err := Load()
	if err != nil || sum == 0 || card.Date == "" || len(card.Data) == 0 || len(card.Figures) == 0 {
		t.Fatalf("%+v, %d, %v", card, sum, err)
	}
	for _, source := range card.Data {
		if source.Licence == "" || source.Texts == 0 {
			t.Errorf("source %+v lacks its licence or size", source)
		}
	}
	if f := card.Figures[len(card.Figures)-1]; f.F1 < 0.70 || f.ECE > 0.05 {
		t.Errorf("narrow topics: F1 %.3f and calibration error %.3f miss 0.70 and 0.05", f.F1, f.ECE)
	}
	if len(backgroundFile) > 100_000 {
		t.Errorf("table of %d bytes", len(backgroundFile))
	}
}

func TestMatchNamesTheNearestTopic(t *testing.T) {
	t.Parallel()
	topics, err := New(map[string][]string{"boats": {"rent a boat"}, "bikes": {"rent a bicycle", "велосипед напрокат"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := topics.Keys(); !slices.Equal(got, []string{"bikes", "boats"}) {
		t.Errorf("keys %v", got)
	}
	near, sure := topics.Match("можно взять велосипед на день?")
	far, chance := topics.Match("где мой заказ")
	if near != "bikes" || sure < 0.4 || chance > 0.2 {
		t.Errorf("near %s (%.2f), far %s (%.2f)", near, sure, far, chance)
	}
	if key, p := topics.Match("?!"); key != "" || p != 0 {
		t.Errorf("a text without words is %q (%.2f)", key, p)
	}
	none, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if key, p := none.Match("boat"); key != "" || p != 0 {
		t.Errorf("without topics: %q (%.2f)", key, p)
	}
}
