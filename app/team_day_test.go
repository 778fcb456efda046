package app_test

import (
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
)

func TestTheDayOfATeam(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-14 09:00"), "Salom")
	w.Say(-1, 5, apptest.At("2026-09-14 10:00"), "Narxi qancha?")
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-14 10:10"), "45 ming")
	w.Say(-1, 5, apptest.At("2026-09-15 11:00"), "Yetkazish bormi?")
	w.Say(-2, apptest.MalikaTelegram, apptest.At("2026-09-15 09:00"), "Salom")
	w.Say(-2, 6, apptest.At("2026-09-15 11:00"), "Narxi qancha?")
	w.Say(-2, apptest.MalikaTelegram, apptest.At("2026-09-15 11:05"), "45 ming")
	mustExec(t, w, `INSERT INTO punches (user_id, source, external_id, at, offset_seconds, direction, received_at) VALUES ($1, 'telegram', 'a', $2, 18000, 'IN', now())`,
		w.ID(apptest.Jasur), apptest.At("2026-09-15 08:55"))
	mustExec(t, w, `INSERT INTO punches (user_id, source, external_id, at, offset_seconds, direction, received_at) VALUES ($1, 'telegram', 'b', $2, 18000, 'IN', now()), ($1, 'telegram', 'c', $3, 18000, 'OUT', now())`,
		w.ID(apptest.Malika), apptest.At("2026-09-15 08:50"), apptest.At("2026-09-15 11:30"))
	day, err := w.App.TeamDay(w.As(apptest.Aziza), app.TeamDayInput{})
	if err != nil {
		t.Fatal(err)
	}
	if day.Team.Name != "Support" || !day.Today || len(day.Teams) != 1 || day.Total.Waits != 2 || day.Total.Answered != 1 || day.Open != 1 || len(day.People) != 3 {
		t.Fatalf("today: %+v", day)
	}
	aziza, jasur, malika := day.People[0], day.People[1], day.People[2]
	if aziza.Stats.Waits != 0 || jasur.Stats.Waits != 1 || jasur.Open != 1 || malika.Stats.Within != 1 || malika.Open != 0 {
		t.Errorf("people: %+v", day.People)
	}
	if aziza.Since != nil || jasur.Since == nil || !jasur.Since.Equal(apptest.At("2026-09-15 08:55")) || malika.Since != nil {
		t.Errorf("at work since %v, %v, %v", aziza.Since, jasur.Since, malika.Since)
	}
	for _, p := range day.People {
		alone, err := w.App.ResponseStats(w.As(apptest.Aziza), app.ResponseStatsInput{Person: &p.UserID, Period: "2026-09-15"})
		if err != nil || alone != p.Stats {
			t.Errorf("%s: %+v alone, %+v in the team, %v", p.Name, alone, p.Stats, err)
		}
	}
	yesterday, err := w.App.TeamDay(w.As(apptest.Aziza), app.TeamDayInput{Team: day.Team.ID, Day: apptest.Day("2026-09-14")})
	if err != nil || yesterday.Today || yesterday.Total.Waits != 1 || yesterday.People[1].Stats.Answered != 1 || yesterday.People[1].Since != nil {
		t.Errorf("yesterday: %+v, %v", yesterday, err)
	}
	for who, c := range map[string]struct {
		in   app.TeamDayInput
		kind domain.Kind
	}{
		apptest.Sardor: {app.TeamDayInput{Team: day.Team.ID}, domain.KindNotFound},
		apptest.Jasur:  {app.TeamDayInput{Team: day.Team.ID}, domain.KindDenied},
		apptest.Botir:  {app.TeamDayInput{Team: day.Team.ID}, ""},
		apptest.Aziza:  {app.TeamDayInput{Day: apptest.Day("2026-09-16")}, domain.KindInvalid},
	} {
		if _, err := w.App.TeamDay(w.As(who), c.in); domain.KindOf(err) != c.kind {
			t.Errorf("%s: %v", who, err)
		}
	}
	all, err := w.App.TeamDay(w.As(apptest.Botir), app.TeamDayInput{})
	if err != nil || len(all.Teams) != 2 || all.Team.Name != "Sales" {
		t.Errorf("an admin: %+v, %v", all, err)
	}
}

