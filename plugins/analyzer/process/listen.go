//go:build unix

package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/fincokpi/finco/plugins/analyzer"
	analyzerv1 "github.com/fincokpi/finco/plugins/proto/v1"
)

// emptyReads is how often in a row a Reader may give nothing and no error.
const emptyReads = 100

// Unreadable is the error of a sound that its own Reader did not give: nobody's failure but the caller's.
type Unreadable struct{ Err error }

// Error implements error.
func (u *Unreadable) Error() string { return fmt.Sprintf("read the sound: %v", u.Err) }

// Unwrap gives the Reader's error, io.ErrUnexpectedEOF if it ended before Audio.Bytes.
func (u *Unreadable) Unwrap() error { return u.Err }

// Listen sends one voice note, as fast as the plugin reads it, and returns what it says. ctx must carry a deadline.
//
// What the plugin itself has to say against the note, and what breaks the contract about it, is the result's error. The
// error of the call is an *Unreadable, a *Failure or, for a plugin that does not listen, an *analyzer.Error. When the call
// ends early (ctx, a crash, an answer before the end), one Read of the sound may still be under way.
func (p *Process) Listen(ctx context.Context, input analyzer.Input, audio analyzer.Audio) (analyzer.Result, error) {
	if !p.description.Audio {
		return analyzer.Result{}, analyzer.Errorf(analyzer.Invalid, "it judges texts and does not listen")
	}
	if !utf8.ValidString(input.ID) {
		return analyzer.Result{}, analyzer.Errorf(analyzer.Invalid, "the id is not UTF-8")
	}
	if audio.Reader == nil {
		audio.Reader = strings.NewReader("")
	}
	start := analyzer.AudioToWire(input, audio)
	if size := proto.Size(start); size > p.options.MaxMessage {
		return analyzer.Result{ID: input.ID, Err: analyzer.Errorf(
			analyzer.Invalid, "%d bytes beside the sound are more than the %d a plugin is handed", size, p.options.MaxMessage)}, nil
	}
	p.recent.add([]analyzer.Input{input})
	var response *analyzerv1.ListenResponse
	var unreadable *Unreadable
	err := p.call(ctx, "listen", func() (err error) {
		response, err = p.stream(ctx, start, audio)
		if errors.As(err, &unreadable) {
			return nil
		}
		return err
	})
	switch {
	case err != nil:
		return analyzer.Result{}, err
	case unreadable != nil:
		return analyzer.Result{}, unreadable
	case response.GetResult() == nil:
		return analyzer.Result{}, fail(Broken, "it gave no result")
	}
	results, err := p.match(map[string]int{input.ID: 0}, analyzer.ResultsFromWire([]*analyzerv1.Result{response.GetResult()}))
	if err != nil {
		return analyzer.Result{}, err
	}
	for _, outcome := range results[0].Outcomes { // from now on this is a message's text too
		p.recent.add([]analyzer.Input{{Text: outcome.Text}})
	}
	return results[0], nil
}

// stream sends and waits at the same time, because a plugin may answer, or die, before it has read everything, and because
// the sound may come slower than the deadline.
func (p *Process) stream(ctx context.Context, start *analyzerv1.ListenRequest, audio analyzer.Audio) (*analyzerv1.ListenResponse, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stream, err := p.service.Listen(ctx)
	if err != nil {
		return nil, err
	}
	go func() {
		if err := send(stream, start, audio); err != nil {
			cancel(&Unreadable{err})
		}
	}()
	response := &analyzerv1.ListenResponse{}
	if err := stream.RecvMsg(response); err != nil {
		var unreadable *Unreadable
		if errors.As(context.Cause(ctx), &unreadable) {
			return nil, unreadable
		}
		return nil, err
	}
	return response, nil
}

// send returns an error only if the sound can't be read. What breaks the stream is known to who waits for the answer.
func send(stream grpc.ClientStreamingClient[analyzerv1.ListenRequest, analyzerv1.ListenResponse], start *analyzerv1.ListenRequest, audio analyzer.Audio) error {
	if stream.Send(start) != nil {
		return nil
	}
	sent, empty := int64(0), 0
	for {
		chunk := make([]byte, analyzer.MaxChunk) // a new one each time: gRPC may look at a message after Send
		n, err := audio.Reader.Read(chunk)
		if n > 0 {
			empty = 0
			sent += int64(n)
			if stream.Send(&analyzerv1.ListenRequest{Part: &analyzerv1.ListenRequest_Chunk{Chunk: chunk[:n]}}) != nil {
				return nil
			}
		} else if empty++; err == nil && empty >= emptyReads {
			err = io.ErrNoProgress
		}
		switch {
		case errors.Is(err, io.EOF) && sent < audio.Bytes:
			return fmt.Errorf("it ended after %d of %d bytes: %w", sent, audio.Bytes, io.ErrUnexpectedEOF)
		case errors.Is(err, io.EOF):
			_ = stream.CloseSend() // never fails
			return nil
		case err != nil:
			return err
		}
	}
}
