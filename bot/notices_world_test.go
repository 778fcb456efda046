package bot

import (
	"strings"
	"testing"

	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/bot/bottest"
)

// A wait from the customer's words to the answer, over Telegram: the notice comes, is taken, and is changed for both who got it.
func TestANoticeOverTelegram(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	aziza := w.telegram.User(apptest.AzizaTelegram, "Aziza", "", "", "uz").Known()
	jasur := w.telegram.User(apptest.JasurTelegram, "Jasur", "", "", "uz").Known()
	customer := w.telegram.User(555001, "Olim", "", "", "uz")
	chat := w.telegram.Supergroup(-1001234567890, "Bahor savdo", aziza, jasur, customer)
	w.Clock.Set(apptest.At("2026-09-15 11:50"))
	w.run()
	jasur.Says(chat, "Salom!")
	w.Clock.Set(apptest.At("2026-09-15 11:55"))
	customer.Says(chat, "Narxi qancha?")
	w.settled()
	w.Clock.Set(apptest.At("2026-09-15 12:06"))
	customer.Says(chat, "Bormisiz?") // which changes the wait, and so has somebody look
	ctx := t.Context()
	near := func(s bottest.Said) bool { return strings.Contains(s.Text, "Muddat 12:10 da tugaydi") }
	hers, his := aziza.Chat().Until(ctx, near), jasur.Chat().Until(ctx, near)
	if !strings.Contains(hers.Text, "Narxi qancha?") || !strings.Contains(his.Text, "Bahor savdo") {
		t.Errorf("the notices are %q and %q", hers.Text, his.Text)
	}
	w.until("the notices count as sent", func() bool {
		return w.count(`SELECT count(*) FROM outgoings WHERE key LIKE 'wait:%' AND state = 'SENT'`) == 2
	})
	if toast := w.telegram.Answered(ctx, aziza.PressesData(aziza.Chat(), "take:")); !strings.Contains(toast.Text, "Zimmangizga oldingiz") {
		t.Errorf("the toast is %q", toast.Text)
	}
	his = jasur.Chat().Until(ctx, func(s bottest.Said) bool { return s.Edited })
	if !strings.Contains(his.Text, "Aziza Karimova oʻz zimmasiga oldi") {
		t.Errorf("he reads %q", his.Text)
	}
	w.Clock.Set(apptest.At("2026-09-15 12:07"))
	aziza.Says(chat, "45 ming")
	answered := func(s bottest.Said) bool { return s.Edited && strings.Contains(s.Text, "javob berdi") }
	hers, his = aziza.Chat().Until(ctx, answered), jasur.Chat().Until(ctx, answered)
	if !strings.Contains(hers.Text, "Siz 12 daqiqadan keyin") || !strings.Contains(his.Text, "Aziza Karimova 12 daqiqadan keyin") {
		t.Errorf("they read %q and %q", hers.Text, his.Text)
	}
	for _, s := range chat.Said() {
		t.Errorf("the customer's chat reads %q", s.Text)
	}
	w.until("all is sent", func() bool {
		return w.count(`SELECT count(*) FROM outgoings WHERE state IN ('QUEUED', 'SENDING')`) == 0
	})
	if n := w.count(`SELECT count(*) FROM outgoings WHERE key LIKE 'wait:%' AND state <> 'SENT'`); n != 0 {
		t.Errorf("%d were not sent", n)
	}
}
