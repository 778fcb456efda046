package analyzer

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	analyzerv1 "github.com/fincokpi/finco/plugins/proto/v1"
)

type ear struct {
	input Input
	audio Audio
	heard string
	err   error
}

func (*ear) Describe() Description {
	return Description{Name: "ear", Version: "1", Kinds: []Kind{Transcript}, Audio: true}
}

func (*ear) Configure(json.RawMessage) error { return nil }

func (*ear) Analyze(context.Context, []Input) ([]Result, error) { panic("never called") }

func (e *ear) Listen(_ context.Context, input Input, audio Audio) ([]Outcome, error) {
	sound, err := io.ReadAll(iotest.OneByteReader(audio.Reader))
	audio.Reader = nil
	e.input, e.audio, e.heard, e.err = input, audio, string(sound), err
	return []Outcome{{Kind: Transcript, Text: string(sound)}}, err
}

// mute describes itself as an ear and is none.
type mute struct{ Analyzer }

func dial(t *testing.T, a Analyzer) analyzerv1.AnalyzerServiceClient {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	analyzerv1.RegisterAnalyzerServiceServer(server, &service{analyzer: a})
	go func() { _ = server.Serve(listener) }() // ends with Stop
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///ear", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return listener.Dial() }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return analyzerv1.NewAnalyzerServiceClient(conn)
}

func chunk(text string) *analyzerv1.ListenRequest {
	return &analyzerv1.ListenRequest{Part: &analyzerv1.ListenRequest_Chunk{Chunk: []byte(text)}}
}

func send(t *testing.T, client analyzerv1.AnalyzerServiceClient, requests ...*analyzerv1.ListenRequest) (*analyzerv1.Result, error) {
	t.Helper()
	stream, err := client.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range requests {
		if err := stream.Send(request); err != nil {
			break // the answer says why
		}
	}
	response, err := stream.CloseAndRecv()
	return response.GetResult(), err
}

func TestListenOverTheWire(t *testing.T) {
	t.Parallel()
	e := &ear{}
	client := dial(t, e)
	input := Input{ID: "1", Language: "uz", Side: Customer, At: time.UnixMilli(1_790_000_000_123).UTC()}
	audio := Audio{MIME: "audio/ogg", Bytes: 8, Duration: 1500 * time.Millisecond}
	start := AudioToWire(input, audio)
	result, err := send(t, client, start, chunk("Ogg"), chunk(""), chunk("S opu"))
	if err != nil || result.GetError() != nil || result.GetId() != "1" || result.GetOutcomes()[0].GetText() != "OggS opu" {
		t.Errorf("got %v, %v", result, err)
	}
	if !reflect.DeepEqual(e.input, input) || e.audio != audio {
		t.Errorf("got %+v, %+v", e.input, e.audio)
	}
	result, err = send(t, client, start, chunk("Ogg"))
	if err != nil || result.GetError() == nil || !errors.Is(e.err, io.ErrUnexpectedEOF) || e.heard != "Ogg" {
		t.Errorf("a cut sound: %v, %v; the plugin saw %v", result, err, e.err)
	}
	if result, err = send(t, client, start, chunk("Ogg"), start); err != nil || result.GetError() == nil || e.err == nil {
		t.Errorf("two beginnings: %v, %v", result, err)
	}
	if _, err = send(t, client, chunk("Ogg")); status.Code(err) != codes.InvalidArgument {
		t.Errorf("no beginning: %v", err)
	}
	if _, err = send(t, client); err == nil {
		t.Error("nothing at all was answered")
	}
}

func TestWhoSaysAudioMustListen(t *testing.T) {
	t.Parallel()
	client := dial(t, mute{&ear{}})
	if _, err := client.Describe(t.Context(), &analyzerv1.DescribeRequest{}); err == nil || !strings.Contains(err.Error(), "no Listen") {
		t.Errorf("got %v", err)
	}
	if _, err := send(t, client, AudioToWire(Input{ID: "1"}, Audio{})); status.Code(err) != codes.Unimplemented {
		t.Errorf("got %v", err)
	}
}
