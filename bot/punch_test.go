package bot

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app/apptest"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// punches are those of the desk as "direction time", in order of being noted.
func (d *desk) punches() string {
	d.t.Helper()
	var out string
	d.One(`SELECT COALESCE(string_agg(direction || ' ' || to_char(at AT TIME ZONE 'Asia/Tashkent', 'HH24:MI:SS'), ', ' ORDER BY id), '') FROM punches`, nil, &out)
	return out
}

func TestChecksInAndOutOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Clock.Set(apptest.At("2026-09-15 09:02"))
	if got := one(t, d.write(apptest.JasurTelegram, "/checkin")); got.Text != "➡️ Yozildi: 15-sentabr, 09:02 — ishga keldingiz." || got.Buttons[0].Data != "today:0" {
		t.Errorf("got %q", got.Text)
	}
	d.Clock.Advance(30 * time.Second)
	if got := one(t, d.press(apptest.JasurTelegram, "punch:in", 9)); got.Text != "Kelganingiz allaqachon yozilgan: 15-sentabr, 09:02. Ikkinchi marta yozilmadi." {
		t.Errorf("a second press: %q", got.Text)
	}
	d.Clock.Set(apptest.At("2026-09-15 18:00:07"))
	if got := one(t, d.press(apptest.JasurTelegram, "punch:out", 9)); !strings.Contains(got.Text, "18:00 — ishdan ketdingiz") {
		t.Errorf("got %q", got.Text)
	}
	if got := d.punches(); got != "IN 09:02:00, OUT 18:00:07" {
		t.Errorf("punches: %s", got)
	}
	if got := one(t, d.write(apptest.JasurTelegram, "/today")); !strings.Contains(got.Text, "➡️ 09:02 keldingiz · ⬅️ 18:00 ketdingiz") {
		t.Errorf("today:\n%s", got.Text)
	}
}

func TestAPunchHandledAgainAfterARestartIsSaidAsNew(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	sender := user(apptest.JasurTelegram)
	row, u := d.store(&models.Update{Message: &models.Message{
		ID: 5, From: &sender, Date: int(d.Clock.Now().Unix()), Chat: models.Chat{ID: sender.ID, Type: models.ChatTypePrivate}, Text: "/checkin",
	}})
	first := one(t, d.handle(row, u))
	if _, err := d.DB.Exec(`DELETE FROM outgoings; UPDATE telegram_updates SET state = 'NEW', handled_at = NULL`); err != nil {
		t.Fatal(err)
	}
	d.Clock.Advance(time.Hour)
	if again := one(t, d.handle(row, u)); again.Text != first.Text || again.Key != first.Key {
		t.Errorf("first %q, then %q", first.Text, again.Text)
	}
	if got := d.punches(); got != "IN 12:00:00" {
		t.Errorf("punches: %s", got)
	}
}

func TestAPunchAsksForThePlace(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if _, err := d.Database.OwnerPool(t).Exec(`UPDATE schedules SET asks_location = true`); err != nil {
		t.Fatal(err)
	}
	here := &models.Location{Latitude: 41.31, Longitude: 69.24, HorizontalAccuracy: 15}
	asks := one(t, d.press(apptest.JasurTelegram, "punch:in", 9))
	if keyboard, _ := asks.Params["reply_markup"].(map[string]any); !strings.Contains(asks.Text, "joyingizni yuboring") || keyboard["keyboard"] == nil {
		t.Fatalf("got %+v", asks)
	}
	for name, change := range map[string]func(*models.Message){
		"words": func(m *models.Message) { m.Text = "shu yerdaman" },
		"forwarded": func(m *models.Message) {
			m.Location, m.ForwardOrigin = here, &models.MessageOrigin{Type: models.MessageOriginTypeHiddenUser, MessageOriginHiddenUser: &models.MessageOriginHiddenUser{SenderUserName: "x"}}
		},
		"a venue": func(m *models.Message) { m.Location, m.Venue = here, &models.Venue{Location: *here, Title: "Ofis"} },
	} {
		if got := one(t, d.send(apptest.JasurTelegram, change)); got.Params["reply_markup"] == nil || d.punches() != "" {
			t.Errorf("%s: %+v, %s", name, got, d.punches())
		}
	}
	d.Clock.Advance(time.Minute)
	done := one(t, d.send(apptest.JasurTelegram, func(m *models.Message) { m.Location = here }))
	if keyboard, _ := done.Params["reply_markup"].(map[string]any); !strings.Contains(done.Text, "12:01 — ishga keldingiz") || keyboard["remove_keyboard"] != true {
		t.Errorf("got %+v", done)
	}
	var at string
	d.One(`SELECT concat_ws(' ', latitude, longitude, accuracy_meters) FROM punches`, nil, &at)
	if at != "41.31 69.24 15" {
		t.Errorf("the place: %s", at)
	}
	if got := one(t, d.send(apptest.JasurTelegram, func(m *models.Message) { m.Location = here })); strings.Contains(got.Text, "Yozildi") {
		t.Errorf("a place that nobody asked for: %q", got.Text)
	}
}

