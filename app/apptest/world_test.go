package apptest_test

import (
	"testing"

	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/plugins/analyzer"
)

func TestAMessageGoesTheWholeWay(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Analyzers.Default("sentiment", apptest.Label(analyzer.Sentiment, "neutral", "uz-Latn"))
	w.Say(-1001, 5, apptest.At("2026-09-15 10:00"), "Narxi qancha?")
	w.Say(-1001, apptest.JasurTelegram, apptest.At("2026-09-15 10:05"), "50 ming so'm")
	if w.RunJobs() == 0 {
		t.Error("nothing was queued")
	}
	waits, err := w.App.Client().Wait.Query().All(w.As(apptest.Jasur))
	if err != nil || len(waits) != 1 || waits[0].State != "WITHIN" || *waits[0].BusinessSeconds != 300 {
		t.Errorf("got %v, %v", waits, err)
	}
}
