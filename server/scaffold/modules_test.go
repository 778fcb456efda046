package scaffold

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// inModule runs the go command in a module and returns what it prints; flags such as -mod=mod let it write go.mod.
func inModule(t *testing.T, dir, flags string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS="+flags, "GOPROXY=off", "GOWORK=off", "CGO_ENABLED=0")
	var faults bytes.Buffer
	cmd.Stderr = &faults
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, faults.String())
	}
	return string(out)
}

// TestModules holds the modules and sums of a Go project to FinCo's own. FINCO_UPDATE_GOLDEN=1 writes them anew.
func TestModules(t *testing.T) {
	t.Parallel()
	modules := neededModules(t)
	golden(t, filepath.Join("templates/go", modulesFile), "go "+goVersion(t)+"\n"+strings.Join(modules, "\n")+"\n")
	golden(t, "templates/go/go.sum", neededSums(t, modules))
}

func golden(t *testing.T, path, want string) {
	t.Helper()
	if os.Getenv("FINCO_UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what FinCo itself uses (%v): run FINCO_UPDATE_GOLDEN=1 go test ./server/scaffold, then build anew", path, err)
	}
}

func goVersion(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(inModule(t, ".", "-mod=readonly", "list", "-m", "-f", "{{.GoVersion}}"))
}

// neededModules are those whose packages the contract's packages import, whatever the operating system.
func neededModules(t *testing.T) []string {
	t.Helper()
	out := inModule(t, ".", "-mod=readonly", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}",
		"github.com/fincokpi/finco/plugins/analyzer", "github.com/fincokpi/finco/plugins/proto/v1")
	modules := slices.DeleteFunc(strings.Split(out, "\n"), func(line string) bool { return line == "" })
	slices.Sort(modules)
	return slices.Compact(modules)
}

// neededSums are FinCo's sums of what a Go project builds with, and of the go.mod files of everything in its graph.
func neededSums(t *testing.T, modules []string) string {
	t.Helper()
	sums, err := os.ReadFile("../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	project := t.TempDir()
	text := "module example.com/graph\n\ngo " + goVersion(t) + "\n\nrequire (\n\t" + strings.Join(modules, "\n\t") + "\n)\n"
	for name, content := range map[string]string{"go.mod": text, "go.sum": string(sums)} {
		if err := os.WriteFile(filepath.Join(project, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	needed := map[string]bool{}
	for _, word := range strings.Fields(inModule(t, project, "-mod=mod", "mod", "graph")) {
		path, version, _ := strings.Cut(word, "@")
		needed[path+" "+version+"/go.mod"] = true
	}
	for _, module := range modules {
		needed[module] = true
	}
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(string(sums)), "\n") {
		fields := strings.Fields(line)
		if needed[fields[0]+" "+fields[1]] {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
