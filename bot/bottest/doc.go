// Package bottest is a Bot API server for tests, with people who write to the bot.
//
// It answers on the loopback only, keeps to the published types (what it emits is made of go-telegram/bot/models) and refuses what
// Telegram refuses, in Telegram's words. What it cannot know better than its makers, such as how exactly Telegram counts its limits,
// it does more strictly.
//
//	tg := bottest.Start(t)
//	jasur := tg.User(100002, "Jasur", "Toshev", "jasur", "uz")
//	shop := tg.Supergroup(-1001234567890, "Shop", jasur)
//	jasur.Says(jasur.Chat(), "/start")
//	said := jasur.Chat().Next(t.Context()) // waits for the bot's next message or edit
//	jasur.Presses(jasur.Chat(), "Bugun")
//
// What goes wrong is asked for: Fail (a code, a cut connection before or after the effect, another body, an answer held back), Storm
// (429 for everything), Hold and Release (updates late, in another order, twice), Push (an update that nobody can read), SetNextUpdate (ids
// that begin anew), WithLimits (Telegram's limits, counted strictly).
//
// Nothing in it sleeps: what waits is woken by what it waits for. All of it may be used by several goroutines at once.
package bottest
