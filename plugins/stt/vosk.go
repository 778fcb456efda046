package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/fincokpi/finco/plugins/analyzer"
)

const (
	voskChunk = bytesPerSec / 4 // what vosk-server's own clients send at a time is of this size
	// voskGrace is how long to wait where the answer at hand may be the last or the last but one. A server that closes after the
	// last one, as the Python server does, never lets it pass.
	voskGrace = 10 * time.Second
)

// voskEngine speaks the websocket of vosk-server: a configuration, PCM in binary messages, each of which is answered, then the
// word that it was all, in exactly these bytes, which is answered by the last result.
type voskEngine struct {
	client *client
	tools  tools
}

// voskAnswer is a result, or part of one ("partial"), which is ignored.
type voskAnswer struct {
	Text  *string `json:"text"`
	Words []struct {
		Word       string  `json:"word"`
		Start      float64 `json:"start"`
		End        float64 `json:"end"`
		Confidence float64 `json:"conf"`
	} `json:"result"`
}

func (e *voskEngine) transcribe(ctx context.Context, n *note) (transcript, error) {
	sound, err := e.tools.decode(ctx, n)
	if err != nil {
		return transcript{}, err
	}
	defer sound.close()
	conn, err := e.dial(ctx, sound)
	if err != nil {
		return transcript{}, err
	}
	defer func() { _ = conn.CloseNow() }() // fails if it is closed
	conn.SetReadLimit(maxAnswer)
	talk := &voskTalk{client: e.client, conn: conn, sent: make(chan int, 1)}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		if err := talk.feed(ctx, sound); err != nil {
			cancel(err)
		}
	}()
	said, err := talk.results(ctx)
	cause := context.Cause(ctx)
	cancel(nil)
	_ = conn.CloseNow()
	sound.close()
	awaitOrLeave(fed)
	if cause != nil && typed(cause) {
		return transcript{}, cause
	}
	return said, err
}

func (e *voskEngine) dial(ctx context.Context, sound *pcm) (*websocket.Conn, error) {
	conn, response, err := websocket.Dial(ctx, e.client.url, &websocket.DialOptions{HTTPClient: e.client.http, HTTPHeader: e.client.header()})
	if err == nil {
		return conn, nil
	}
	if response == nil || response.StatusCode == http.StatusSwitchingProtocols {
		return nil, e.client.unreachable(ctx, sound.failure, err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK || response.StatusCode == http.StatusUpgradeRequired { // it speaks, but no websocket
		return nil, e.client.refused(http.StatusNotFound)
	}
	return nil, e.client.refused(response.StatusCode)
}

// voskTalk is one connection.
type voskTalk struct {
	client *client
	conn   *websocket.Conn
	sent   chan int // how many messages of sound there were, once there are no more
}

// feed sends the sound. Only errors of the sound are told: those of the connection are known to who reads from it.
func (t *voskTalk) feed(ctx context.Context, sound io.Reader) error {
	send := func(kind websocket.MessageType, message []byte) bool { return t.conn.Write(ctx, kind, message) == nil }
	if !send(websocket.MessageText, []byte(`{"config":{"sample_rate":16000,"words":true,"max_alternatives":0}}`)) {
		return nil
	}
	chunk := make([]byte, voskChunk)
	for chunks := 0; ; {
		n, err := io.ReadFull(sound, chunk)
		if n > 0 {
			if !send(websocket.MessageBinary, chunk[:n]) {
				return nil
			}
			chunks++
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			t.sent <- chunks // before the word, so that its answer finds the number
			send(websocket.MessageText, []byte(`{"eof" : 1}`))
			return nil
		default:
			return err
		}
	}
}

// results reads until the last result. Each message of sound is answered once, and so is the word that it was all; the C++
// server answers the configuration too.
func (t *voskTalk) results(ctx context.Context) (transcript, error) {
	said := transcript{engine: vosk}
	total, answers, size := -1, 0, 0
	for {
		if total < 0 {
			select {
			case total = <-t.sent:
			default:
			}
		}
		if total >= 0 && answers >= total+2 {
			if answers > total+2 { // more than there were messages: no Vosk
				return transcript{}, t.client.nonsense()
			}
			return said, nil
		}
		maybeLast := total >= 0 && answers == total+1
		raw, patient, err := t.read(ctx, maybeLast)
		switch {
		case ctx.Err() != nil:
			return transcript{}, ctx.Err()
		case err != nil && maybeLast && (!patient || websocket.CloseStatus(err) == websocket.StatusNormalClosure):
			return said, nil
		case err != nil:
			return transcript{}, t.broke(err)
		}
		answers++
		if size += len(raw); size > maxAnswer {
			return transcript{}, t.client.tooMuch()
		}
		if len(strings.TrimSpace(string(raw))) == 0 { // the GPU server's way to say nothing
			continue
		}
		var answer voskAnswer
		if json.Unmarshal(raw, &answer) != nil {
			return transcript{}, t.client.nonsense()
		}
		said.add(answer)
	}
}

// read reads an answer; it is not patient for ever if there may be none.
func (t *voskTalk) read(ctx context.Context, maybeNone bool) (raw []byte, patient bool, err error) {
	if maybeNone {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, voskGrace)
		defer cancel()
	}
	_, raw, err = t.conn.Read(ctx)
	return raw, ctx.Err() == nil, err
}

// broke types an end before the last result.
func (t *voskTalk) broke(err error) error {
	switch status := websocket.CloseStatus(err); status {
	case websocket.StatusTryAgainLater, websocket.StatusServiceRestart, websocket.StatusGoingAway:
		return analyzer.Downstreamf(analyzer.Unavailable, "%s is busy or stopping (%d)", t.client.url, status)
	default:
		return t.client.nonsense()
	}
}

// add takes a result as a segment.
func (t *transcript) add(answer voskAnswer) {
	if answer.Text == nil || strings.TrimSpace(*answer.Text) == "" {
		return
	}
	s := segment{Text: *answer.Text}
	sum := 0.0
	for _, word := range answer.Words {
		sum += word.Confidence
	}
	if n := len(answer.Words); n > 0 {
		start, end, sure := number(answer.Words[0].Start), number(answer.Words[n-1].End), number(sum/float64(n))
		s.Start, s.End, s.Confidence = &start, &end, &sure
	}
	t.segments = append(t.segments, s)
	t.text += s.Text + "\n"
}
