//go:build unix

package process

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	goplugin "github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/fincokpi/finco/plugins/analyzer"
	analyzerv1 "github.com/fincokpi/finco/plugins/proto/v1"
)

// Defaults of Options.
const (
	DefaultStartTimeout = 10 * time.Second
	DefaultMemory       = 512 << 20
	stopGrace           = 2 * time.Second
	askGrace            = 200 * time.Millisecond
	maxHeaders          = 64 << 10 // bytes of gRPC headers, error messages among them
)

// Options say what to start and how far to trust it.
type Options struct {
	Path         string          // the executable
	Checksum     string          // its SHA-256 in hex, from where it was pinned; required
	Settings     json.RawMessage // for Configure; empty: {}
	Log          *slog.Logger    // required; gets the plugin's lines
	StartTimeout time.Duration   // until it described and configured itself
	Memory       int64           // bytes, of the plugin and its children
	MaxMessage   int             // bytes either way; at most and by default analyzer.MaxMessage
	Unconfigured bool            // leave out Configure: only to read the description
}

// Process is a running plugin, described and configured. Its methods may be called from several goroutines.
type Process struct {
	options     Options
	client      *plugin.Client
	runner      *runner
	conn        *grpc.ClientConn
	service     analyzerv1.AnalyzerServiceClient
	description analyzer.Description
	recent      *recent
	disposing   sync.Once
	disposed    chan struct{} // closed when go-plugin cleared its connection and folder
}

// Checksum returns the SHA-256 of a file in hex, as Options.Checksum wants it.
func Checksum(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	_, err = io.Copy(hash, file)
	return hex.EncodeToString(hash.Sum(nil)), errors.Join(err, file.Close())
}

// Start runs the file and returns when it has described and configured itself. Whatever fails, no process is left.
// Errors are *Failure of kind Refused (checksum, settings, a description against the contract), Crashed, Killed,
// TimedOut, Cancelled or Broken.
func Start(ctx context.Context, options Options) (*Process, error) {
	if options.StartTimeout <= 0 {
		options.StartTimeout = DefaultStartTimeout
	}
	if options.Memory <= 0 {
		options.Memory = DefaultMemory
	}
	if options.MaxMessage <= 0 || options.MaxMessage > analyzer.MaxMessage {
		options.MaxMessage = analyzer.MaxMessage
	}
	path, err := filepath.Abs(options.Path)
	if err != nil {
		return nil, fail(Refused, "path: %v", err)
	}
	options.Path = path
	p := &Process{options: options, recent: &recent{}, disposed: make(chan struct{})}
	if err := p.prepare(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, options.StartTimeout)
	defer cancel()
	err = p.connect(ctx)
	if err == nil {
		err = p.introduce(ctx)
	}
	if err != nil {
		p.Kill("the start failed")
		return nil, err
	}
	go func() {
		<-p.runner.done
		p.dispose()
	}()
	return p, nil
}

// prepare sets up go-plugin; nothing runs yet.
func (p *Process) prepare() error {
	checksum, err := hex.DecodeString(p.options.Checksum)
	if err != nil || len(checksum) != sha256.Size {
		return fail(Refused, "the pinned checksum is no SHA-256 in hex")
	}
	secure := &plugin.SecureConfig{Checksum: checksum, Hash: sha256.New()}
	sink := newSink(p.options.Log, p.recent)
	p.runner = newRunner(p.options.Path, p.options.Memory, sink)
	runnerFunc := func(_ hclog.Logger, template *exec.Cmd, dir string) (goplugin.Runner, error) {
		// The check stands here, directly before the start, to leave the least time for an exchange of the file.
		ok, err := secure.Check(p.options.Path)
		if err == nil && !ok {
			err = plugin.ErrChecksumsDoNotMatch
		}
		if err != nil {
			return nil, errors.Join(fail(Refused, "%v", err), os.RemoveAll(dir))
		}
		if err := private(dir); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		p.runner.prepare(template.Env, dir)
		return p.runner, nil
	}
	p.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  analyzer.Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{analyzer.ProtocolVersion: {}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		RunnerFunc:       runnerFunc,
		SkipHostEnv:      true,
		StartTimeout:     p.options.StartTimeout,
		SyncStdout:       &lineWriter{sink: sink},
		SyncStderr:       &lineWriter{sink: sink},
		Logger:           hclog.NewNullLogger(),
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithMaxHeaderListSize(maxHeaders),
			grpc.WithDefaultCallOptions(
				grpc.MaxCallRecvMsgSize(p.options.MaxMessage), grpc.MaxCallSendMsgSize(p.options.MaxMessage)),
		},
	})
	return nil
}

// connect starts the process and shakes hands. go-plugin takes no context there and can block for ever on a plugin that
// accepts but says nothing, so it runs aside and is freed by a kill.
func (p *Process) connect(ctx context.Context) error {
	type answer struct {
		protocol plugin.ClientProtocol
		err      error
	}
	answered := make(chan answer, 1)
	go func() {
		protocol, err := p.client.Client()
		answered <- answer{protocol, err}
	}()
	var got answer
	select {
	case got = <-answered:
	case <-ctx.Done():
		return failContext(ctx, "it did not shake hands")
	}
	if got.err != nil {
		var refused *Failure
		if errors.As(got.err, &refused) {
			return refused
		}
		if fault := p.runner.fault(); fault != nil {
			return fail(Broken, "no handshake: %v", fault)
		}
		return fail(Broken, "no handshake: %s", p.tellable(got.err.Error()))
	}
	wire, ok := got.protocol.(*plugin.GRPCClient)
	if !ok {
		return fail(Broken, "it does not speak gRPC")
	}
	p.conn, p.service = wire.Conn, analyzerv1.NewAnalyzerServiceClient(wire.Conn)
	return nil
}

