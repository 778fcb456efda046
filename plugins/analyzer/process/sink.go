package process

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/time/rate"
)

const (
	maxLine     = 4 << 10 // bytes of a line that are kept
	maxValue    = 500     // bytes of a field
	linesBurst  = 200
	linesPerSec = 20
)

// sink turns what a plugin prints into log lines of the host.
type sink struct {
	log     *slog.Logger
	recent  *recent
	limiter *rate.Limiter
	dropped atomic.Int64
}

func newSink(log *slog.Logger, recent *recent) *sink {
	return &sink{log: log, recent: recent, limiter: rate.NewLimiter(linesPerSec, linesBurst)}
}

// note logs something the host has to say about the plugin.
func (s *sink) note(message string, attrs ...any) { s.log.Warn(message, attrs...) }

// lines logs from until it ends.
func (s *sink) lines(from io.Reader) {
	reader := bufio.NewReaderSize(from, maxLine)
	for {
		line, err := reader.ReadSlice('\n')
		s.line(string(bytes.TrimSpace(line)))
		for errors.Is(err, bufio.ErrBufferFull) { // drop the rest of a long line
			_, err = reader.ReadSlice('\n')
		}
		if err != nil {
			return
		}
	}
}

// line logs one line: JSON as hclog and analyzer.Logger write it keeps its level, anything else is info.
func (s *sink) line(line string) {
	if line == "" {
		return
	}
	if !s.limiter.Allow() {
		s.dropped.Add(1)
		return
	}
	if dropped := s.dropped.Swap(0); dropped > 0 {
		s.log.Warn("plugin lines dropped: too many", "lines", dropped)
	}
	var fields map[string]any
	message, isText := line, true
	level := slog.LevelInfo
	if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &fields) == nil {
		if text, ok := fields["@message"].(string); ok {
			message, isText, level = text, false, levelOf(fields["@level"])
		}
	}
	if isText {
		fields = nil
	}
	attrs := []slog.Attr{}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if !strings.HasPrefix(key, "@") {
			attrs = append(attrs, slog.String(s.recent.withhold(key), s.recent.withhold(shorten(fmt.Sprint(fields[key]), maxValue))))
		}
	}
	s.log.LogAttrs(context.Background(), level, "plugin: "+s.recent.withhold(message), slog.Attr{Key: "plugin_fields", Value: slog.GroupValue(attrs...)})
}

func levelOf(name any) slog.Level {
	switch text, _ := name.(string); strings.ToLower(text) {
	case "trace", "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	default:
		return slog.LevelInfo
	}
}

func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}

// lineWriter cuts what is written to it into lines for a sink; go-plugin streams a Go plugin's os.Stderr this way.
type lineWriter struct {
	sink *sink
	mu   sync.Mutex
	rest []byte
}

// Write implements io.Writer; it never fails.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = append(w.rest, p...)
	for {
		end := bytes.IndexByte(w.rest, '\n')
		if end < 0 {
			break
		}
		w.sink.line(shorten(string(bytes.TrimSpace(w.rest[:end])), maxLine))
		w.rest = w.rest[end+1:]
	}
	if len(w.rest) > maxLine { // keep the head of a long line, forget the middle
		w.rest = w.rest[:maxLine]
	}
	return len(p), nil
}
