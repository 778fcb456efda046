package host

import (
	"context"
	"log/slog"
	"strings"
	"testing"
)

// BenchmarkAnalyze sends texts the way an import does: 512 a call of the host, 64 a call of the plugin, 8 in flight.
func BenchmarkAnalyze(b *testing.B) {
	h := New(Config{Log: slog.New(slog.DiscardHandler)})
	defer h.Close(context.Background())
	sum, err := Checksum(misbehaving)
	if err == nil {
		_, err = h.Add(b.Context(), Spec{Name: "p", Path: misbehaving, Checksum: sum})
	}
	if err != nil {
		b.Fatal(err)
	}
	inputs := texts(strings.Split(strings.Repeat("Здравствуйте где мой заказ|", 511), "|")...)
	for b.Loop() {
		if _, err := h.Analyze(b.Context(), "p", "", inputs); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(inputs))/b.Elapsed().Seconds(), "texts/s")
}
