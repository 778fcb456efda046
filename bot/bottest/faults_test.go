package bottest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/bot/bottest"
)

// Calls go wrong as asked, as often as asked, and do what they do only where that is said.
func TestFaults(t *testing.T) {
	t.Parallel()
	s := bottest.Start(t)
	ann := s.User(7000, "Ann", "", "ann", "en").Known()
	send := func() reply { return call(t, s, "sendMessage", "chat_id", "7000", "text", "a") }

	s.Fail(bottest.Fault{Method: "sendMessage", Times: 2, Code: 429, RetryAfter: 7})
	for range 2 {
		if got := send(); got.Code != 429 || got.Parameters.RetryAfter != 7 || got.Description != "Too Many Requests: retry after 7" {
			t.Errorf("429: %+v", got)
		}
	}
	undo := s.Fail(bottest.Fault{Chat: 7000, Times: -1, Code: 403, Description: "Forbidden: bot was blocked by the user"})
	if got := send(); got.Code != 403 {
		t.Errorf("403: %+v", got)
	}
	undo()
	s.Fail(bottest.Fault{Method: "sendMessage", CutBefore: true})
	s.Fail(bottest.Fault{Method: "sendMessage", CutAfter: true})
	for range 2 {
		if response, err := http.Post(s.URL+"/bot"+s.Token+"/sendMessage?chat_id=7000&text=cut", "", nil); err == nil {
			_ = response.Body.Close()
			t.Error("the connection was not cut")
		}
	}
	if got := send(); !got.OK || len(ann.Chat().Unread()) != 2 {
		t.Errorf("%+v, and %d messages", got, len(ann.Chat().Unread()))
	}
	s.Fail(bottest.Fault{Method: "getUpdates", Body: "<html>"})
	response, err := http.Get(s.URL + "/bot" + s.Token + "/getUpdates")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if string(body) != "<html>" || response.StatusCode != http.StatusOK {
		t.Errorf("%s %s", response.Status, body)
	}
	hold := make(chan struct{})
	s.Fail(bottest.Fault{Method: "sendMessage", Hold: hold})
	slow := make(chan reply)
	go func() { slow <- send() }()
	for ann.Chat().Next(t.Context()).ID != 3 { // the effect is there, the answer is not
	}
	close(hold)
	if got := <-slow; !got.OK {
		t.Errorf("slow: %+v", got)
	}
	s.Storm(time.Hour)
	if got := send(); got.Code != 429 || got.Parameters.RetryAfter < 3590 {
		t.Errorf("storm: %+v", got)
	}
}

// hooked is a webhook that fails at first.
type hooked struct {
	mu    sync.Mutex
	fails int
	texts []string
	got   chan struct{}
}