// introduce asks the plugin what it is and hands it its settings.
func (p *Process) introduce(ctx context.Context) error {
	var described *analyzerv1.DescribeResponse
	err := p.call(ctx, "describe", func() (err error) {
		described, err = p.service.Describe(ctx, &analyzerv1.DescribeRequest{})
		return err
	})
	if err != nil {
		return err
	}
	p.description, err = analyzer.DescriptionFromWire(described)
	if err == nil {
		err = p.description.Check()
	}
	if err != nil {
		return fail(Refused, "%v", err)
	}
	if p.options.Unconfigured {
		return nil
	}
	settings, err := analyzer.CompleteSettings(p.description.Settings, p.options.Settings)
	if err != nil {
		return fail(Refused, "%v", err)
	}
	var configured *analyzerv1.ConfigureResponse
	err = p.call(ctx, "configure", func() (err error) {
		configured, err = p.service.Configure(ctx, &analyzerv1.ConfigureRequest{SettingsJson: string(settings)})
		return err
	})
	if err != nil {
		return err
	}
	switch wrong := analyzer.ErrorFromWire(configured.GetError()); {
	case wrong == nil:
		return nil
	case wrong.Kind == analyzer.Unavailable:
		return fail(Crashed, "configure: %s", p.tellable(wrong.Error()))
	default:
		return fail(Refused, "settings: %s", p.tellable(wrong.Error()))
	}
}

// Description returns what the plugin said about itself.
func (p *Process) Description() analyzer.Description { return p.description }

// Conn returns the connection, for who must say on the wire what Analyze would not: the conformance suite.
func (p *Process) Conn() grpc.ClientConnInterface { return p.conn }

// PID returns the process id.
func (p *Process) PID() int { return p.runner.processID() }

// ProtocolVersion returns the version of the wire that both sides agreed on.
func (p *Process) ProtocolVersion() int { return p.client.NegotiatedVersion() }

// Memory returns the resident bytes of the plugin and its children, 0 where the system does not tell.
func (p *Process) Memory() int64 {
	resident, _ := usage(p.PID())
	return resident
}

// OwnMemory returns the resident bytes of the plugin without its children, 0 where the system does not tell.
func (p *Process) OwnMemory() int64 { return resident(p.PID()) }

// Children returns how many processes the plugin has started that live.
func (p *Process) Children() int {
	_, processes := usage(p.PID())
	return max(processes-1, 0)
}

// Done is closed when the process and its children have ended.
func (p *Process) Done() <-chan struct{} { return p.runner.done }

// Reason says why the process ended; valid after Done.
func (p *Process) Reason() string { return p.runner.reason() }

// Exited says whether the process has ended. A dead go-plugin client goes on handing out connections, so callers ask here.
func (p *Process) Exited() bool {
	select {
	case <-p.runner.done:
		return true
	default:
		return false
	}
}

// Kill ends plugin and children at once, also when frozen. The reason given is what Reason tells.
func (p *Process) Kill(why string) {
	p.runner.kill(why)
	p.dispose()
}

// Stop asks the plugin to end: first as go-plugin does, 200 ms later, since in other languages few listen to that, with
// SIGTERM. Two seconds later or when ctx ends it kills, and it returns when the plugin is gone.
func (p *Process) Stop(ctx context.Context) {
	p.dispose()
	patience, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	ask := time.NewTimer(askGrace)
	defer ask.Stop()
	for waiting := true; waiting; {
		select {
		case <-p.runner.done:
			waiting = false
		case <-ask.C:
			p.runner.ask()
		case <-patience.Done():
			waiting = false
		}
	}
	p.runner.kill("the host stopped it")
	<-p.runner.done // SIGKILL is sure
	<-p.disposed
}

// dispose lets go-plugin close its connection, which asks the plugin to end, and remove its folder. On a frozen plugin that
// blocks until the kill, so it runs aside.
func (p *Process) dispose() {
	p.disposing.Do(func() {
		go func() {
			defer close(p.disposed)
			p.client.Kill()
		}()
	})
}

// Ping asks for the plugin's health; nil means it serves.
func (p *Process) Ping(ctx context.Context) error {
	return p.call(ctx, "health", func() error {
		answer, err := healthv1.NewHealthClient(p.conn).Check(ctx, &healthv1.HealthCheckRequest{Service: plugin.GRPCServiceName})
		if err == nil && answer.GetStatus() != healthv1.HealthCheckResponse_SERVING {
			return fail(Broken, "health: %s", answer.GetStatus())
		}
		return err
	})
}

// tellable shortens what a plugin said and withholds it if it repeats message text.
func (p *Process) tellable(text string) string { return p.recent.withhold(shorten(text, maxValue)) }
