package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// Labelled is one line of a labelled file.
type Labelled struct {
	Label, Text string
	Side        analyzer.Side // customer, where the file has no sides
	Block       int           // lines of one block may belong to one dialogue; counted from 0 in each file
}

// LabelledFile is what could be read of a labelled file.
type LabelledFile struct {
	Items []Labelled
	Bad   []string // "line 7: …" for each line that could not be read
	// Unasked counts lines of a side that owes the kind no judgement: nobody waits for an answer to the own staff.
	Unasked int
}

// blockLines is how many neighbouring lines of a file of dialogues are kept together when folds are made.
const blockLines = 20

// labelledColumns says where a file has what, counted from 0; side is −1 without sides.
type labelledColumns struct{ count, label, side, text int }

var plainColumns = labelledColumns{count: 2, label: 0, side: -1, text: 1}

// ReadLabelled reads a file of `label<TAB>text` lines, or one with a header line, of whose columns the label is the one named
// "label" or as the kind (sentiment, needs_reply, …). Empty lines are passed over, others that don't fit are named in Bad. A
// file without one good line is an error.
func ReadLabelled(path, kind string) (LabelledFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return LabelledFile{}, domain.Errorf(domain.KindInvalid, "the labelled file cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	file, err := readLabelled(f, KindOf(kind))
	if err != nil {
		return LabelledFile{}, domain.Errorf(domain.KindInvalid, "%s: %w", path, err)
	}
	if len(file.Items) == 0 {
		why := "there is no labelled text"
		if len(file.Bad) > 0 {
			why += "; " + file.Bad[0]
		}
		return LabelledFile{}, domain.Errorf(domain.KindInvalid, "%s: %s", path, why)
	}
	return file, nil
}

func readLabelled(r io.Reader, kind analyzer.Kind) (LabelledFile, error) {
	var file LabelledFile
	columns := plainColumns
	in := bufio.NewReaderSize(r, 1<<16)
	for n := 1; ; n++ {
		line, err := in.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return file, err
		}
		last := err != nil
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
			header, is, err := headerOf(line, kind)
			switch {
			case n == 1 && err != nil:
				return file, err
			case n == 1 && is:
				columns = header
			default:
				file.add(n, line, columns, kind)
			}
		}
		if last {
			return file, nil
		}
	}
}

// headerOf tells whether a first line names columns, and which. A file that has columns, but none for the kind, is an error.
func headerOf(line string, kind analyzer.Kind) (labelledColumns, bool, error) {
	names := strings.Split(strings.ToLower(line), "\t")
	c := labelledColumns{count: len(names), label: slices.Index(names, "label"), side: slices.Index(names, "side"), text: slices.Index(names, "text")}
	if own := slices.Index(names, strings.ToLower(string(kind))); own >= 0 {
		c.label = own
	}
	if c.text < 0 || len(names) == 2 && c.label < 0 {
		return c, false, nil
	}
	if c.label < 0 {
		return c, false, fmt.Errorf("no column holds %s: the header has %s", strings.ToLower(string(kind)), strings.Join(names, ", "))
	}
	return c, true, nil
}

func (f *LabelledFile) add(n int, line string, columns labelledColumns, kind analyzer.Kind) {
	bad := func(format string, args ...any) {
		f.Bad = append(f.Bad, fmt.Sprintf("line %d: ", n)+fmt.Sprintf(format, args...))
	}
	fields := strings.Split(line, "\t")
	if len(fields) != columns.count {
		bad("has %d columns, not %d", len(fields), columns.count)
		return
	}
	item := Labelled{Label: strings.TrimSpace(fields[columns.label]), Text: fields[columns.text], Side: analyzer.Customer, Block: n}
	if columns.side >= 0 {
		item.Side, item.Block = analyzer.Side(strings.ToLower(strings.TrimSpace(fields[columns.side]))), n/blockLines
	}
	switch {
	case !utf8.ValidString(line):
		bad("is not UTF-8")
	case item.Label == "":
		bad("has no label")
	case strings.TrimSpace(item.Text) == "":
		bad("has no text")
	case item.Side != analyzer.Customer && item.Side != analyzer.Staff && item.Side != analyzer.None:
		bad("has neither customer nor staff nor none for a side")
	case kind == analyzer.NeedsReply && item.Side != analyzer.Customer:
		f.Unasked++
	default:
		f.Items = append(f.Items, item)
	}
}

// KindOf writes a kind as the contract does: needs-reply and needs_reply are NEEDS_REPLY.
func KindOf(word string) analyzer.Kind {
	return analyzer.Kind(strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(word), "-", "_")))
}

// meaning is one spelling for labels that mean the same to a kind, by convention: yes, 1 and question; oos and other; uz_Latn
// and uz-Latn.
func meaning(kind analyzer.Kind, label string) string {
	lower := strings.ToLower(label)
	switch kind {
	case analyzer.Question, analyzer.NeedsReply:
		switch lower {
		case "1", "true", "question", "needed":
			return analyzer.Yes
		case "0", "false", "other", "not_needed":
			return analyzer.No
		}
	case analyzer.Politeness:
		switch lower {
		case "1", "true", analyzer.Yes:
			return "polite"
		case "0", "false", analyzer.No:
			return "impolite"
		}
	case analyzer.Language:
		return strings.ReplaceAll(lower, "_", "-")
	case analyzer.Sentiment:
		switch lower {
		case "pos":
			return analyzer.Positive
		case "neu":
			return analyzer.Neutral
		case "neg":
			return analyzer.Negative
		}
	}
	switch lower {
	case "oos", "out_of_scope":
		return analyzer.Other
	}
	return lower
}

// contractLabels are what the contract has for the kinds whose labels it fixes; politeness goes by its score, and its two labels
// are the shipped analyzer's.
var contractLabels = map[analyzer.Kind][]string{
	analyzer.Sentiment: {analyzer.Positive, analyzer.Neutral, analyzer.Negative}, analyzer.Question: {analyzer.Yes, analyzer.No},
	analyzer.NeedsReply: {analyzer.Yes, analyzer.No}, analyzer.Politeness: {"polite", "impolite"},
}

// foreignLabels are the labels of the items, sorted, that mean nothing to a kind whose labels the contract fixes.
func foreignLabels(kind analyzer.Kind, items []Labelled) []string {
	fixed := contractLabels[kind]
	if fixed == nil {
		return nil
	}
	foreign := map[string]bool{}
	for _, item := range items {
		if !slices.Contains(fixed, meaning(kind, item.Label)) {
			foreign[item.Label] = true
		}
	}
	return slices.Sorted(maps.Keys(foreign))
}

// spelling writes an analyzer's labels as the data does where they mean the same; other labels stay as they are.
func spelling(kind analyzer.Kind, items []Labelled) func(label string) string {
	known, byMeaning := map[string]bool{}, map[string]string{}
	for _, item := range items {
		if known[item.Label] {
			continue
		}
		known[item.Label] = true
		if m := meaning(kind, item.Label); byMeaning[m] == "" {
			byMeaning[m] = item.Label
		}
	}
	return func(label string) string {
		if known[label] || label == "" {
			return label
		}
		if own, ok := byMeaning[meaning(kind, label)]; ok {
			return own
		}
		return label
	}
}
