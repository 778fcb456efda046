package proto

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestGeneratedIsCurrent generates anew beside the tree and compares byte by byte.
func TestGeneratedIsCurrent(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if out, err := exec.Command("go", "run", "-buildvcs=false", "gen.go", "-out", folder, "v1/analyzer.proto").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"v1/analyzer.pb.go", "v1/analyzer_grpc.pb.go"} {
		fresh, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		committed, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(fresh, committed) {
			t.Errorf("%s is stale: run go generate ./plugins/proto", name)
		}
	}
}
