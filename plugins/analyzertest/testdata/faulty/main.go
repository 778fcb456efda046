// A plugin with one fault, chosen by its file's name.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/fincokpi/finco/plugins/analyzer"
	analyzerv1 "github.com/fincokpi/finco/plugins/proto/v1"
)

func has(fault string) bool { return filepath.Base(os.Args[0]) == fault }

type faulty struct {
	mu   sync.Mutex
	last string
}

func (*faulty) Describe() analyzer.Description {
	d := analyzer.Description{Name: "faulty", Version: "1", Kinds: []analyzer.Kind{analyzer.Question}}
	if has("undoc") {
		d.Settings = []analyzer.Setting{{Key: "x", Type: analyzer.Bool}}
	}
	return d
}

func (*faulty) Configure(json.RawMessage) error {
	if !has("alone") {
		return nil
	}
	// A lock of the machine, as an author's fixed port or lock file would be; it ends with the process.
	_, err := net.Listen("unix", fmt.Sprintf("@finco-faulty-%d", os.Getppid()))
	return err
}

func (f *faulty) Analyze(ctx context.Context, inputs []analyzer.Input) ([]analyzer.Result, error) {
	results, err := analyzer.Each(ctx, inputs, f.judge)
	if has("drops") && len(results) > 10 {
		results = results[:10]
	}
	if has("swaps") && len(results) == 16 { // keeps the batch in a field that calls share
		f.mu.Lock()
		defer f.mu.Unlock()
		results[0].ID, f.last = f.last, results[0].ID
	}
	return results, err
}

func (*faulty) judge(_ context.Context, in analyzer.Input) ([]analyzer.Outcome, error) {
	switch {
	case has("empty"):
		_ = in.Text[0]
	case has("huge") && len(in.Text) > 1<<16:
		return nil, fmt.Errorf("too long")
	case has("odd") && strings.ContainsRune(in.Text, 0):
		os.Exit(2)
	case has("prints"):
		fmt.Fprintln(os.Stderr, "judging", in.Text)
	}
	return []analyzer.Outcome{{Kind: analyzer.Question, Label: analyzer.Yes}}, nil
}

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
	return nil, nil
}

func (*careless) Describe(context.Context, *analyzerv1.DescribeRequest) (*analyzerv1.DescribeResponse, error) {
	return &analyzerv1.DescribeResponse{Name: "careless", Version: "1", Kinds: []*analyzerv1.KindInfo{{Kind: analyzerv1.Kind_KIND_QUESTION}}}, nil
}

func (*careless) Configure(context.Context, *analyzerv1.ConfigureRequest) (*analyzerv1.ConfigureResponse, error) {
	return &analyzerv1.ConfigureResponse{}, nil
}

func main() {
	if has("accepts") {
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig: analyzer.Handshake, GRPCServer: plugin.DefaultGRPCServer,
			VersionedPlugins: map[int]plugin.PluginSet{1: {analyzer.ServiceName: &careless{}}},
		})
		return
	}
	analyzer.Serve(&faulty{})
}
