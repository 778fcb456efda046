package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers what glass wraps
	"google.golang.org/grpc/mem"

	"github.com/fincokpi/finco/plugins/analyzer"
	analyzerv1 "github.com/fincokpi/finco/plugins/proto/v1"
)

// careless stands for a plugin in a language where nobody checked the settings before.
type careless struct {
	plugin.NetRPCUnsupportedPlugin
	analyzerv1.UnimplementedAnalyzerServiceServer
}

func (c *careless) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	analyzerv1.RegisterAnalyzerServiceServer(server, c)
	return nil
}

func (*careless) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("no client")
}

func (*careless) Describe(context.Context, *analyzerv1.DescribeRequest) (*analyzerv1.DescribeResponse, error) {
	return &analyzerv1.DescribeResponse{Name: "careless", Version: "1", Kinds: []*analyzerv1.KindInfo{{Kind: analyzerv1.Kind_KIND_QUESTION}}}, nil
}

func (*careless) Configure(_ context.Context, request *analyzerv1.ConfigureRequest) (*analyzerv1.ConfigureResponse, error) {
	if has("brittle") && strings.Contains(request.GetSettingsJson(), "no setting of that name") {
		os.Exit(4)
	}
	return &analyzerv1.ConfigureResponse{}, nil
}

func (*careless) Analyze(_ context.Context, request *analyzerv1.AnalyzeRequest) (*analyzerv1.AnalyzeResponse, error) {
	response := &analyzerv1.AnalyzeResponse{}
	if has("eager") && len(request.GetInputs()) == 0 {
		response.Results = append(response.Results, &analyzerv1.Result{})
	}
	for _, input := range request.GetInputs() {
		response.Results = append(response.Results, &analyzerv1.Result{Id: input.GetId()})
	}
	return response, nil
}

// glass breaks at bytes that are no UTF-8, where a careful one answers with an error.
type glass struct{ encoding.CodecV2 }

// Unmarshal implements encoding.CodecV2; the first bytes of a request with a text are tags and lengths below 0x80.
func (g glass) Unmarshal(data mem.BufferSlice, v any) error {
	if _, analyzes := v.(*analyzerv1.AnalyzeRequest); analyzes && has("glass") && data.Len() < 100 && !utf8.Valid(data.Materialize()) {
		os.Exit(5)
	}
	return g.CodecV2.Unmarshal(data, v)
}

func serveCarelessly() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: analyzer.Handshake,
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, grpc.ForceServerCodecV2(glass{encoding.GetCodecV2("proto")}))...)
		},
		VersionedPlugins: map[int]plugin.PluginSet{1: {analyzer.ServiceName: &careless{}}},
	})
}
