package graph_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/fincokpi/finco/app/apptest"
)

// verdict is a line of audit/audit.mjs.
type verdict struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
	Reason string `json:"reason"`
}

// TestGraphQLOverHTTPAudit runs the audit of the npm package graphql-http: every MUST, and of the SHOULDs at least 18.
func TestGraphQLOverHTTPAudit(t *testing.T) {
	t.Parallel()
	// Go runs a test anew only if a file has changed that the test itself has looked at.
	for _, name := range []string{"audit/audit.mjs", "audit/package-lock.json"} {
		if _, err := os.Stat(name); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("make", "-C", "..", "graph/audit/node_modules/.package-lock.json").CombinedOutput(); err != nil {
		t.Fatalf("The audit's packages cannot be installed, which needs make, Node.js with npm, and the network or npm's cache: %v\n%s", err, out)
	}
	o := open(t)
	passed, all := map[string]int{}, map[string]int{}
	for _, v := range o.audit() {
		level, _, _ := strings.Cut(v.Name, " ")
		all[level]++
		if v.Status == "ok" {
			passed[level]++
			continue
		}
		t.Logf("%s %s: %s", v.ID, v.Name, v.Reason)
	}
	t.Logf("passed %v of %v", passed, all)
	if all["MUST"] == 0 || passed["MUST"] < all["MUST"] || passed["SHOULD"] < 18 {
		t.Errorf("passed %v of %v: every MUST and 18 SHOULDs are wanted", passed, all)
	}
}

// audit has Node.js audit the served graph, signed in as the admin.
func (o *office) audit() (out []verdict) {
	o.t.Helper()
	cmd := exec.CommandContext(o.t.Context(), "node", "audit/audit.mjs", o.url, o.key(apptest.Botir))
	var faults bytes.Buffer
	cmd.Stderr = &faults
	text, err := cmd.Output()
	if err != nil {
		o.t.Fatalf("audit.mjs: %v\n%s", err, faults.String())
	}
	for lines := json.NewDecoder(bytes.NewReader(text)); ; {
		var v verdict
		err := lines.Decode(&v)
		if errors.Is(err, io.EOF) {
			return out
		}
		o.check(err)
		out = append(out, v)
	}
}
