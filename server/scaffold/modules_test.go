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

// goList runs go list on FinCo's own module.
func goList(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	var faults bytes.Buffer
	cmd.Stderr = &faults
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v\n%s", args, err, faults.String())
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
	return strings.TrimSpace(goList(t, "-m", "-f", "{{.GoVersion}}"))
}

// neededModules are those whose packages the contract's packages import, whatever the operating system.
func neededModules(t *testing.T) []string {
	t.Helper()
	out := goList(t, "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}",
		"github.com/fincokpi/finco/plugins/analyzer", "github.com/fincokpi/finco/plugins/proto/v1")
	modules := slices.DeleteFunc(strings.Split(out, "\n"), func(line string) bool { return line == "" })
	slices.Sort(modules)
	return slices.Compact(modules)
}

// neededSums are FinCo's sums of what a Go project builds with; further modules of the graph are not looked at.
func neededSums(t *testing.T, modules []string) string {
	t.Helper()
	sums, err := os.ReadFile("../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(string(sums)), "\n") {
		fields := strings.Fields(line)
		if slices.Contains(modules, fields[0]+" "+strings.TrimSuffix(fields[1], "/go.mod")) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
