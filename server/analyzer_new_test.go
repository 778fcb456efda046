package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBeginAnAnalyzer(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	out := m.must("analyzer", "new", "mine", "--lang", "python")
	for _, step := range []string{"cd ", "make test", "analyzer test bin/mine", "FINCO_DATA_DIR=", "analyzer install bin/mine --shadow"} {
		if !strings.Contains(out, step) {
			t.Errorf("the next steps lack %q:\n%s", step, out)
		}
	}
	if info, err := os.Stat(filepath.Join(m.dir, "mine", "build.py")); err != nil || info.Mode().Perm()&0o100 == 0 {
		t.Errorf("%v %v", info, err)
	}
	for says, args := range map[string][]string{
		"there already": {"mine", "--lang", "go"}, "lower case": {"Mine", "--lang", "go"}, "--lang": {"other"},
		"must be one of": {"other", "--lang", "perl"}, "no worked example": {"other", "--lang", "go", "--kind", "transcript"},
	} {
		if r := m.run(append([]string{"analyzer", "new"}, args...)...); r.code != 1 || !strings.Contains(r.stderr, says) {
			t.Errorf("%v: code %d\n%s", args, r.code, r.stderr)
		}
	}
	m.must("analyzer", "new", "other", "--lang", "typescript", "--kind", "needs-reply", "--dir", "deep/er")
	if _, err := os.Stat(filepath.Join(m.dir, "deep", "er", "src", "analyzer.ts")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(m.dir, "postgres")); err == nil {
		t.Error("a database was made")
	}
}
