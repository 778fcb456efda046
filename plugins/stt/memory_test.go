package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/fincokpi/finco/plugins/analyzer"
)

const alone = "STT_TEST_ALONE"

// TestTwentyMegabytesPassWithoutACopy counts what is allocated for a large note, on both sides of the upload. It does so in a
// process of its own, because the tests beside it allocate too.
func TestTwentyMegabytesPassWithoutACopy(t *testing.T) {
	t.Parallel()
	if os.Getenv(alone) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTwentyMegabytesPassWithoutACopy$", "-test.v")
		cmd.Env = append(os.Environ(), alone+"=1")
		out, err := cmd.CombinedOutput()
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "allocated") {
				t.Log(strings.TrimSpace(line))
			}
		}
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	const size = 20 << 20
	o, w, v := newOpenAI(t), newWhisper(t), newVosk(t, pythonVosk)
	need(t, "ffmpeg", "ffmpeg")
	for _, given := range []map[string]any{{"url": o.URL}, {"engine": whisperCPP, "url": w.URL}, {"engine": vosk, "url": v.URL}} {
		p := start(t, given)
		hear(t, p, sample(t)) // what is allocated once
		wav := io.MultiReader(bytes.NewReader(wavHeader()), io.LimitReader(zeros{}, size))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		outcomes, err := p.Listen(t.Context(), asked, analyzer.Audio{Reader: wav, Bytes: size + int64(len(wavHeader()))})
		runtime.ReadMemStats(&after)
		if err != nil || len(outcomes) != 1 {
			t.Fatal(outcomes, err)
		}
		allocated := after.TotalAlloc - before.TotalAlloc
		fmt.Printf("allocated for 20 MiB with engine %v: %d KiB\n", given["engine"], allocated>>10)
		limit := uint64(4 << 20)
		if given["engine"] == vosk { // the messages of the fake server are allocated here too, each once
			limit += size * 5
		}
		if allocated > limit {
			t.Errorf("engine %v: %d bytes were allocated, at most %d expected", given["engine"], allocated, limit)
		}
	}
}
