package bot

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/bot/bottest"
)

// play has something happen in every sort of chat, a minute after the other.
func (w *world) play() {
	at := w.Clock.Now().Add(-time.Hour)
	next := func() bottest.Writing {
		at = at.Add(time.Minute)
		return bottest.At(at)
	}
	jasur := w.telegram.User(apptest.JasurTelegram, "Jasur", "Toshev", "jasur", "uz")
	olim := w.telegram.User(buyer, "Olim", "Xaridor", "olim", "uz")

	group := w.telegram.Group(-4001, "Old buyers", jasur, olim)
	olim.Says(group, "Guruhda kimdir bormi?", next())
	super := jasur.Migrates(group, -1002000000009)
	jasur.Says(super, "Bor!", next())

	conn := jasur.Connects()
	direct := conn.With(olim)
	question := olim.Says(direct, "Jasur aka, narxi?", next())
	olim.Edits(direct, question.ID, "Jasur aka, narxi qancha?", next())
	jasur.Says(direct, "100 ming", next(), bottest.ReplyTo(question.ID))
	olim.Deletes(direct, question.ID)
	conn.Ends()

	forum := w.telegram.Forum(-1002000000002, "Forum", jasur, olim)
	delivery, prices := forum.Topic("Delivery"), forum.Topic("Prices")
	olim.Says(forum, "Qachon keladi?", next(), bottest.InTopic(delivery))
	olim.Says(forum, "Qancha turadi?", next(), bottest.InTopic(prices))
	jasur.Says(forum, "Ertaga", next(), bottest.InTopic(delivery))

	comments := w.telegram.Supergroup(-1002000000001, "Comments", jasur, olim)
	channel := w.telegram.Channel(-1003000000001, "Our shop", comments)
	post := channel.Posts("Yangi mahsulot", next())
	asked := olim.Says(comments, "Bormi?", next(), bottest.ReplyTo(post.ID))
	jasur.Says(comments, "Bor, oling", next(), bottest.As(channel), bottest.ReplyTo(asked.ID))
	olim.Reacts(comments, post.ID, nil, []string{"🔥"}, next())
	olim.Reacts(comments, post.ID, []string{"🔥"}, []string{"👍"}, next())

	olim.Says(olim.Chat(), "Ish vaqti qanday?", next())
	jasur.Says(jasur.Chat(), "Kechikaman", next())
}

// recorded is what became of it, for people to compare: chats, messages, waits, reactions. What the bot itself answered is left out.
func (w *world) recorded() string {
	var out string
	w.One(`SELECT COALESCE((SELECT string_agg(format('%s/%s %s %s: %s', c.mailbox, c.telegram_id, c.kind, c.title, COALESCE((
   SELECT string_agg(format('%s%s%s v%s%s', CASE WHEN m.thread > 0 THEN 'topic ' ELSE '' END, m.side, CASE WHEN m.reply_to_telegram_id IS NULL THEN '' ELSE ' re' END,
     m.version, CASE WHEN m.deleted_at IS NULL THEN '' ELSE ' gone' END), ', ' ORDER BY m.sent_at, m.telegram_id)
   FROM messages m WHERE m.chat_id = c.id AND m.kind <> 'SERVICE' AND NOT (m.side = 'NONE' AND c.kind = 'PRIVATE')), 'on no side')), E'\n' ORDER BY c.kind, c.telegram_id, c.mailbox DESC) FROM chats c), 'no chats')
 || E'\n' || COALESCE((SELECT string_agg(format('%s after %s by %s', w.state, w.wall_seconds, u.name), E'\n' ORDER BY w.opened_at)
   FROM waits w LEFT JOIN users u ON u.id = w.responder_id WHERE w.state <> 'DISSOLVED'), 'no waits')
 || E'\n' || COALESCE((SELECT string_agg(emoji::text, ' ') FROM reactions), 'no reactions')`, nil, &out)
	return strings.ReplaceAll(out, w.telegram.Token[:strings.Index(w.telegram.Token, ":")], "BOT")
}

const played = `BOT/9001 PRIVATE Olim Xaridor: on no side
100002/9001 PRIVATE Olim Xaridor: CUSTOMER v2 gone, STAFF re v1
/-1002000000009 SUPERGROUP Old buyers: CUSTOMER v1, STAFF v1
/-1002000000002 SUPERGROUP Forum: topic CUSTOMER v1, topic CUSTOMER v1, topic STAFF v1
/-1002000000001 SUPERGROUP Comments: NONE v1, CUSTOMER re v1, STAFF re v1
WITHIN after 60 by Jasur Toshev
WITHIN after 120 by Jasur Toshev
WITHIN after 120 by Jasur Toshev
BREACHED after  by 
WITHIN after 60 by 
["👍"]`

// Every sort of chat, through the running bot; and again in other orders of the chats, with every update twice.
func TestEverySortOfChat(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			var rearrange func([]json.RawMessage) []json.RawMessage
			if seed > 0 {
				rearrange = func(in []json.RawMessage) []json.RawMessage {
					out := mix(in, seed)
					return append(out, out...)
				}
			}
			w := newWorld(t)
			w.run()
			w.telegram.Await(t.Context(), "getUpdates", 1) // from which Telegram knows which updates we want
			w.telegram.Hold()
			w.play()
			w.telegram.Release(rearrange)
			w.settled()
			if got := w.recorded(); got != played {
				t.Errorf("got\n%s\nwant\n%s\n%s", got, played, w.logs)
			}
			if n := w.updates("ASIDE"); n != 0 {
				t.Errorf("%d updates were put aside", n)
			}
		})
	}
}

// mix shuffles the chats among each other and keeps the order within each, business connections first, as Telegram does.
func mix(in []json.RawMessage, seed uint64) []json.RawMessage {
	random := rand.New(rand.NewPCG(seed, 2))
	lines := map[string][]json.RawMessage{}
	var keys []string
	for _, raw := range in {
		u, err := decode(raw)
		key := ""
		switch m, _ := messageOf(u); {
		case err != nil:
		case m != nil:
			key = fmt.Sprint(m.Chat.ID, m.BusinessConnectionID)
		case u.DeletedBusinessMessages != nil:
			key = fmt.Sprint(u.DeletedBusinessMessages.Chat.ID, u.DeletedBusinessMessages.BusinessConnectionID)
		case u.MessageReaction != nil:
			key = "reactions"
		case u.BusinessConnection != nil:
			key = "connections"
		}
		if lines[key] == nil {
			keys = append(keys, key)
		}
		lines[key] = append(lines[key], raw)
	}
	out := lines["connections"]
	delete(lines, "connections")
	for len(lines) > 0 {
		key := keys[random.IntN(len(keys))]
		if len(lines[key]) == 0 {
			delete(lines, key)
			continue
		}
		out = append(out, lines[key][0])
		lines[key] = lines[key][1:]
	}
	return out
}
