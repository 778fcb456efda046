package process

import (
	"strings"
	"sync"

	"github.com/fincokpi/finco/plugins/analyzer"
)

const (
	recentBytes = 1 << 20  // of texts that are remembered
	recentText  = 64 << 10 // of one text
	block       = 12       // bytes; a repetition of 2·block−1 bytes or more always holds a whole block
	shortest    = 6        // bytes; shorter texts ("ok", "да") would withhold everything
)

// Withheld stands for a line that repeats message text.
const Withheld = "[withheld: it repeats text of a message]"

// recent remembers the texts that were handed to a plugin lately, to keep them out of the log: a library that prints
// what it chokes on is the likeliest leak. It compares bytes, so a plugin that encodes a text gets it past; that one
// is not careless but hostile, and could as well send it elsewhere.
type recent struct {
	mu    sync.Mutex
	texts []string
	bytes int
}

func (r *recent) add(inputs []analyzer.Input) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, input := range inputs {
		for _, turn := range input.Context {
			r.push(turn.Text)
		}
		r.push(input.Text)
	}
	drop := 0
	for r.bytes > recentBytes {
		r.bytes -= len(r.texts[drop])
		r.texts[drop] = ""
		drop++
	}
	r.texts = r.texts[drop:]
}

func (r *recent) push(text string) {
	if len(text) < shortest {
		return
	}
	text = text[:min(len(text), recentText)]
	r.texts = append(r.texts, text)
	r.bytes += len(text)
}

// withhold returns line, or Withheld if it repeats one of the texts.
func (r *recent) withhold(line string) string {
	if len(line) < shortest {
		return line
	}
	windows := map[string]struct{}{}
	for i := 0; i+block <= len(line); i++ {
		windows[line[i:i+block]] = struct{}{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, text := range r.texts {
		if len(text) < 2*block && strings.Contains(line, text) {
			return Withheld
		}
		for i := 0; i+block <= len(text); i += block {
			if _, repeated := windows[text[i:i+block]]; repeated {
				return Withheld
			}
		}
	}
	return line
}