func dueDigests(t *testing.T, w *apptest.World, at string) map[int64]string {
	t.Helper()
	w.Clock.Set(apptest.At(at))
	due, err := w.App.DueDigests(w.System("telegram"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[int64]string{}
	for _, d := range due {
		out[d.TelegramID] = d.Key
	}
	return out
}

func TestDigestsAreDueInTheMorningOfWorkingDays(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	mustExec(t, w, `UPDATE employments SET telegram_id = 100007 WHERE email = $1`, apptest.Botir)
	mustExec(t, w, `UPDATE employments SET mute = '22:00-10:30' WHERE email = $1`, apptest.Sardor)
	for at, want := range map[string]int{
		"2026-09-15 08:59": 0, "2026-09-15 09:00": 2, "2026-09-15 10:30": 3, "2026-09-15 11:59": 3, "2026-09-15 12:00": 1, "2026-09-15 13:30": 0,
		"2026-09-13 09:30": 0, // a Sunday
		"2026-09-01 09:30": 0, // a holiday
	} {
		if due := dueDigests(t, w, at); len(due) != want {
			t.Errorf("at %s to %v", at, due)
		}
	}
	due := dueDigests(t, w, "2026-09-15 09:00")
	if due[apptest.AzizaTelegram] == "" || due[apptest.JasurTelegram] != "" {
		t.Errorf("due to %v", due)
	}
	if _, err := w.App.Send(w.System("telegram"), app.OutgoingInput{Key: due[apptest.AzizaTelegram], Chat: apptest.AzizaTelegram, Method: "sendMessage", Params: []byte(`{"text":"x"}`)}); err != nil {
		t.Fatal(err)
	}
	if again := dueDigests(t, w, "2026-09-15 09:01"); again[apptest.AzizaTelegram] != "" || len(again) != 1 {
		t.Errorf("due again to %v", again)
	}
	mustExec(t, w, `UPDATE companies SET digest_at = ''`)
	if due := dueDigests(t, w, "2026-09-15 09:00"); len(due) != 0 {
		t.Errorf("due to %v where nobody wants them", due)
	}
}

func TestADigestIsOfWhatItsReaderMaySee(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	speak(w)
	w.Clock.Set(apptest.At("2026-09-14 12:00"))
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-14 09:00"), "Salom")
	w.Say(-1, 5, apptest.At("2026-09-14 10:00"), "Narxi qancha?")
	w.Say(-2, apptest.DilyaTelegram, apptest.At("2026-09-14 10:00"), "Salom")
	w.Clock.Set(apptest.At("2026-09-15 09:00"))
	mustExec(t, w, `INSERT INTO telegram_bots (bot_id, username, series, created_at) VALUES (1, 'b', 1, now())`)
	mustExec(t, w, `INSERT INTO telegram_updates (bot_id, series, update_id, lane, body, state, attempts, fault, received_at) SELECT id, 1, 1, 0, 'x', 'ASIDE', 1, '', now() FROM telegram_bots`)
	mustExec(t, w, `UPDATE river_job SET created_at = $1`, apptest.At("2026-09-15 08:00"))
	hers, err := w.App.Digest(w.As(apptest.Aziza))
	if err != nil || len(hers.Teams) != 1 || hers.Last != apptest.Day("2026-09-14") || hers.Teams[0].Stats.Waits != 1 || hers.Teams[0].Open != 1 || hers.Teams[0].Past != 1 {
		t.Fatalf("a supervisor's: %+v, %v", hers, err)
	}
	if hers.Aside != 0 || hers.Stuck != nil || hers.Failures != nil {
		t.Errorf("a supervisor sees to the machines: %+v", hers)
	}
	his, err := w.App.Digest(w.As(apptest.Botir))
	if err != nil || len(his.Teams) != 2 || his.Aside != 1 || len(his.Stuck) == 0 {
		t.Errorf("an admin's: %+v, %v", his, err)
	}
	w.RunJobs()
	his, err = w.App.Digest(w.As(apptest.Botir))
	if err != nil || his.Stuck != nil || his.Reviews != 4 {
		t.Errorf("an admin's once all is judged: %+v, %v", his, err)
	}
	if _, err := w.App.Digest(w.As(apptest.Jasur)); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("an employee: %v", err)
	}
	w.Clock.Set(apptest.At("2026-09-14 09:00")) // a Monday
	if hers, err := w.App.Digest(w.As(apptest.Aziza)); err != nil || hers.Last.Weekday() != time.Saturday {
		t.Errorf("on Monday it is of %v, %v", hers.Last, err)
	}
}

func TestTheBotWritesInChatsOnlyIfTheCompanyWants(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	send := func(key string, chat int64) error {
		_, err := w.App.Send(w.System("telegram"), app.OutgoingInput{Key: key, Chat: chat, Method: "sendMessage", Params: []byte(`{"text":"x"}`)})
		return err
	}
	if err := send("a", -100); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("into a group: %v", err)
	}
	if err := w.App.MayWriteInChats(w.As(apptest.Jasur)); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("asked: %v", err)
	}
	if err := send("b", apptest.JasurTelegram); err != nil {
		t.Errorf("to a person: %v", err)
	}
	mustExec(t, w, `UPDATE companies SET writes_in_chats = true`)
	if err := send("a", -100); err != nil {
		t.Errorf("into a group that wants it: %v", err)
	}
	if err := w.App.MayWriteInChats(w.As(apptest.Jasur)); err != nil {
		t.Errorf("asked: %v", err)
	}
}
