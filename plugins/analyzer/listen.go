package analyzer

import (
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	analyzerv1 "github.com/fincokpi/finco/plugins/proto/v1"
)

// MaxChunk is the size of the largest piece of a voice note on the wire, in bytes.
const MaxChunk = 64 << 10

// AudioToWire turns the input of a voice note and what is known of its sound into the first message of the stream; the
// Reader is not touched.
func AudioToWire(input Input, audio Audio) *analyzerv1.ListenRequest {
	return &analyzerv1.ListenRequest{Part: &analyzerv1.ListenRequest_Start{Start: &analyzerv1.ListenStart{
		Input: inputToWire(input),
		Audio: &analyzerv1.Audio{Mime: valid(audio.MIME), Bytes: max(audio.Bytes, 0), DurationMs: max(audio.Duration, 0).Milliseconds()},
	}}}
}

func audioFromWire(start *analyzerv1.ListenStart, stream listening) (Input, Audio) {
	known := start.GetAudio()
	return inputFromWire(start.GetInput()), Audio{
		Reader: &soundReader{stream: stream, expected: known.GetBytes()}, MIME: known.GetMime(), Bytes: known.GetBytes(),
		Duration: time.Duration(known.GetDurationMs()) * time.Millisecond,
	}
}

// listening is the plugin's end of a Listen call.
type listening = grpc.ClientStreamingServer[analyzerv1.ListenRequest, analyzerv1.ListenResponse]

// soundReader reads the chunks of a stream; while nobody reads, the sender is held up by the stream's window.
type soundReader struct {
	stream   listening
	rest     []byte
	expected int64 // bytes; 0: unknown
	got      int64
	err      error // what ended it
}

// Read implements io.Reader.
func (r *soundReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 && len(p) > 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.next()
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// next takes one message from the stream.
func (r *soundReader) next() {
	message, err := r.stream.Recv()
	switch {
	case errors.Is(err, io.EOF) && r.got < r.expected:
		r.err = io.ErrUnexpectedEOF
	case err != nil:
		r.err = err
	case message.GetStart() != nil:
		r.err = Errorf(Internal, "the stream has two beginnings")
	default:
		r.rest = message.GetChunk()
		r.got += int64(len(r.rest))
	}
}

// Listen hands a voice note to the Listener.
func (s *service) Listen(stream listening) error {
	listener, ok := s.analyzer.(Listener)
	if !ok {
		return status.Error(codes.Unimplemented, "this plugin does not listen")
	}
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	if first.GetStart() == nil {
		return status.Error(codes.InvalidArgument, "the stream does not begin with its start")
	}
	input, audio := audioFromWire(first.GetStart(), stream)
	return stream.SendAndClose(&analyzerv1.ListenResponse{Result: resultsToWire([]Result{heard(stream, listener, input, audio)})[0]})
}

// heard is one judgement; a panic of the author's code becomes its error.
func heard(stream listening, listener Listener, input Input, audio Audio) (result Result) {
	defer func() {
		if caught := caught(recover()); caught != nil {
			result = Result{ID: input.ID, Err: caught}
		}
	}()
	outcomes, err := listener.Listen(stream.Context(), input, audio)
	if err != nil {
		return Result{ID: input.ID, Err: AsError(err)}
	}
	return Result{ID: input.ID, Outcomes: outcomes}
}
