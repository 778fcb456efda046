package server_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/server"
)

// recent has customers say one thing last week and another in the weeks before, to the server's own clock.
func (w *taught) recent() {
	w.t.Helper()
	now := time.Now()
	var history []app.MessageInput
	for i := range 120 {
		then := w.Message(-1, 5, now.Add(-14*24*time.Hour+time.Duration(i)*time.Minute), fmt.Sprintf("Отлично, большое спасибо, очень доволен! %d", i))
		lately := w.Message(-1, 5, now.Add(-24*time.Hour+time.Duration(i)*time.Minute), fmt.Sprintf("Ужасно, отвратительный сервис, верните деньги! %d", i))
		history = append(history, then, lately)
	}
	if _, err := w.parts.App.RecordMessages(w.System("intake"), history); err != nil {
		w.t.Fatal(err)
	}
}

func TestDriftIsMeasured(t *testing.T) {
	t.Parallel()
	w := newTaught(t, "sentiment")
	w.recent()
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- server.Serve(ctx, w.cfg, server.ServeOptions{API: true, Worker: true, Ready: func(address string) { ready <- address }}, slog.New(slog.DiscardHandler))
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	var address string
	select {
	case address = <-ready:
	case <-time.After(time.Minute):
		t.Fatal("the server does not start")
	}
	deadline := time.Now().Add(time.Minute)
	for judged := 0; judged < 240; {
		if w.One(`SELECT count(*) FROM analyses`, nil, &judged); time.Now().After(deadline) {
			t.Fatalf("%d are judged", judged)
		}
	}
	response, err := http.Get(address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for metric, least := range map[string]float64{"finco_analyzer_drift": 0.2, "finco_analyzer_confidence": 0.4} {
		found := regexp.MustCompile(metric + `\{analyzer="sentiment",kind="SENTIMENT",language="ru"\} ([0-9.]+)`).FindSubmatch(text)
		if found == nil {
			t.Errorf("%s is missing", metric)
			continue
		}
		if value, err := strconv.ParseFloat(string(found[1]), 64); err != nil || value < least {
			t.Errorf("%s is %s", metric, found[1])
		}
	}
}
