package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// hearing is the same plugin with an ear: what it does to a voice note follows from the note's caption.
type hearing struct{ *misbehaving }

func (h *hearing) Describe() analyzer.Description {
	d := h.misbehaving.Describe()
	d.Audio, d.Kinds = true, []analyzer.Kind{analyzer.Transcript}
	return d
}

// Listen tells what it read: bytes, MIME type and duration as text, the checksum as label.
func (h *hearing) Listen(ctx context.Context, input analyzer.Input, audio analyzer.Audio) ([]analyzer.Outcome, error) {
	word, argument, _ := strings.Cut(input.Text, " ")
	result := analyzer.Result{ID: input.ID, Outcomes: []analyzer.Outcome{{Kind: analyzer.Transcript, Confidence: 1}}}
	if act, ok := acts[word]; ok {
		if err := act(ctx, argument, &result); err != nil {
			return nil, err
		}
	}
	hash, limit := sha256.New(), int64(1<<62)
	if word == "half" {
		limit = 100_000
	}
	total, err := io.Copy(hash, io.LimitReader(audio.Reader, limit))
	if err != nil {
		return nil, err
	}
	if word == "half" { // dies while the rest is on its way
		return result.Outcomes, acts["exit"](ctx, "", nil)
	}
	result.Outcomes[0].Label = hex.EncodeToString(hash.Sum(nil))
	result.Outcomes[0].Text = fmt.Sprintf("%d %s %s %s %s", total, audio.MIME, audio.Duration, input.Language, h.version)
	return result.Outcomes, nil
}

// deaf promises to listen and can't.
type deaf struct{ analyzer.Analyzer }
