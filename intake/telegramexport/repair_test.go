package telegramexport

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestRepairReader(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"control":            {`"a\x0Bb"`, `"a\u000Bb"`},
		"lower case":         {`"\x0b\x07"`, `"\u000b\u0007"`},
		"escaped backslash":  {`"\\x0B"`, `"\\x0B"`},
		"three backslashes":  {`"\\\x0B"`, `"\\\u000B"`},
		"outside a string":   {`\x0B "x" \x0B`, `\x0B "x" \x0B`},
		"after an end quote": {`"a\"\x01" \x01`, `"a\"\u0001" \x01`},
		"not hex":            {`"\xZZ\x1"`, `"\xZZ\x1"`},
		"x then quote":       {`"\x" \x0B`, `"\x" \x0B`},
		"ends inside":        {`"\x0`, `"\x0`},
		"ends on backslash":  {`"\`, `"\`},
		"lost quote":         {"\"a\n\\x0B \"\\x0B\"", "\"a\n\\x0B \"\\u000B\""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, r := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in)), iotest.DataErrReader(strings.NewReader(c.in))} {
				got, err := io.ReadAll(newRepairReader(r))
				if err != nil || string(got) != c.want {
					t.Fatalf("got %s (%v), want %s", got, err, c.want)
				}
			}
		})
	}
}

func TestRepairReaderKnowsOriginalOffsets(t *testing.T) {
	t.Parallel()
	in := `["\x01","\x02\x03","z"]`
	r := newRepairReader(strings.NewReader(in))
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	check := func() {
		at := bytes.IndexByte(out, 'z')
		if got := r.original(int64(at)); in[got] != 'z' {
			t.Fatalf("original(%d) = %d", at, got)
		}
	}
	check()
	r.forget(12)
	check()
}

func FuzzRepairReader(f *testing.F) {
	f.Add([]byte(`{"a":"\x0B\\x0B\"\x"}`), uint8(3))
	f.Add([]byte("\"\\x\\x0\\\\\n\\x01\""), uint8(1))
	f.Fuzz(func(t *testing.T, in []byte, size uint8) {
		whole, err := io.ReadAll(newRepairReader(bytes.NewReader(in)))
		if err != nil {
			t.Fatal(err)
		}
		r := newRepairReader(bytes.NewReader(in))
		r.in = make([]byte, int(size)+1)
		pieces, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(whole, pieces) {
			t.Fatalf("chunks change the result: %q, %q (%v)", whole, pieces, err)
		}
		if json.Valid(in) && !bytes.Equal(whole, in) {
			t.Fatalf("valid JSON was changed: %q to %q", in, whole)
		}
		twice, _ := io.ReadAll(newRepairReader(bytes.NewReader(whole)))
		if !bytes.Equal(twice, whole) {
			t.Fatalf("repairing twice differs: %q, %q", whole, twice)
		}
		if last := r.original(int64(len(pieces))); last != int64(len(in)) {
			t.Fatalf("the end maps to %d of %d", last, len(in))
		}
	})
}
