package bottest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/bot/bottest"
)

// reply is what a server answers.
type reply struct {
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	Code        int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		RetryAfter int   `json:"retry_after"`
		MigrateTo  int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
}

// call asks a server with a form, as telegram-test-api wants it.
func call(t testing.TB, s *bottest.Server, method string, pairs ...string) reply {
	t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	response, err := http.PostForm(s.URL+"/bot"+s.Token+"/"+method, form)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var out reply
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func updates(t testing.TB, s *bottest.Server, pairs ...string) []models.Update {
	t.Helper()
	answer := call(t, s, "getUpdates", pairs...)
	var out []models.Update
	if err := json.Unmarshal(answer.Result, &out); err != nil {
		t.Fatalf("%v: %+v", err, answer)
	}
	return out
}

// What Telegram refuses is refused in its words.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := bottest.Start(t)
	ann := s.User(7000, "Ann", "", "ann", "en").Known()
	s.User(7001, "Bob", "", "", "en")
	s.User(7002, "Cat", "", "", "en").Known().Blocks()
	s.User(7003, "Don", "", "", "en").Known().Deleted()
	group := s.Group(-50, "Group", ann)
	old := s.Group(-51, "Old", ann)
	ann.Migrates(old, -1000000000051)
	ann.RemovesBot(s.Group(-52, "Out", ann))
	hers := ann.Says(ann.Chat(), "hello")
	call(t, s, "sendMessage", "chat_id", "7000", "text", "<b>mine</b>", "parse_mode", "HTML")

	inline := func(button string) string { return `{"inline_keyboard":[[` + button + `]]}` }
	for name, c := range map[string]struct {
		method string
		pairs  []string
		code   int
		want   string
	}{
		"empty":           {"sendMessage", []string{"chat_id", "7000", "text", ""}, 400, "Bad Request: message text is empty"},
		"only tags":       {"sendMessage", []string{"chat_id", "7000", "text", "<b> </b>", "parse_mode", "HTML"}, 400, "Bad Request: message text is empty"},
		"too long":        {"sendMessage", []string{"chat_id", "7000", "text", strings.Repeat("ў", 4097)}, 400, "Bad Request: message is too long"},
		"too long emoji":  {"sendMessage", []string{"chat_id", "7000", "text", strings.Repeat("😀", 2049)}, 400, "Bad Request: message is too long"},
		"unknown tag":     {"sendMessage", []string{"chat_id", "7000", "text", "a <p>b</p>", "parse_mode", "HTML"}, 400, `Bad Request: can't parse entities: Unsupported start tag "p" at byte offset 2`},
		"open tag":        {"sendMessage", []string{"chat_id", "7000", "text", "<b>a", "parse_mode", "HTML"}, 400, `Bad Request: can't parse entities: Can't find end tag corresponding to start tag "b"`},
		"crossed tags":    {"sendMessage", []string{"chat_id", "7000", "text", "<b><i>a</b></i>", "parse_mode", "HTML"}, 400, `Bad Request: can't parse entities: Unmatched end tag at byte offset 7, expected "</i>", found "</b>"`},
		"less than":       {"sendMessage", []string{"chat_id", "7000", "text", "1 < 2", "parse_mode", "HTML"}, 400, `Bad Request: can't parse entities: Unsupported start tag "" at byte offset 2`},
		"stray end":       {"sendMessage", []string{"chat_id", "7000", "text", "a</b>", "parse_mode", "HTML"}, 400, "Bad Request: can't parse entities: Unexpected end tag at byte offset 1"},
		"nobody":          {"sendMessage", []string{"chat_id", "99", "text", "a"}, 400, "Bad Request: chat not found"},
		"no chat":         {"sendMessage", []string{"text", "a"}, 400, "Bad Request: chat_id is empty"},
		"never started":   {"sendMessage", []string{"chat_id", "7001", "text", "a"}, 403, "Forbidden: bot can't initiate conversation with a user"},
		"blocked":         {"sendMessage", []string{"chat_id", "7002", "text", "a"}, 403, "Forbidden: bot was blocked by the user"},
		"gone":            {"sendMessage", []string{"chat_id", "7003", "text", "a"}, 403, "Forbidden: user is deactivated"},
		"kicked":          {"sendMessage", []string{"chat_id", "-52", "text", "a"}, 403, "Forbidden: bot was kicked from the group chat"},
		"migrated":        {"sendMessage", []string{"chat_id", "-51", "text", "a"}, 400, "Bad Request: group chat was upgraded to a supergroup chat"},
		"no reply":        {"sendMessage", []string{"chat_id", "7000", "text", "a", "reply_parameters", `{"message_id":9}`}, 400, "Bad Request: message to be replied not found"},
		"no topic":        {"sendMessage", []string{"chat_id", "-50", "text", "a", "message_thread_id", "9"}, 400, "Bad Request: message thread not found"},
		"long data":       {"sendMessage", []string{"chat_id", "7000", "text", "a", "reply_markup", inline(`{"text":"a","callback_data":"` + strings.Repeat("ў", 33) + `"}`)}, 400, "Bad Request: BUTTON_DATA_INVALID"},
		"no action":       {"sendMessage", []string{"chat_id", "7000", "text", "a", "reply_markup", inline(`{"text":"a"}`)}, 400, "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"},
		"bad link":        {"sendMessage", []string{"chat_id", "7000", "text", "a", "reply_markup", inline(`{"text":"a","url":"http://localhost/x"}`)}, 400, "Bad Request: inline keyboard button URL 'http://localhost/x' is invalid: Wrong HTTP URL"},
		"contact":         {"sendMessage", []string{"chat_id", "-50", "text", "a", "reply_markup", `{"keyboard":[[{"text":"a","request_contact":true}]]}`}, 400, "Bad Request: phone number can be requested in private chats only"},
		"location":        {"sendMessage", []string{"chat_id", "-50", "text", "a", "reply_markup", `{"keyboard":[[{"text":"a","request_location":true}]]}`}, 400, "Bad Request: location can be requested in private chats only"},
		"markup":          {"sendMessage", []string{"chat_id", "7000", "text", "a", "reply_markup", `[]`}, 400, "Bad Request: can't parse reply keyboard markup JSON object"},
		"same":            {"editMessageText", []string{"chat_id", "7000", "message_id", "3", "text", "<b>mine</b>", "parse_mode", "HTML"}, 400, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message"},
		"no such":         {"editMessageText", []string{"chat_id", "7000", "message_id", "77", "text", "a"}, 400, "Bad Request: message to edit not found"},
		"hers":            {"editMessageText", []string{"chat_id", "7000", "message_id", fmt.Sprint(hers.ID), "text", "a"}, 400, "Bad Request: message can't be edited"},
		"no caption":      {"editMessageCaption", []string{"chat_id", "7000", "message_id", "3", "caption", "a"}, 400, "Bad Request: there is no caption in the message to edit"},
		"delete":          {"deleteMessage", []string{"chat_id", "7000", "message_id", "77"}, 400, "Bad Request: message to delete not found"},
		"old press":       {"answerCallbackQuery", []string{"callback_query_id", "77"}, 400, "Bad Request: query is too old and response timeout expired or query ID is invalid"},
		"no photo":        {"sendPhoto", []string{"chat_id", "7000"}, 400, "Bad Request: there is no photo in the request"},
		"caption":         {"sendPhoto", []string{"chat_id", "7000", "caption", strings.Repeat("a", 1025)}, 400, "Bad Request: message caption is too long"},
		"command":         {"setMyCommands", []string{"commands", `[{"command":"Kpi","description":"a"}]`}, 400, "Bad Request: BOT_COMMAND_INVALID"},
		"description":     {"setMyCommands", []string{"commands", `[{"command":"kpi","description":""}]`}, 400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID"},
		"many commands":   {"setMyCommands", []string{"commands", "[" + strings.Repeat(`{"command":"a","description":"a"},`, 100) + `{"command":"a","description":"a"}]`}, 400, "Bad Request: BOT_COMMANDS_TOO_MUCH"},
		"scope":           {"setMyCommands", []string{"commands", "[]", "scope", `{"type":"chat","chat_id":99}`}, 400, "Bad Request: chat not found"},
		"language":        {"setMyCommands", []string{"commands", "[]", "language_code", "uzb"}, 400, "Bad Request: LANGUAGE_CODE_INVALID"},
		"file":            {"getFile", []string{"file_id", "x"}, 400, "Bad Request: wrong file_id or the file is temporarily unavailable"},
		"webhook":         {"setWebhook", []string{"url", "http://finco.example/x"}, 400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"},
		"webhook port":    {"setWebhook", []string{"url", "https://finco.example:9/x"}, 400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"},
		"webhook secret":  {"setWebhook", []string{"url", "https://finco.example/x", "secret_token", "ў"}, 400, "Bad Request: secret token contains unallowed characters"},
		"business":        {"getBusinessConnection", []string{"business_connection_id", "x"}, 400, "Bad Request: business connection not found"},
		"method":          {"sendEverything", nil, 404, "Not Found: method not found"},
		"leave a private": {"leaveChat", []string{"chat_id", "7000"}, 400, "Bad Request: chat member status can't be changed in private chats"},
	} {
		got := call(t, s, c.method, c.pairs...)
		if got.OK || got.Code != c.code || got.Description != c.want {
			t.Errorf("%s: %d %q, want %d %q", name, got.Code, got.Description, c.code, c.want)
		}
		if name == "migrated" && got.Parameters.MigrateTo != -1000000000051 {
			t.Errorf("migrated to %d", got.Parameters.MigrateTo)
		}
	}
	if group.Unread() != nil {
		t.Errorf("a group got %v", group.Unread())
	}
	response, err := http.Get(s.URL + "/bot1:x/getMe")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("a wrong token: %s", response.Status)
	}
}

// An update is given until a higher offset confirms it; what is not asked for is not given.
func TestPolling(t *testing.T) {
	t.Parallel()
	s := bottest.Start(t)
	ann := s.User(7000, "Ann", "", "ann", "en")
	shop := s.Supergroup(-1001, "Shop", ann)
	first := ann.Says(shop, "one")
	ann.Says(shop, "two", bottest.ReplyTo(first.ID))
	ann.Reacts(shop, first.ID, nil, []string{"👍"})

	got := updates(t, s)
	if len(got) != 2 || got[1].Message.ReplyToMessage.Text != "one" || len(updates(t, s)) != 2 {
		t.Fatalf("%d updates", len(got))
	}
	next := fmt.Sprint(got[0].ID + 1)
	if got = updates(t, s, "offset", next, "allowed_updates", `["message","message_reaction"]`); len(got) != 1 || got[0].Message.Text != "two" {
		t.Fatalf("after the first: %+v", got)
	}
	ann.Reacts(shop, first.ID, nil, []string{"👍"})
	if got = updates(t, s, "offset", next); len(got) != 2 || got[1].MessageReaction == nil || got[1].MessageReaction.NewReaction[0].ReactionTypeEmoji.Emoji != "👍" {
		t.Fatalf("with reactions: %+v", got)
	}
	s.Hold()
	ann.Says(shop, "three")
	if got = updates(t, s, "offset", next); len(got) != 0 || s.Pending() != 3 {
		t.Fatalf("held: %+v", got)
	}
	s.Release(func(raws []json.RawMessage) []json.RawMessage { return []json.RawMessage{raws[2], raws[0], raws[2]} })
	if got = updates(t, s, "offset", next); len(got) != 3 || got[0].Message.Text != "three" || got[1].Message.Text != "two" || got[2].Message.Text != "three" {
		t.Fatalf("rearranged: %+v", got)
	}
}

// A second poll ends the first.
func TestTwoPollers(t *testing.T) {
	t.Parallel()
	s := bottest.Start(t)
	ended := make(chan reply)
	go func() { ended <- call(t, s, "getUpdates", "timeout", "50") }()
	s.Started(t.Context(), "getUpdates", 1)
	go func() { ended <- call(t, s, "getUpdates", "timeout", "50") }()
	if got := <-ended; got.Code != http.StatusConflict || !strings.Contains(got.Description, "terminated by other getUpdates") {
		t.Fatalf("%+v", got)
	}
	s.User(7000, "Ann", "", "", "en").Opens("x")
	if got := <-ended; !got.OK {
		t.Fatalf("%+v", got)
	}
}

// go-telegram/bot sends multipart in chunks; what it sent can be read, pressed and answered.
func TestWithTheLibrary(t *testing.T) {
	t.Parallel()
	s := bottest.Start(t)
	ann := s.User(7000, "Ann", "", "ann", "en")
	ann.Opens("")
	b, err := bot.New(s.Token, bot.WithServerURL(s.URL))
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.SendMessage(t.Context(), &bot.SendMessageParams{ChatID: 7000, Text: "<b>Hi</b> &lt;you&gt;", ParseMode: models.ParseModeHTML,
		ReplyMarkup: models.InlineKeyboardMarkup{InlineKeyboard: [][]models.InlineKeyboardButton{{{Text: "Go", CallbackData: "go:1"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	said := ann.Chat().Next(t.Context())
	if said.Text != "Hi <you>" || said.Buttons[0][0].Data != "go:1" {
		t.Fatalf("%+v", said)
	}
	press := ann.Presses(ann.Chat(), "Go")
	got := updates(t, s)
	query := got[len(got)-1].CallbackQuery
	if query == nil || query.ID != press || query.Message.Message.Text != "Hi <you>" {
		t.Fatalf("%+v", query)
	}
	if _, err = b.AnswerCallbackQuery(t.Context(), &bot.AnswerCallbackQueryParams{CallbackQueryID: press, Text: "ok"}); err != nil {
		t.Fatal(err)
	}
	if answer := s.Answered(t.Context(), press); answer.Text != "ok" {
		t.Fatalf("%+v", answer)
	}
	png := []byte("\x89PNG\r\n\x1a\n----")
	if _, err = b.SendPhoto(t.Context(), &bot.SendPhotoParams{ChatID: 7000, Photo: &models.InputFileUpload{Filename: "a.png", Data: bytes.NewReader(png)}, Caption: "c"}); err != nil {
		t.Fatal(err)
	}
	if said = ann.Chat().Next(t.Context()); said.Kind != "photo" || !bytes.Equal(said.File, png) || said.Text != "c" {
		t.Fatalf("%+v", said)
	}
}

// Files are fetched by links that end.
func TestFiles(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)
	s := bottest.Start(t, bottest.WithClock(func() time.Time { return now }))
	ann := s.User(7000, "Ann", "", "ann", "en")
	note := ann.SendsVoice(ann.Chat(), []byte("OggS"), 3)
	var f models.File
	if err := json.Unmarshal(call(t, s, "getFile", "file_id", note.Voice.FileID).Result, &f); err != nil {
		t.Fatal(err)
	}
	fetch := func() (int, string) {
		response, err := http.Get(s.URL + "/file/bot" + s.Token + "/" + f.FilePath)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(body)
	}
	if code, body := fetch(); code != 200 || body != "OggS" {
		t.Fatalf("%d %q", code, body)
	}
	now = now.Add(2 * time.Hour)
	if code, _ := fetch(); code != 404 {
		t.Fatalf("an old link: %d", code)
	}
	big := ann.SendsVoice(ann.Chat(), []byte("OggS"), 3, bottest.Sized(21<<20))
	if got := call(t, s, "getFile", "file_id", big.Voice.FileID); got.Description != "Bad Request: file is too big" {
		t.Fatalf("%+v", got)
	}
}

// What is too much is answered 429 with the seconds to wait.
func TestLimits(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)
	s := bottest.Start(t, bottest.WithClock(func() time.Time { return now }), bottest.WithLimits(0))
	ann := s.User(7000, "Ann", "", "ann", "en").Known()
	group := s.Group(-50, "Group", ann)
	send := func(chat int64) int {
		return call(t, s, "sendMessage", "chat_id", fmt.Sprint(chat), "text", "a").Parameters.RetryAfter
	}
	if send(7000) != 0 || send(7000) != 1 {
		t.Error("two in a second to a chat")
	}
	for i := range 20 {
		now = now.Add(time.Second)
		if wait := send(group.ID); wait != 0 {
			t.Fatalf("%d: wait %d s", i, wait)
		}
	}
	now = now.Add(time.Second)
	if wait := send(group.ID); wait < 30 || wait > 40 {
		t.Errorf("the 21st of a minute to a group: wait %d s", wait)
	}
	for id := range int64(31) {
		s.User(100+id, "U", "", "", "en").Known()
		if wait := send(100 + id); (wait == 0) != (id < 30) {
			t.Errorf("%d. of all: wait %d s", id, wait)
		}
	}
}