func (h *hooked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Header.Get("X-Telegram-Bot-Api-Secret-Token") != "s3cret" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if h.fails > 0 {
		h.fails--
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	var u models.Update
	if err := json.NewDecoder(r.Body).Decode(&u); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.texts = append(h.texts, u.Message.Text)
	h.got <- struct{}{}
}

// A webhook gets each update with the secret until it takes it, and a chat's in order; polling is refused meanwhile.
func TestWebhook(t *testing.T) {
	t.Parallel()
	s := bottest.Start(t, bottest.WithRetry(time.Millisecond))
	hook := &hooked{fails: 3, got: make(chan struct{}, 10)}
	server := httptest.NewServer(hook)
	defer server.Close()
	ann := s.User(7000, "Ann", "", "ann", "en")
	for _, text := range []string{"1", "2", "3"} {
		ann.Says(ann.Chat(), text)
	}
	if got := call(t, s, "setWebhook", "url", server.URL, "secret_token", "s3cret"); !got.OK {
		t.Fatalf("%+v", got)
	}
	for range 3 {
		<-hook.got
	}
	s.Drained(t.Context())
	hook.mu.Lock()
	if strings.Join(hook.texts, "") != "123" || hook.fails != 0 {
		t.Errorf("%v", hook.texts)
	}
	hook.mu.Unlock()
	if got := call(t, s, "getUpdates"); got.Code != 409 || !strings.Contains(got.Description, "webhook is active") {
		t.Errorf("%+v", got)
	}
	var info models.WebhookInfo
	if err := json.Unmarshal(call(t, s, "getWebhookInfo").Result, &info); err != nil || info.URL != server.URL || info.LastErrorMessage != "Wrong response from the webhook: 500 Internal Server Error" {
		t.Errorf("%+v, %v", info, err)
	}
	call(t, s, "deleteWebhook")
	ann.Says(ann.Chat(), "4")
	if got := updates(t, s); len(got) != 1 || got[0].Message.Text != "4" {
		t.Errorf("%+v", got)
	}
}

// What people do arrives as Telegram tells it.
func TestPeople(t *testing.T) {
	t.Parallel()
	s := bottest.Start(t)
	at := time.Date(2026, 9, 1, 4, 2, 0, 0, time.UTC)
	ann, bob := s.User(7000, "Ann", "", "ann", "en"), s.User(7001, "Bob", "", "", "ru")
	call(t, s, "getUpdates", "allowed_updates", `["message","edited_message","business_connection","business_message","edited_business_message",
		"deleted_business_messages","my_chat_member","chat_member","callback_query","channel_post"]`)
	var next int64
	took := func() models.Update {
		t.Helper()
		all := updates(t, s, "offset", jsonOf(next))
		if len(all) == 0 {
			t.Fatal("nothing came")
		}
		next = all[0].ID + 1
		return all[0]
	}

	conn := bob.Connects()
	if u := took(); u.BusinessConnection == nil || u.BusinessConnection.User.ID != bob.ID || !u.BusinessConnection.IsEnabled {
		t.Errorf("connects: %+v", u)
	}
	chat := conn.With(ann)
	hers := ann.Says(chat, "hi", bottest.At(at))
	his := bob.Says(chat, "hello", bottest.ReplyTo(hers.ID))
	if u := took().BusinessMessage; u == nil || u.From.ID != ann.ID || u.Chat.ID != ann.ID || u.BusinessConnectionID != conn.ID || u.Date != int(at.Unix()) {
		t.Errorf("incoming: %+v", u)
	}
	if u := took().BusinessMessage; u == nil || u.From.ID != bob.ID || u.Chat.ID != ann.ID || u.ReplyToMessage.Text != "hi" || u.ID != hers.ID+1 {
		t.Errorf("outgoing: %+v", u)
	}
	ann.Edits(chat, hers.ID, "hi!")
	bob.Deletes(chat, his.ID)
	if u := took().EditedBusinessMessage; u == nil || u.Text != "hi!" || u.EditDate == 0 {
		t.Errorf("edited: %+v", u)
	}
	if u := took().DeletedBusinessMessages; u == nil || u.MessageIDs[0] != his.ID {
		t.Errorf("deleted: %+v", u)
	}

	forum := s.Forum(-1009, "Forum", ann)
	topic := forum.Topic("Orders")
	ann.Says(forum, "in it", bottest.InTopic(topic))
	if u := took().Message; u == nil || !u.IsTopicMessage || u.MessageThreadID != topic || !u.Chat.IsForum {
		t.Errorf("topic: %+v", u)
	}
	channel := s.Channel(-1010, "News", forum)
	post := channel.Posts("new goods")
	if u := took().ChannelPost; u == nil || u.SenderChat.ID != channel.ID {
		t.Errorf("post: %+v", u)
	}
	if u := took().Message; u == nil || !u.IsAutomaticForward || u.ID != post.ID || u.ForwardOrigin.MessageOriginChannel.Chat.ID != channel.ID {
		t.Errorf("comments: %+v", u)
	}
	group := s.Group(-50, "Group", ann)
	super := ann.Migrates(group, -1011)
	if u := took().Message; u.MigrateToChatID != super.ID || u.Chat.ID != group.ID {
		t.Errorf("migrates: %+v", u)
	}
	if u := took().Message; u.MigrateFromChatID != group.ID || u.Chat.ID != super.ID || u.ID != 1 {
		t.Errorf("migrated: %+v", u)
	}
	bob.Joins(super)
	if u := took().ChatMember; u == nil || u.NewChatMember.Type != models.ChatMemberTypeMember || u.OldChatMember.Type != models.ChatMemberTypeLeft {
		t.Errorf("joins: %+v", u)
	}
	took() // the service message
	ann.Blocks()
	if u := took().MyChatMember; u == nil || u.NewChatMember.Type != models.ChatMemberTypeBanned || u.Chat.Type != models.ChatTypePrivate {
		t.Errorf("blocks: %+v", u)
	}
	bob.SharesContactOf(bob.Chat(), ann)
	if u := took().Message; u.Contact.UserID != ann.ID || u.From.ID != bob.ID {
		t.Errorf("contact: %+v", u)
	}
	album := ann.SendsAlbum(super, [][]byte{[]byte("a"), []byte("b")}, bottest.Captioned("both"))
	if a, b := took().Message, took().Message; a.MediaGroupID != b.MediaGroupID || a.Caption != "both" || b.Caption != "" || len(album) != 2 {
		t.Errorf("album: %+v %+v", a, b)
	}
	s.Push(json.RawMessage(`{"update_id":` + jsonOf(s.NextUpdate()) + `,"message":"what"}`))
	if got := call(t, s, "getUpdates", "offset", jsonOf(next)); !strings.Contains(string(got.Result), `"what"`) {
		t.Errorf("garbage: %+v", got)
	}
}

func jsonOf(n int64) string {
	raw, _ := json.Marshal(n)
	return string(raw)
}

// A keyboard's buttons do what they ask for.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	s := bottest.Start(t)
	ann := s.User(7000, "Ann", "", "ann", "en").Known()
	call(t, s, "sendMessage", "chat_id", "7000", "text", "a", "reply_markup",
		`{"keyboard":[[{"text":"phone","request_contact":true},{"text":"place","request_location":true}],["words"]]}`)
	for _, button := range []string{"phone", "place", "words"} {
		ann.Presses(ann.Chat(), button)
	}
	got := updates(t, s)
	if len(got) != 3 || got[0].Message.Contact.UserID != ann.ID || got[1].Message.Location.Latitude != ann.Place.Latitude || got[2].Message.Text != "words" {
		t.Fatalf("%+v", got)
	}
}
