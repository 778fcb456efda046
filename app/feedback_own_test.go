package app_test

import (
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
)

// Whoever answers customers has figures that these words make: somebody else judges them, even if she supervises the chat.
func TestNobodyJudgesTheirOwnCustomers(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Say(-1, 5, apptest.At("2026-09-15 10:00"), "Narxi qancha?")
	w.Say(-1, apptest.AzizaTelegram, apptest.At("2026-09-15 10:02"), "45 ming")
	w.Say(-1, 5, apptest.At("2026-09-15 10:03"), "Rahmat")
	w.Say(-2, apptest.AzizaTelegram, apptest.At("2026-09-10 10:00"), "Salom")
	w.Say(-2, apptest.JasurTelegram, apptest.At("2026-09-14 10:00"), "Salom")
	w.Say(-2, 6, apptest.At("2026-09-15 10:00"), "Yetkazish bormi?")
	w.RunJobs()
	for text, kind := range map[string]domain.Kind{"Narxi qancha?": domain.KindDenied, "Rahmat": domain.KindDenied, "Yetkazish bormi?": ""} {
		in := app.GiveFeedbackInput{AnalysisID: analysisOf(w, "SENTIMENT", text), Label: label("positive")}
		if _, err := w.App.GiveFeedback(w.As(apptest.Aziza), in); domain.KindOf(err) != kind {
			t.Errorf("%s: %v", text, err)
		}
		if _, err := w.App.GiveFeedback(w.As(apptest.Botir), in); err != nil {
			t.Errorf("%s, by an admin: %v", text, err)
		}
	}
}
