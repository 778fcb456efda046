package analyzertest

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// Build compiles the Go package of a plugin into folder and returns the executable's path, so that an author's test can
// hand it to Check.
func Build(ctx context.Context, folder, pkg string) (string, error) {
	path := filepath.Join(folder, filepath.Base(pkg))
	out, err := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", path, pkg).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return path, nil
}
