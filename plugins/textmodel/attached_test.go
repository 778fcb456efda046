package textmodel

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
)

// twoModels are files of a model and of one adapted from it.
func twoModels(t *testing.T) (builtin, learned []byte) {
	t.Helper()
	lines := chatLines(t)
	base := trainedBase(t, "sentiment", examplesOf(lines, sentimentOf, func(l chatLine) bool { return !l.uzbek && heldOut(l) }))
	m := adapted(t, base, examplesOf(lines, sentimentOf, func(l chatLine) bool { return l.uzbek && heldOut(l) }))
	return fileOf(t, base), fileOf(t, m)
}

func attachedTo(t *testing.T, program []byte, models map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Attach(&out, bytes.NewReader(program), models); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAttachedTakesThePlaceOfTheBuiltIn(t *testing.T) {
	t.Parallel()
	builtin, learned := twoModels(t)
	program := append([]byte("\x7fELF a program FTM1 that is none "), builtin...)
	whole := attachedTo(t, program, map[string][]byte{"sentiment": learned})
	if !bytes.HasPrefix(whole, program) {
		t.Error("the program is changed")
	}
	for name, c := range map[string]struct {
		file []byte
		name string
		want []byte
	}{
		"nothing attached": {program, "sentiment", builtin},
		"attached":         {whole, "sentiment", learned},
		"of another name":  {whole, "topic", builtin},
		"replaced":         {attachedTo(t, whole, map[string][]byte{"sentiment": builtin}), "sentiment", builtin},
		"taken away":       {attachedTo(t, whole, nil), "sentiment", builtin},
		"shorter than any": {[]byte("x"), "sentiment", builtin},
	} {
		m, err := attachedIn(bytes.NewReader(c.file), int64(len(c.file)), c.name, builtin)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := reread(t, c.want).Fingerprint(); m.Fingerprint() != want {
			t.Errorf("%s: %08x, want %08x", name, m.Fingerprint(), want)
		}
	}
	if again := attachedTo(t, whole, map[string][]byte{"sentiment": learned}); !bytes.Equal(again, whole) {
		t.Error("attaching the same again gave other bytes")
	}
}

func TestAttachedDamagedIsAnErrorAndNotTheBuiltIn(t *testing.T) {
	t.Parallel()
	builtin, learned := twoModels(t)
	whole := attachedTo(t, []byte("a program"), map[string][]byte{"sentiment": learned})
	flipped := bytes.Clone(whole)
	flipped[len(whole)/2] ^= 1
	m := reread(t, learned)
	m.Card.Kind = "topic"
	foreign := attachedTo(t, []byte("a program"), map[string][]byte{"sentiment": fileOf(t, m)})
	for name, file := range map[string][]byte{"a bit flipped": flipped, "cut in front": whole[100:], "another kind": foreign} {
		if _, err := attachedIn(bytes.NewReader(file), int64(len(file)), "sentiment", builtin); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := Attach(io.Discard, strings.NewReader("a program"), map[string][]byte{"sentiment": []byte("no model")}); err == nil {
		t.Error("what is no model was attached")
	}
}

// tailReader fails whoever reads more than the tail.
type tailReader struct {
	t    *testing.T
	file *bytes.Reader
}

func (r tailReader) ReadAt(p []byte, at int64) (int, error) {
	if at < r.file.Size()-int64(directoryTail) {
		r.t.Errorf("%d bytes are read at %d of %d", len(p), at, r.file.Size())
	}
	return r.file.ReadAt(p, at)
}

func TestAttachedReadsTheTailAloneWhereNothingIs(t *testing.T) {
	t.Parallel()
	builtin, _ := twoModels(t)
	program := bytes.NewReader(make([]byte, 1<<20))
	if _, err := attachedIn(tailReader{t, program}, program.Size(), "sentiment", builtin); err != nil {
		t.Error(err)
	}
	if m, err := Attached("sentiment", builtin); err != nil || m.Fingerprint() != reread(t, builtin).Fingerprint() {
		t.Errorf("of this program: %v", err)
	}
}

func TestModelsInAnExecutable(t *testing.T) {
	t.Parallel()
	builtin, learned := twoModels(t)
	program := bytes.Join([][]byte{[]byte("begin FTM1\xff\xff\xff\xff"), builtin, []byte("FTM1 end")}, nil)
	found, err := ModelsIn(bytes.NewReader(attachedTo(t, program, map[string][]byte{"sentiment": learned})))
	if err != nil || !bytes.Equal(found.Builtin["sentiment"], builtin) || len(found.Builtin) != 1 ||
		!bytes.Equal(found.Attached["sentiment"], learned) || len(found.Attached) != 1 {
		t.Fatalf("%d built in, %d attached, %v", len(found.Builtin), len(found.Attached), err)
	}
	damaged := bytes.Clone(program)
	damaged[len(program)/2] ^= 1
	if found, err = ModelsIn(bytes.NewReader(damaged)); err != nil || len(found.Builtin) != 0 {
		t.Errorf("a damaged model was found, %v", err)
	}
	topic, err := os.ReadFile("../topic/model/topic.bin")
	if err != nil {
		t.Fatal(err)
	}
	if found, err = ModelsIn(bytes.NewReader(append(bytes.Clone(program), topic...))); err != nil || !bytes.Equal(found.Builtin["topic"], topic) {
		t.Errorf("the shipped model was not found, %v", err)
	}
}
