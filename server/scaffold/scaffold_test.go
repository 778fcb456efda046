package scaffold_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
	"github.com/fincokpi/finco/plugins/analyzertest"
	"github.com/fincokpi/finco/server/scaffold"
)

const packages = "templates/typescript/node_modules"

// languages are those that can be built here: Go and TypeScript always, Python where grpcio is installed.
func languages(t *testing.T) []string {
	t.Helper()
	found := []string{"go", "typescript"}
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), python, "-c", "import grpc, google.protobuf").Run() == nil {
			return append(found, "python")
		}
	}
	return found
}

// npm has a TypeScript project's packages installed.
func npm(t *testing.T) {
	t.Helper()
	if err := installed(); err != nil {
		t.Fatalf("The packages of the TypeScript project cannot be installed, which needs Node.js with npm, and the network or npm's cache: %v", err)
	}
}

// installed installs what the lock file says, once, unless it is there: npm writes node_modules/.package-lock.json last.
var installed = sync.OnceValue(func() error {
	const project = "templates/typescript"
	there, err := os.Stat(project + "/node_modules/.package-lock.json")
	wanted, err2 := os.Stat(project + "/package-lock.json")
	if err == nil && err2 == nil && !there.ModTime().Before(wanted.ModTime()) {
		return nil
	}
	cmd := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error")
	cmd.Dir = project
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
})

// project writes one and gives a TypeScript project its packages.
func project(t *testing.T, lang, kind string) (dir, executable string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "made", "here")
	written, err := scaffold.Write(scaffold.Options{Name: "own-" + lang, Lang: lang, Kind: kind, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if lang == "typescript" {
		there, err := filepath.Abs(packages)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(there, filepath.Join(dir, "node_modules")); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, "package-lock.json"), time.Unix(0, 0), time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
	}
	return dir, filepath.Join(dir, written.Executable)
}

func mustMake(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "make", append([]string{"-C", dir}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("make %v: %v\n%s", args, err, out)
	}
}

// TestProjects writes the worked example of each kind in each language and runs its own tests; the first kind it builds, asks
// something, and has the conformance suite examine.
func TestProjects(t *testing.T) {
	t.Parallel()
	npm(t)
	for _, lang := range languages(t) {
		for i, kind := range scaffold.Kinds() {
			t.Run(lang+"/"+kind, func(t *testing.T) {
				t.Parallel()
				dir, executable := project(t, lang, kind)
				mustMake(t, dir, "test")
				if i > 0 {
					return
				}
				mustMake(t, dir, "build")
				alone := filepath.Join(t.TempDir(), "alone-0.1.0") // as an installation names it
				if err := os.Rename(executable, alone); err != nil {
					t.Fatal(err)
				}
				ask(t, alone, "own-"+lang, kind)
				analyzertest.Check(t, alone)
			})
		}
	}
}

// ask starts the executable as the host does and compares what it says of a text with what it should.
func ask(t *testing.T, executable, name, kind string) {
	t.Helper()
	checksum, err := process.Checksum(executable)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	plugin, err := process.Start(ctx, process.Options{Path: executable, Checksum: checksum, Log: slog.New(slog.DiscardHandler), StartTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer plugin.Stop(ctx)
	if d := plugin.Description(); d.Name != name || len(d.Kinds) != 1 || !strings.EqualFold(string(d.Kinds[0]), kind) || d.Version == "" || len(d.Settings) != 1 {
		t.Errorf("it describes itself as %+v", d)
	}
	results, err := plugin.Analyze(ctx, []analyzer.Input{
		{ID: "first", Text: "Assalomu alaykum, rahmat! Narxi qancha?", Side: analyzer.Customer}, {ID: "second", Text: "👍"},
	})
	if err != nil || len(results) != 2 || len(results[0].Outcomes) != 1 || len(results[1].Outcomes) != 0 {
		t.Fatalf("%+v %v", results, err)
	}
	got := results[0].Outcomes[0]
	if got.Score == nil || *got.Score != 100 || got.Confidence != 0.7 || string(got.Details) != `{"reason":"words found: 2 courteous, 0 rude","evidence":["Assalomu","rahmat"]}` {
		t.Errorf("%+v %s", got, got.Details)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fresh := filepath.Join(dir, "fresh")
	for _, c := range []struct {
		options scaffold.Options
		kind    domain.Kind
		says    string
	}{
		{scaffold.Options{Name: "", Lang: "go", Dir: fresh}, domain.KindInvalid, "lower case"},
		{scaffold.Options{Name: "Mine", Lang: "go", Dir: fresh}, domain.KindInvalid, "lower case"},
		{scaffold.Options{Name: "../mine", Lang: "go", Dir: fresh}, domain.KindInvalid, "lower case"},
		{scaffold.Options{Name: "mine", Lang: "cobol", Dir: fresh}, domain.KindInvalid, "go, python, typescript"},
		{scaffold.Options{Name: "mine", Lang: "go", Kind: "mood", Dir: fresh}, domain.KindInvalid, "is no kind"},
		{scaffold.Options{Name: "mine", Lang: "go", Kind: "transcript", Dir: fresh}, domain.KindInvalid, "no worked example"},
		{scaffold.Options{Name: "mine", Lang: "go", Dir: dir}, domain.KindConflict, "there already"},
	} {
		_, err := scaffold.Write(c.options)
		if domain.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c.options, err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("a refusal left %v %v", left, err)
	}
}

// Installing asks where, because the folder of a project is never a server's.
func TestInstallingAsksWhere(t *testing.T) {
	t.Parallel()
	for _, lang := range scaffold.Languages() {
		dir := filepath.Join(t.TempDir(), lang)
		if _, err := scaffold.Write(scaffold.Options{Name: "mine", Lang: lang, Dir: dir}); err != nil {
			t.Fatal(err)
		}
		for data, says := range map[string]string{"": "Say where the server's data is", "/some/where": "/some/where analyzer install bin/mine --shadow"} {
			cmd := exec.CommandContext(t.Context(), "make", "-C", dir, "-o", "build", "install", `FINCO=sh -c 'echo $$FINCO_DATA_DIR $$*' finco`, "DATA="+data)
			if out, err := cmd.CombinedOutput(); !strings.Contains(string(out), says) || (err == nil) != (data != "") {
				t.Errorf("%s, DATA=%s: %v\n%s", lang, data, err, out)
			}
		}
	}
}

// TestContractIsFinCos holds what a project has of the contract to FinCo's own files.
func TestContractIsFinCos(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mine")
	if _, err := scaffold.Write(scaffold.Options{Name: "mine", Lang: "go", Dir: dir}); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"plugins/analyzer", "plugins/proto/v1"} {
		entries, err := os.ReadDir(filepath.Join("../..", folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			name := entry.Name()
			if entry.IsDir() || strings.HasSuffix(name, "_test.go") || name == "sources.go" {
				continue
			}
			own, err := os.ReadFile(filepath.Join("../..", folder, name))
			if err != nil {
				t.Fatal(err)
			}
			copied, err := os.ReadFile(filepath.Join(dir, "finco", folder, name))
			if err != nil || !slices.Equal(own, copied) {
				t.Errorf("%s/%s is not FinCo's: %v", folder, name, err)
			}
		}
	}
}
