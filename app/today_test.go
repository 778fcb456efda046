package app_test

import (
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain/schedule"
	"github.com/fincokpi/finco/ent/gen/punch"
)

func TestMyDaySaysWhoWaitsAndHowLongIsLeft(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Say(-1, 501, apptest.At("2026-09-14 09:00"), "Salom")
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-14 09:05"), "Salom")
	w.Say(-1, 501, apptest.At("2026-09-15 11:50"), "Narxi?")
	w.Say(-2, 502, apptest.At("2026-09-14 17:50"), "Bormi?") // nobody's: of the company's first team
	w.RunJobs()
	day, err := w.App.MyDay(w.As(apptest.Jasur), 0)
	if err != nil || day.Total != 1 || len(day.Waits) != 1 || day.Waits[0].Left != 5*time.Minute || day.Waits[0].Words.Text != "Narxi?" || day.Waits[0].Past {
		t.Fatalf("Jasur's: %+v, %v", day, err)
	}
	if !day.Scheduled || day.Day.String() != "2026-09-15" || len(day.Shift) != 2 || !day.Shift[1].To.Equal(apptest.At("2026-09-15 18:00")) ||
		len(day.Next) != 2 || !day.Next[0].From.Equal(apptest.At("2026-09-16 09:00")) {
		t.Errorf("the hours: %+v", day)
	}
	w.Clock.Set(apptest.At("2026-09-15 14:03"))
	if day, err = w.App.MyDay(w.As(apptest.Jasur), 0); err != nil || day.Waits[0].Left != -58*time.Minute || !day.Waits[0].Past {
		t.Errorf("after lunch: %+v, %v", day.Waits, err)
	}
	if day, err = w.App.MyDay(w.As(apptest.Aziza), 0); err != nil || day.Total != 1 || day.Waits[0].Edges.Chat.TelegramID != -2 {
		t.Errorf("the supervisor sees what is nobody's of the team: %+v, %v", day, err)
	}
	if day, err = w.App.MyDay(w.As(apptest.Malika), 0); err != nil || day.Total != 0 {
		t.Errorf("who may not see a chat sees no wait of it: %+v, %v", day, err)
	}
	if day, err = w.App.MyDay(w.As(apptest.Botir), 0); err != nil || day.Scheduled || day.Shift != nil || day.Next != nil {
		t.Errorf("without hours: %+v, %v", day, err)
	}
}

func TestMyDayIsTheShiftThatOneIsIn(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	company := apptest.ExampleCompany()
	night, err := schedule.New("", map[string][]string{"mon-fri": {"22:00-06:00"}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	company.Schedules[0].Hours = *night
	w.Apply(company)
	jasur := w.As(apptest.Jasur)
	w.Clock.Set(apptest.At("2026-09-15 22:01"))
	if _, err := w.App.Punch(jasur, app.PunchInput{Source: "telegram", ExternalID: "1", Direction: punch.DirectionComing}); err != nil {
		t.Fatal(err)
	}
	for now, want := range map[string]struct {
		day     string
		punches int
	}{
		"2026-09-15 17:59": {"2026-09-14", 0}, "2026-09-15 18:00": {"2026-09-15", 1}, "2026-09-16 03:00": {"2026-09-15", 1},
		"2026-09-16 18:00": {"2026-09-16", 0}, "2026-09-20 03:59": {"2026-09-19", 0}, "2026-09-20 04:00": {"2026-09-20", 0},
	} {
		w.Clock.Set(apptest.At(now))
		day, err := w.App.MyDay(jasur, 0)
		if err != nil || day.Day.String() != want.day || len(day.Punches) != want.punches {
			t.Errorf("%s: %s with %d punches, %v", now, day.Day, len(day.Punches), err)
		}
	}
}
