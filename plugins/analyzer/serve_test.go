package analyzer

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestMainSaysWhyItEnds runs itself as a plugin whose model is damaged.
func TestMainSaysWhyItEnds(t *testing.T) {
	t.Parallel()
	const alone = "FINCO_TEST_MAIN"
	if os.Getenv(alone) != "" {
		Main(func() (mute, error) { return mute{}, errors.New("the model is damaged") })
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMainSaysWhyItEnds$")
	cmd.Env = append(os.Environ(), alone+"=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.HasSuffix(string(out), ": the model is damaged\n") {
		t.Errorf("%v: %s", err, out)
	}
}