func TestAPunchWaitsForThePlaceOnlySoLong(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if _, err := d.Database.OwnerPool(t).Exec(`UPDATE schedules SET asks_location = true`); err != nil {
		t.Fatal(err)
	}
	d.write(apptest.JasurTelegram, "/checkout")
	if got := one(t, d.write(apptest.JasurTelegram, "Bekor qilish")); got.Text != "Bekor qilindi." {
		t.Errorf("got %q", got.Text)
	}
	d.write(apptest.JasurTelegram, "/checkout")
	d.Clock.Advance(31 * time.Minute)
	got := one(t, d.send(apptest.JasurTelegram, func(m *models.Message) { m.Location = &models.Location{Latitude: 41, Longitude: 69} }))
	if !strings.Contains(got.Text, "hech narsa yozilmadi") || d.punches() != "" {
		t.Errorf("got %q, %s", got.Text, d.punches())
	}
}

func TestAPressHandledLateIsOfWhenItCame(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	row, u := d.store(&models.Update{CallbackQuery: &models.CallbackQuery{ID: "1", From: user(apptest.JasurTelegram), Data: "punch:in"}})
	if _, err := d.DB.Exec(`UPDATE telegram_updates SET received_at = $1`, apptest.At("2026-09-15 08:58:30")); err != nil {
		t.Fatal(err)
	}
	if got := one(t, d.handle(row, u)); !strings.Contains(got.Text, "15-sentabr, 08:58") || d.punches() != "IN 08:58:30" {
		t.Errorf("got %q, %s", got.Text, d.punches())
	}
}

func TestAPlaceThatNobodyAsksForAnyMore(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if _, err := d.Database.OwnerPool(t).Exec(`UPDATE schedules SET asks_location = true`); err != nil {
		t.Fatal(err)
	}
	place := func(m *models.Message) { m.Location = &models.Location{Latitude: 41, Longitude: 69} }
	removed := func(got said) bool {
		keyboard, _ := got.Params["reply_markup"].(map[string]any)
		return keyboard["remove_keyboard"] == true
	}
	d.write(apptest.JasurTelegram, "/checkin")
	d.write(apptest.JasurTelegram, "/open")
	if got := one(t, d.send(apptest.JasurTelegram, place)); !strings.Contains(got.Text, "hech narsa yozilmadi") || !removed(got) {
		t.Errorf("after another command: %+v", got)
	}
	d.write(apptest.JasurTelegram, "/checkin")
	d.write(apptest.JasurTelegram, "/open")
	if got := one(t, d.write(apptest.JasurTelegram, "Bekor qilish")); got.Text != "Bekor qilindi." || !removed(got) {
		t.Errorf("cancelled after another command: %+v", got)
	}
	d.write(apptest.JasurTelegram, "/checkin")
	if got := one(t, d.send(apptest.JasurTelegram, place)); !strings.Contains(got.Text, "12:00 — ishga keldingiz") {
		t.Fatalf("got %q", got.Text)
	}
	d.Clock.Advance(30 * time.Second)
	for name, got := range map[string][]said{"typed": d.write(apptest.JasurTelegram, "/checkin"), "pressed": d.press(apptest.JasurTelegram, "punch:in", 9)} {
		if got := one(t, got); got.Text != "Kelganingiz allaqachon yozilgan: 15-sentabr, 12:00. Ikkinchi marta yozilmadi." {
			t.Errorf("%s at once again: %q", name, got.Text)
		}
	}
	d.Clock.Advance(time.Hour)
	if got := one(t, d.write(apptest.JasurTelegram, "/checkin")); !strings.Contains(got.Text, "joyingizni yuboring") {
		t.Errorf("an hour later: %q", got.Text)
	}
	if got := d.punches(); got != "IN 12:00:00" {
		t.Errorf("punches: %s", got)
	}
}
