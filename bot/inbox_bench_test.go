package bot

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/fincokpi/finco/app/apptest"
)

// The limits that the figures are set against.
const (
	benchUpdates       = 10000
	benchChats         = 500
	leastStored        = 2000.0 // updates a second
	leastHandled       = 500.0
	benchUpdatesAtOnce = pollLimit
)

// BenchmarkInbox stores 10 000 updates of 500 chats as polling does, a hundred at a time, then handles them: recorded, with waits
// and the jobs of four analyzers.
func BenchmarkInbox(b *testing.B) {
	for b.Loop() {
		w := newWorld(b)
		raw := make([]json.RawMessage, benchUpdates)
		for i := range raw {
			raw[i] = json.RawMessage(fmt.Sprintf(`{"update_id":%d,"message":{"message_id":%d,"date":%d,"chat":{"id":-100%d,"type":"supergroup","title":"Group %d"},`+
				`"from":{"id":%d,"first_name":"Customer","language_code":"ru"},"text":"Здравствуйте! Где мой заказ номер %d?"}}`,
				i+1, i/benchChats+1, apptest.Now.Unix()+int64(i/100), 1000000000+i%benchChats, i%benchChats, 9000+i%benchChats, i))
		}
		began := time.Now()
		for start := 0; start < len(raw); start += benchUpdatesAtOnce {
			if err := w.bot.store(w.System("telegram"), raw[start:start+benchUpdatesAtOnce]); err != nil {
				b.Fatal(err)
			}
		}
		stored := benchUpdates / time.Since(began).Seconds()
		began = time.Now()
		stop := w.reads()
		w.until("all are handled", func() bool { return w.bot.handled.Load() >= benchUpdates })
		handled := benchUpdates / time.Since(began).Seconds()
		stop()
		if n := w.count(`SELECT count(*) FROM messages`); n != benchUpdates {
			b.Fatalf("%d messages", n)
		}
		// In each chat the rows are in the order of the messages.
		if n := w.count(`SELECT count(*) FROM (SELECT id < lag(id) OVER (PARTITION BY chat_id ORDER BY telegram_id) AS late FROM messages) x WHERE late`); n != 0 {
			b.Fatalf("%d messages out of order", n)
		}
		b.ReportMetric(stored, "stored/s")
		b.ReportMetric(stored/leastStored, "stored:limit")
		b.ReportMetric(handled, "handled/s")
		b.ReportMetric(handled/leastHandled, "handled:limit")
	}
}
