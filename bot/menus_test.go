package bot

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fincokpi/finco/app/apptest"
)

// menuServer is the part of the Bot API that keeps menus.
type menuServer struct {
	mu    sync.Mutex
	menus map[string][]string // scope and language → commands
	calls int
	// absent are chats that Telegram does not know.
	absent map[int64]bool
}

func (s *menuServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	var scope struct {
		Type string `json:"type"`
		Chat int64  `json:"chat_id"`
	}
	if err := json.Unmarshal([]byte(r.FormValue("scope")), &scope); err != nil {
		http.Error(w, `{"ok":false,"error_code":400,"description":"Bad Request: no scope"}`, http.StatusBadRequest)
		return
	}
	if s.absent[scope.Chat] {
		http.Error(w, `{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}`, http.StatusBadRequest)
		return
	}
	key := scope.Type + r.FormValue("language_code")
	if scope.Chat != 0 {
		key = fmt.Sprint(scope.Chat)
	}
	delete(s.menus, key)
	if path.Base(r.URL.Path) == "setMyCommands" {
		var list []struct{ Command, Description string }
		_ = json.Unmarshal([]byte(r.FormValue("commands")), &list)
		s.menus[key] = []string{}
		for _, c := range list {
			s.menus[key] = append(s.menus[key], c.Command+": "+c.Description)
		}
	}
	_, _ = w.Write([]byte(`{"ok":true,"result":true}`))
}

func (s *menuServer) of(key string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.menus[key]
}

func (s *menuServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func TestMenusAreThoseOfTheRoleAndLanguageAndSetOnce(t *testing.T) {
	t.Parallel()
	telegram := &menuServer{menus: map[string][]string{"default": {"old"}}, absent: map[int64]bool{apptest.DilyaTelegram: true}}
	server := httptest.NewServer(telegram)
	t.Cleanup(server.Close)
	d := newDeskAt(t, server.URL)
	m := menuKeeper{bot: d.bot, refused: map[int]refusedMenu{}}
	ctx := d.System("telegram")
	d.must(m.keep(ctx))
	jasur, botir := fmt.Sprint(apptest.JasurTelegram), fmt.Sprint(botirTelegram)
	if !slices.Contains(telegram.of(botir), "invite: "+plain(d.in("uz", "command.invite"))) || slices.Contains(telegram.of(jasur), "invite: "+plain(d.in("uz", "command.invite"))) {
		t.Errorf("the admin's: %q, the employee's: %q", telegram.of(botir), telegram.of(jasur))
	}
	if got := telegram.of("all_private_chatsru"); len(got) != 2 || got[0] != "start: "+plain(d.in("ru", "command.start")) {
		t.Errorf("strangers': %q", got)
	}
	if telegram.of("default") != nil {
		t.Error("groups show a menu")
	}
	before := telegram.count()
	d.must(m.keep(ctx))
	if n := telegram.count() - before; n != 0 {
		t.Errorf("%d calls without a change", n)
	}
	d.press(apptest.JasurTelegram, "language:ru", 1)
	d.must(d.App.BlockUser(d.Operator(), apptest.Malika))
	d.must(d.App.DisconnectTelegram(d.Operator(), apptest.Sardor))
	d.must(m.keep(ctx))
	if got := telegram.of(jasur); !slices.Contains(got, "language: "+plain(d.in("ru", "command.language"))) {
		t.Errorf("after the change of language: %q", got)
	}
	if telegram.of(fmt.Sprint(apptest.MalikaTelegram)) != nil || telegram.of(fmt.Sprint(apptest.SardorTelegram)) != nil {
		t.Error("those who left still have a menu")
	}
	if n := telegram.count() - before; n != 3 {
		t.Errorf("%d calls for three changes", n)
	}
	d.Clock.Advance(11 * time.Minute)
	telegram.mu.Lock()
	telegram.absent = nil
	telegram.mu.Unlock()
	d.must(m.keep(ctx))
	if telegram.of(fmt.Sprint(apptest.DilyaTelegram)) == nil {
		t.Error("who could not be reached then has no menu now")
	}
}
