package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fincokpi/finco/plugins/textmodel"
)

func TestExp(t *testing.T) {
	root := "/work/shared/data"
	ex, _, err := loadTopic(root)
	if err != nil {
		t.Fatal(err)
	}
	run := func(name string, spec textmodel.Spec, auxW float64) {
		st := time.Now()
		var e2 []textmodel.Example
		for _, e := range ex {
			if e.Auxiliary {
				if auxW == 0 {
					continue
				}
				e.Weight = auxW
			} else {
				e.Weight = 1
			}
			e2 = append(e2, e)
		}
		p, err := textmodel.CrossPredict(context.Background(), spec, e2, 5)
		if err != nil {
			t.Fatal(err)
		}
		r := textmodel.Compare(e2, p, nil)
		fmt.Printf("%-30s aux %.2f acc %.3f f1 %.3f ece %.3f %.1fs\n", name, auxW, r.Accuracy, r.MacroF1, r.ECE, time.Since(st).Seconds())
		for part := range 3 {
			r := textmodel.Compare(e2, p, func(e textmodel.Example) bool { return e.Group/groupsPerLanguage == part })
			fmt.Printf("  %.3f/%.3f", r.Accuracy, r.MacroF1)
		}
		fmt.Println()
	}
	b := textmodel.DefaultSpec()
	b.Epochs = 15
	b.Cost = 0.4
	b.MinCount = 1
	b.Marks = false
	run("nomarks", b, 0)
	b.Marks = true
	b.Lexicons = []string{"topic"}
	run("lex", b, 0)
	for _, w := range []float64{0.1, 0.2, 0.5} {
		b.MarkWeight = w
		run(fmt.Sprint("lex mw ", w), b, 0)
	}
	b.MarkWeight = 0.3
	b.Other = "other"
	run("lex other", b, 0)
	b.Bits = 15
	run("lex other", b, 0)
}
