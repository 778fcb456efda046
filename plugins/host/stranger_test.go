package host

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzertest"
)

// TestStrangersWithoutCertificates: a bare gRPC server and one of go-plugin's, neither built with plugins/analyzer, run, judge
// and end.
func TestStrangersWithoutCertificates(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.path = buildStranger(t)
	for _, name := range []string{"bare", "goplugin"} {
		path := b.as(name)
		if _, err := b.Add(t.Context(), b.unset(name, path)); err != nil {
			t.Fatal(err)
		}
		results, err := b.Analyze(t.Context(), name, "1", texts("a"))
		if err != nil || results[0].Err != nil || results[0].Outcomes[0].Label != analyzer.No {
			t.Errorf("%s: got %+v, %v", name, results, err)
		}
		gone := b.process(name)
		b.Remove(t.Context(), name)
		<-gone
	}
}

// TestSettingsAreCheckedForStrangers: what a plugin's own description forbids does not reach it, and its defaults do.
func TestSettingsAreCheckedForStrangers(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.path = buildStranger(t)
	spec := b.unset("bare", b.as("bare"))
	for settings, says := range map[string]string{`{"colour":1}`: `"colour" is not a setting`, `{"mark":1}`: "mark must be of type string", `[]`: "one JSON object"} {
		spec.Settings = []byte(settings)
		if _, err := b.Add(t.Context(), spec); domain.KindOf(err) != domain.KindInvalid || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v", settings, err)
		}
	}
	spec.Settings = nil // the stranger starts only if its default is handed to it
	if _, err := b.Add(t.Context(), spec); err != nil {
		t.Error(err)
	}
}

// TestOnlyThePrivateSocketIsDialled: an address that others can reach, or a certificate that nobody asked for, ends the start.
func TestOnlyThePrivateSocketIsDialled(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) { c.StartTimeout = 5 * time.Second })
	b.path = buildStranger(t)
	for name, says := range map[string]string{
		"tcp": `network "tcp"`, "abstract": "PLUGIN_UNIX_SOCKET_DIR", "outside": "PLUGIN_UNIX_SOCKET_DIR",
		"certificate": "no certificates", "goplugin-tls": "can't be reached",
	} {
		_, err := b.Add(t.Context(), b.unset(name, b.as(name)))
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "analyzer "+name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestSocketIsPrivate looks at the folder and the socket of a running plugin.
func TestSocketIsPrivate(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.mustAdd("1")
	results, err := b.Analyze(t.Context(), "p", "", texts("env"))
	if err != nil {
		t.Fatal(err)
	}
	folder := variable(t, results[0], "PLUGIN_UNIX_SOCKET_DIR")
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("%s: %v, %v", folder, info, err)
	}
	if sockets, err := filepath.Glob(filepath.Join(folder, "plugin*")); err != nil || len(sockets) != 1 {
		t.Errorf("sockets in the folder: %v, %v", sockets, err)
	}
	if certificate := variable(t, results[0], "PLUGIN_CLIENT_CERT"); certificate != "" {
		t.Error("the plugin was handed a certificate")
	}
	b.Close(t.Context())
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder is left behind: %v", err)
	}
}

func buildStranger(t *testing.T) string {
	t.Helper()
	path, err := analyzertest.Build(t.Context(), t.TempDir(), "github.com/fincokpi/finco/plugins/analyzertest/testdata/stranger")
	if err != nil {
		t.Fatal(err)
	}
	return path
}
