// A plugin that does what plugins must not do. How it misbehaves at the start follows from its file's name, later from
// the text it is given.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin"

	"github.com/fincokpi/finco/plugins/analyzer"
)

type misbehaving struct{ version string }

func (m *misbehaving) Describe() analyzer.Description {
	d := analyzer.Description{
		Name: "misbehaving", Version: m.version, Kinds: []analyzer.Kind{analyzer.Sentiment},
		Settings: []analyzer.Setting{{Key: "version", Type: analyzer.String, Doc: "What to call itself."}},
	}
	if is("nameless") {
		d.Name, d.Kinds = "", nil
	}
	return d
}

func (m *misbehaving) Configure(settings json.RawMessage) error {
	var wanted struct{ Version string }
	if err := json.Unmarshal(settings, &wanted); err != nil {
		return err
	}
	if wanted.Version == "impossible" {
		return errors.New("no such version")
	}
	m.version = wanted.Version
	if is("quits") { // not before the host was told that all is well
		go func() {
			time.Sleep(50 * time.Millisecond)
			os.Exit(9)
		}()
	}
	return nil
}

func (m *misbehaving) Analyze(ctx context.Context, inputs []analyzer.Input) ([]analyzer.Result, error) {
	results := make([]analyzer.Result, 0, len(inputs))
	for _, in := range inputs {
		result := analyzer.Result{ID: in.ID, Outcomes: []analyzer.Outcome{{Kind: analyzer.Sentiment, Label: m.version, Confidence: 1}}}
		word, argument, _ := strings.Cut(in.Text, " ")
		act, ok := acts[word]
		if ok {
			if err := act(ctx, argument, &result); err != nil {
				return nil, err
			}
		}
		switch word {
		case "missing":
		case "double":
			results = append(results, result, result)
		default:
			results = append(results, result)
		}
	}
	return results, nil
}

type act func(ctx context.Context, argument string, result *analyzer.Result) error

var acts = map[string]act{
	"hang":  func(context.Context, string, *analyzer.Result) error { select {} },
	"crash": func(context.Context, string, *analyzer.Result) error { go func() { panic("crash") }(); select {} },
	"exit":  func(context.Context, string, *analyzer.Result) error { os.Exit(7); return nil },
	"panic": func(context.Context, string, *analyzer.Result) error { panic("a message's text") },
	"freeze": func(context.Context, string, *analyzer.Result) error {
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		select {}
	},
	"error": func(_ context.Context, text string, _ *analyzer.Result) error { return errors.New(text) },
	"busy": func(context.Context, string, *analyzer.Result) error {
		return analyzer.Downstreamf(analyzer.Unavailable, "the model server is away")
	},
	"refuse": func(_ context.Context, _ string, r *analyzer.Result) error {
		r.Outcomes, r.Err = nil, analyzer.Errorf(analyzer.Invalid, "not this one")
		return nil
	},
	"wrong":    func(_ context.Context, _ string, r *analyzer.Result) error { r.ID = "somebody else"; return nil },
	"nan":      func(_ context.Context, _ string, r *analyzer.Result) error { return score(r, math.NaN()) },
	"range":    func(_ context.Context, _ string, r *analyzer.Result) error { return score(r, 1.01) },
	"infinite": func(_ context.Context, _ string, r *analyzer.Result) error { return score(r, math.Inf(1)) },
	"kind": func(_ context.Context, _ string, r *analyzer.Result) error {
		r.Outcomes[0].Kind = analyzer.Topic
		return nil
	},
	"huge": func(_ context.Context, _ string, r *analyzer.Result) error {
		r.Outcomes[0].Label = strings.Repeat("x", 20<<20)
		return nil
	},
	"gigabyte": func(_ context.Context, _ string, r *analyzer.Result) error {
		r.Outcomes[0].Label = strings.Repeat("x", 1<<30)
		return nil
	},
	"eat":   eat,
	"fork":  fork,
	"bomb":  bomb,
	"feed":  feed,
	"crowd": crowd,
	"flood": flood,
	"env": func(_ context.Context, _ string, r *analyzer.Result) error {
		r.Outcomes[0].Details, _ = json.Marshal(map[string]any{"env": os.Environ()})
		return nil
	},
	"print": func(_ context.Context, text string, _ *analyzer.Result) error {
		fmt.Fprintln(os.Stderr, "cannot read", text)
		analyzer.Logger().Error("odd", "text", text)
		return nil
	},
	"wait": wait,
}

func score(r *analyzer.Result, value float64) error {
	r.Outcomes[0].Score = &value
	return nil
}

// eat takes memory until somebody stops it.
func eat(context.Context, string, *analyzer.Result) error {
	for hoard := [][]byte(nil); ; {
		block := make([]byte, 1<<20)
		for i := range block {
			block[i] = byte(i)
		}
		hoard = append(hoard, block)
		if len(hoard) > 16<<10 {
			return errors.New("nobody stopped it")
		}
	}
}

// wait says "here" on the named pipe <path>.begun and answers when <path>.go says something.
func wait(_ context.Context, path string, _ *analyzer.Result) error {
	if err := os.WriteFile(path+".begun", []byte("here\n"), 0o600); err != nil {
		return err
	}
	_, err := os.ReadFile(path + ".go")
	return err
}

func is(name string) bool { return strings.HasPrefix(filepath.Base(os.Args[0]), name) }

func main() {
	switch {
	case os.Getenv(childEnv) != "":
		_ = eat(context.Background(), "", nil) // ends when it is ended
	case is("exits"):
		os.Exit(3)
	case is("mute"):
		time.Sleep(time.Hour)
	case is("rubbish"):
		for {
			if _, err := os.Stdout.WriteString(strings.Repeat("rubbish", 1000)); err != nil {
				os.Exit(1)
			}
		}
	case is("future"):
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig: analyzer.Handshake, VersionedPlugins: map[int]plugin.PluginSet{99: {}}, GRPCServer: plugin.DefaultGRPCServer,
		})
	}
	m := &misbehaving{version: "1"}
	switch {
	case is("hears"):
		analyzer.Serve(&hearing{m})
	case is("deaf"):
		analyzer.Serve(deaf{&hearing{m}})
	}
	analyzer.Serve(m)
}
