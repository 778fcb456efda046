// A plugin by somebody who never heard of plugins/analyzer: a gRPC server and one line on stdout, as in any language. Its
// file's name says which freedom it takes with the address and with certificates.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/fincokpi/finco/plugins/analyzer"
	analyzerv1 "github.com/fincokpi/finco/plugins/proto/v1"
)

type stranger struct {
	analyzerv1.UnimplementedAnalyzerServiceServer
}

func (stranger) Describe(context.Context, *analyzerv1.DescribeRequest) (*analyzerv1.DescribeResponse, error) {
	return &analyzerv1.DescribeResponse{
		Name: "stranger", Version: "1", Kinds: []*analyzerv1.KindInfo{{Kind: analyzerv1.Kind_KIND_QUESTION}},
		Settings: []*analyzerv1.Setting{{Key: "mark", Type: analyzerv1.SettingType_SETTING_TYPE_STRING, DefaultJson: `"?"`, Doc: "What ends a question."}},
	}, nil
}

func (stranger) Configure(_ context.Context, request *analyzerv1.ConfigureRequest) (*analyzerv1.ConfigureResponse, error) {
	schema := []analyzer.Setting{{Key: "mark", Type: analyzer.String, Required: true}} // the host fills in the default
	if _, err := analyzer.CompleteSettings(schema, []byte(request.GetSettingsJson())); err != nil {
		return &analyzerv1.ConfigureResponse{Error: &analyzerv1.Error{Kind: analyzerv1.ErrorKind_ERROR_KIND_INVALID, Message: "settings"}}, nil
	}
	return &analyzerv1.ConfigureResponse{}, nil
}

func (stranger) Analyze(_ context.Context, request *analyzerv1.AnalyzeRequest) (*analyzerv1.AnalyzeResponse, error) {
	response := &analyzerv1.AnalyzeResponse{}
	for _, input := range slices.Backward(request.GetInputs()) { // any order will do
		response.Results = append(response.Results, &analyzerv1.Result{
			Id: input.GetId(), Outcomes: []*analyzerv1.Outcome{{Kind: analyzerv1.Kind_KIND_QUESTION, Label: "no", Confidence: 0.5}},
		})
	}
	return response, nil
}

// served joins it to go-plugin, for those who use that in Go.
type served struct {
	plugin.NetRPCUnsupportedPlugin
	stranger
}

func (s served) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	analyzerv1.RegisterAnalyzerServiceServer(server, s.stranger)
	return nil
}

func (served) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("no client")
}

func is(name string) bool { return filepath.Base(os.Args[0]) == name }

func main() {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "goplugin") {
		config := &plugin.ServeConfig{
			HandshakeConfig: analyzer.Handshake, GRPCServer: plugin.DefaultGRPCServer,
			VersionedPlugins: map[int]plugin.PluginSet{1: {analyzer.ServiceName: served{}}},
		}
		if is("goplugin-tls") {
			config.TLSProvider = func() (*tls.Config, error) {
				return &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("none") }}, nil
			}
		}
		plugin.Serve(config)
		return
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	network, address := "unix", filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "socket")
	switch {
	case is("tcp"):
		network, address = "tcp", "127.0.0.1:0"
	case is("abstract"):
		address = fmt.Sprintf("@stranger-%d", os.Getpid())
	case is("outside"):
		address = filepath.Join(filepath.Dir(os.Args[0]), "socket")
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(analyzer.MaxMessage))
	analyzerv1.RegisterAnalyzerServiceServer(server, stranger{})
	alive := health.NewServer()
	alive.SetServingStatus("plugin", healthv1.HealthCheckResponse_SERVING)
	healthv1.RegisterHealthServer(server, alive)
	certificate := ""
	if is("certificate") {
		certificate = "|" + strings.Repeat("A", 100)
	}
	fmt.Printf("1|1|%s|%s|grpc%s\n", network, listener.Addr(), certificate)
	return server.Serve(listener)
}
