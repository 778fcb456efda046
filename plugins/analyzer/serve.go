package analyzer

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	analyzerv1 "github.com/fincokpi/finco/plugins/proto/v1"
)

// ProtocolVersion is the newest version of the wire that this package speaks.
const ProtocolVersion = 1

// MaxMessage is the size of the largest message either way, in bytes.
const MaxMessage = 16 << 20

// window is how many bytes of a stream may wait for a plugin that has not read them. Left alone, gRPC lets it grow to 16 MiB.
const window = 256 << 10

// gcPercent trades a tenth of the processor's time for a fifth of the memory: a host runs a dozen plugins, each of which
// holds a model and little else between batches.
const gcPercent = 50

// Handshake lets a plugin that someone starts by hand say that it is one. It is no secret.
var Handshake = plugin.HandshakeConfig{MagicCookieKey: "FINCO_ANALYZER", MagicCookieValue: "1f3ad62a-8d5e-4c0c-a6a9-0bd4a8c7f2f1"}

// ServiceName is the name under which go-plugin dispenses the analyzer.
const ServiceName = "analyzer"

// Main serves the analyzer that made returns. If it can't be made, the program says why and ends with status 1.
func Main[A Analyzer](made func() (A, error)) {
	a, err := made()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", filepath.Base(os.Args[0]), err)
		os.Exit(1)
	}
	Serve(a)
}

// Serve runs a plugin until the host ends it; a plugin's main calls nothing else, or Main. It never returns before that, and it
// exits with an explanation when started by hand.
func Serve(a Analyzer) {
	if own := debug.SetGCPercent(gcPercent); own != 100 {
		debug.SetGCPercent(own) // the author's choice, or GOGC's
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{ProtocolVersion: {ServiceName: &servedPlugin{analyzer: a}}},
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, grpc.MaxRecvMsgSize(MaxMessage), grpc.MaxSendMsgSize(MaxMessage),
				grpc.InitialWindowSize(window))...)
		},
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr, JSONFormat: true}),
	})
}

// Logger returns a logger whose lines reach the host's log with their level. Never log what a message says.
func Logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr { // the keys that go-plugin hosts expect
			if len(groups) > 0 {
				return attr
			}
			switch attr.Key {
			case slog.MessageKey:
				attr.Key = "@message"
			case slog.LevelKey:
				attr.Key = "@level"
			case slog.TimeKey:
				attr.Key = "@timestamp"
			}
			return attr
		},
	}))
}

// servedPlugin joins an Analyzer to go-plugin; the client half is unused, hosts dial the generated client.
type servedPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	analyzer Analyzer
}

func (p *servedPlugin) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	analyzerv1.RegisterAnalyzerServiceServer(server, &service{analyzer: p.analyzer})
	return nil
}

func (p *servedPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, fmt.Errorf("a served plugin is not a client")
}

// service translates between the wire and an Analyzer. A panic of the author's code fails the call, not the process: the
// other calls in flight are innocent.
type service struct {
	analyzerv1.UnimplementedAnalyzerServiceServer
	analyzer Analyzer
}

func (s *service) Describe(context.Context, *analyzerv1.DescribeRequest) (response *analyzerv1.DescribeResponse, err error) {
	defer func() {
		if caught := caught(recover()); caught != nil {
			response, err = nil, status.Error(codes.Internal, caught.Message)
		}
	}()
	d := s.analyzer.Describe()
	if _, listens := s.analyzer.(Listener); d.Audio && !listens {
		return nil, status.Error(codes.FailedPrecondition, "the description says audio, but the plugin has no Listen")
	}
	return descriptionToWire(d)
}

func (s *service) Configure(_ context.Context, request *analyzerv1.ConfigureRequest) (response *analyzerv1.ConfigureResponse, err error) {
	defer func() {
		if caught := caught(recover()); caught != nil {
			response, err = &analyzerv1.ConfigureResponse{Error: errorToWire(caught)}, nil
		}
	}()
	settings, err := CompleteSettings(s.analyzer.Describe().Settings, json.RawMessage(request.GetSettingsJson()))
	if err == nil {
		err = s.analyzer.Configure(settings)
	}
	return &analyzerv1.ConfigureResponse{Error: errorToWire(AsError(err))}, nil
}

func (s *service) Analyze(ctx context.Context, request *analyzerv1.AnalyzeRequest) (response *analyzerv1.AnalyzeResponse, err error) {
	defer func() {
		if caught := caught(recover()); caught != nil {
			response, err = &analyzerv1.AnalyzeResponse{Error: errorToWire(caught)}, nil
		}
	}()
	results, err := s.analyzer.Analyze(ctx, inputsFromWire(request))
	if err != nil {
		return &analyzerv1.AnalyzeResponse{Error: errorToWire(AsError(err))}, nil
	}
	return &analyzerv1.AnalyzeResponse{Results: resultsToWire(results)}, nil
}

// caught turns a panic into an error. The panic's value may quote a message, so only its type and place are told.
func caught(panicked any) *Error {
	if panicked == nil {
		return nil
	}
	Logger().Error("the analyzer panicked", "type", fmt.Sprintf("%T", panicked), "stack", string(debug.Stack()))
	return Errorf(Internal, "panic of type %T", panicked)
}
