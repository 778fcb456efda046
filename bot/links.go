package bot

import (
	"fmt"
	"html"
	"strconv"
	"strings"

	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/chat"
)

// chatLink opens a chat at a message (by its Telegram id; 0: at none in particular), in its topic if it has one; empty where Telegram
// has no such links: basic groups. A private chat opens at the person. It belongs into a message's text: Telegram refuses a whole
// message that has a button to a person who does not want to be linked to.
func chatLink(c *gen.Chat, message, thread int64) string {
	switch c.Kind {
	case chat.KindPrivate:
		return fmt.Sprintf("tg://user?id=%d", c.TelegramID)
	case chat.KindSupergroup, chat.KindChannel:
		bare, ok := strings.CutPrefix(strconv.FormatInt(c.TelegramID, 10), "-100")
		if !ok {
			return ""
		}
		if message <= 0 { // none, or one from before the chat became a supergroup, to which nothing links
			message = 1
		}
		if thread != 0 {
			return fmt.Sprintf("https://t.me/c/%s/%d/%d", bare, thread, message)
		}
		return fmt.Sprintf("https://t.me/c/%s/%d", bare, message)
	}
	return ""
}

// linked is a text as HTML that opens a link, or the text alone where there is none.
func linked(text, link string) markup {
	if link == "" {
		return markup(html.EscapeString(text))
	}
	return markup(`<a href="` + html.EscapeString(link) + `">` + html.EscapeString(text) + `</a>`)
}
