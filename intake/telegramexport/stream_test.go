package telegramexport

import (
	"fmt"
	"io"
	"runtime"
	"testing"
)

// endless generates a chat of the given number of messages without holding it.
type endless struct {
	next, count int
	left        []byte
}

func (g *endless) Read(p []byte) (int, error) {
	for len(g.left) == 0 {
		switch {
		case g.next == 0:
			g.left = []byte("{\n \"name\": \"Big\",\n \"type\": \"private_supergroup\",\n \"id\": 5,\n \"messages\": [")
		case g.next <= g.count:
			comma := ","
			if g.next == g.count {
				comma = ""
			}
			text := fmt.Sprintf(`"Salom \"%d\", buyurtmam qachon keladi?\x0B Здравствуйте, жду курьера второй день."`, g.next)
			g.left = fmt.Appendf(nil, "\n  {\n   \"id\": %d,\n   \"type\": \"message\",\n   \"date\": \"2025-05-15T17:03:00\",\n   \"date_unixtime\": \"%d\",\n   \"from\": \"Aziza Karimova\",\n   \"from_id\": \"user5000000001\",\n   \"text\": %s,\n   \"text_entities\": [\n    {\n     \"type\": \"plain\",\n     \"text\": %s\n    }\n   ]\n  }%s", g.next, 1747310460+g.next, text, text, comma)
		case g.next == g.count+1:
			g.left = []byte("\n ]\n}")
		default:
			return 0, io.EOF
		}
		g.next++
	}
	n := copy(p, g.left)
	g.left = g.left[n:]
	return n, nil
}

func endlessExport(count int) *Export {
	return &Export{size: int64(count) * 480, source: func(int64) (io.ReadCloser, error) {
		return io.NopCloser(&endless{count: count}), nil
	}}
}

// TestMemoryDoesNotGrowWithTheFile reads some 100 MB; two gigabytes need no more.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	t.Parallel()
	const count = 200_000
	var peak uint64
	var bytes int64
	read := 0
	opts := Options{Account: 1, Progress: func(n, _ int64) { bytes = n }}
	sum, err := endlessExport(count).Read(t.Context(), opts, Handler{Messages: func(_ Chat, batch []Message) error {
		read += len(batch)
		if read%10_000 == 0 {
			var m runtime.MemStats
			runtime.GC() // how much garbage is left lying about depends on the machine's other work
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
		return nil
	}})
	if err != nil || sum.Messages != count || read != count || sum.Damaged() {
		t.Fatalf("%+v, %v", sum, err)
	}
	if peak > 50<<20 {
		t.Errorf("%d MiB of heap for %d MiB of file", peak>>20, bytes>>20)
	}
}

func BenchmarkRead(b *testing.B) {
	const count = 20_000
	for b.Loop() {
		if _, err := endlessExport(count).Read(b.Context(), Options{Account: 1}, Handler{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(count*b.N)/b.Elapsed().Seconds(), "messages/s")
}
