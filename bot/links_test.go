package bot

import (
	"testing"

	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/chat"
)

func TestChatLink(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind            chat.Kind
		id              int64
		message, thread int64
		want            string
	}{
		{chat.KindSupergroup, -1001234567890, 42, 0, "https://t.me/c/1234567890/42"},
		{chat.KindSupergroup, -1001234567890, 42, 7, "https://t.me/c/1234567890/7/42"},
		{chat.KindSupergroup, -1001234567890, 0, 0, "https://t.me/c/1234567890/1"},
		{chat.KindSupergroup, -1001234567890, -999999993, 0, "https://t.me/c/1234567890/1"},
		{chat.KindChannel, -1001234567890, 5, 0, "https://t.me/c/1234567890/5"},
		{chat.KindPrivate, 5551, 42, 0, "tg://user?id=5551"},
		{chat.KindGroup, -4242, 42, 0, ""},
		{chat.KindSupergroup, -4242, 42, 0, ""},
	} {
		if got := chatLink(&gen.Chat{Kind: c.kind, TelegramID: c.id}, c.message, c.thread); got != c.want {
			t.Errorf("%s %d: got %q, want %q", c.kind, c.id, got, c.want)
		}
	}
	if got := linked(`<Ali & Co>`, "https://t.me/c/1/2"); got != `<a href="https://t.me/c/1/2">&lt;Ali &amp; Co&gt;</a>` {
		t.Errorf("got %s", got)
	}
	if got := linked("Ali", ""); got != "Ali" {
		t.Errorf("got %s", got)
	}
}
