package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// pocketSphinxTrust is what the word probabilities of PocketSphinx are worth. They are those among English words, so that
// Russian and Uzbek speech gets 0.28 to 0.60 of them (flite's English: 0.58 to 0.92); with this factor none of it is believed.
const pocketSphinxTrust = 0.4

// pocketSphinxEngine runs pocketsphinx_continuous of Debian's pocketsphinx 0.8 with its English model, which reads raw PCM from
// a file not named .wav and prints each utterance with the times and probabilities of its words.
type pocketSphinxEngine struct {
	language  string // the setting
	automatic bool   // it was chosen because there is no url
	tools     tools
}

func (e *pocketSphinxEngine) transcribe(ctx context.Context, n *note) (transcript, error) {
	// What an admin set is known; the host's hint is a guess by the chat's other messages.
	if code := cmp.Or(primary(e.language), primary(n.hint)); code != "" && code != "en" {
		return transcript{}, analyzer.Errorf(analyzer.Invalid,
			"pocketsphinx knows English only and this voice note is in %s: set engine and url to a server that knows it", code)
	}
	path, err := exec.LookPath(e.tools.pocketSphinx)
	switch {
	case err != nil && e.automatic:
		return transcript{}, analyzer.Downstreamf(analyzer.Invalid,
			"no speech recognition is set up: set url to a server (docs/speech.md), or, for English, apt-get install pocketsphinx pocketsphinx-en-us")
	case err != nil:
		return transcript{}, analyzer.Downstreamf(analyzer.Invalid,
			"pocketsphinx is not installed: apt-get install pocketsphinx pocketsphinx-en-us")
	}
	sound, err := e.tools.decode(ctx, n)
	if err != nil {
		return transcript{}, err
	}
	defer sound.close()
	breathing := &breather{from: sound}
	printed, err := recognise(ctx, path, breathing)
	if failed := sound.failure(); failed != nil {
		return transcript{}, failed
	}
	if err != nil {
		return transcript{}, err
	}
	return readUtterances(printed, breathing), nil
}

// recognise runs the program on PCM and returns what it prints.
func recognise(ctx context.Context, path string, sound io.Reader) (string, error) {
	cmd := exec.CommandContext(ctx, path, "-infile", "/dev/stdin", "-time", "yes", "-logfn", "/dev/null")
	cmd.Env, cmd.Dir, cmd.WaitDelay, cmd.Stdin = quietEnv(), os.TempDir(), time.Second, sound
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", analyzer.Errorf(analyzer.Internal, "pocketsphinx: %v", err)
	}
	if err := cmd.Start(); err != nil {
		return "", analyzer.Downstreamf(analyzer.Unavailable, "pocketsphinx does not start")
	}
	printed, failed := io.ReadAll(io.LimitReader(out, maxAnswer+1))
	if len(printed) > maxAnswer {
		_ = cmd.Process.Kill()
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case len(printed) > maxAnswer:
		return "", analyzer.Downstreamf(analyzer.Internal, "pocketsphinx prints more than %d MiB", maxAnswer>>20)
	case killed(cmd.ProcessState):
		return "", analyzer.Downstreamf(analyzer.Unavailable, "pocketsphinx was killed")
	case errors.As(err, &exit) && exit.ExitCode() < 0:
		return "", analyzer.Downstreamf(analyzer.Internal, "pocketsphinx crashed on this voice note")
	case errors.As(err, &exit):
		return "", analyzer.Downstreamf(analyzer.Internal, "pocketsphinx ends with status %d: is its model installed (apt-get install pocketsphinx-en-us)?",
			exit.ExitCode())
	case err != nil, failed != nil:
		return "", analyzer.Downstreamf(analyzer.Internal, "pocketsphinx ended before the sound did")
	}
	return string(printed), nil
}

// timed is a line with a word, its first and last moment and its probability.
var timed = regexp.MustCompile(`^(\S+) (\d+\.\d+) (\d+\.\d+) (-?\d+\.\d+)$`)

// variant marks a further pronunciation in the dictionary: "the(2)".
var variant = regexp.MustCompile(`\(\d+\)$`)

// readUtterances makes a segment of each utterance: a line with its words, then one line for each word and each filler.
func readUtterances(printed string, breathing *breather) transcript {
	said := transcript{engine: pocketSphinx, model: "en-us", language: "en"}
	var words []string
	var start, end, sum, heard float64
	flush := func() {
		if len(words) > 0 {
			from, to, sure := number(start), number(end), number(0)
			if heard > 0 {
				sure = number(pocketSphinxTrust * sum / heard)
			}
			said.segments = append(said.segments, segment{Text: strings.Join(words, " "), Start: &from, End: &to, Confidence: &sure})
		}
		words, sum, heard = nil, 0, 0
	}
	for line := range strings.Lines(printed) {
		parts := timed.FindStringSubmatch(strings.TrimSpace(line))
		if parts == nil { // the words of the next utterance, which follow one by one
			flush()
			continue
		}
		word := variant.ReplaceAllString(parts[1], "")
		if strings.HasPrefix(word, "<") || strings.HasPrefix(word, "[") || strings.HasPrefix(word, "++") { // <s>, [NOISE]
			continue
		}
		var at [3]float64
		for i := range at {
			at[i], _ = strconv.ParseFloat(parts[i+2], 64) // digits, says the expression
		}
		if len(words) == 0 {
			start = breathing.original(at[0])
		}
		words, end = append(words, word), breathing.original(at[1])
		length := at[1] - at[0] + 0.01 // both frames belong to it
		sum, heard = sum+min(max(at[2], 0), 1)*length, heard+length
	}
	flush()
	said.text = joined(said.segments)
	return said
}
