package telegramexport

import (
	"errors"
	"io"
	"sort"
)

// repairReader turns the \xNN escapes that Telegram Desktop writes for control characters into \u00NN, inside
// strings only, and passes everything else on unchanged. It holds back at most three bytes between reads.
//
// JSON strings hold no raw line feed, so one ends a string for this reader: a lost quote spoils one line, not
// the rest of the file.
type repairReader struct {
	src   io.Reader
	in    []byte
	out   []byte
	pos   int // of out handed over
	state repairState
	digit byte // first hex digit, in stateHex
	err   error

	made    int64   // bytes produced so far
	dropped int64   // repairs forgotten, all before every offset still asked for
	fixes   []int64 // offset in the output behind each repair not yet forgotten
}

type repairState uint8

const (
	outside    repairState = iota
	inString               // between quotes
	inEscape               // after a backslash
	afterX                 // after \x
	afterDigit             // after \x and one hex digit
)

// gain is by how much a repair lengthens the text: \u000b for \x0B.
const gain = 2

func newRepairReader(src io.Reader) *repairReader {
	return &repairReader{src: src, in: make([]byte, 128<<10), out: make([]byte, 0, 160<<10)}
}

// Read implements io.Reader.
func (r *repairReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for r.pos == len(r.out) {
		if r.err != nil {
			return 0, r.err
		}
		r.out, r.pos = r.out[:0], 0
		n, err := r.src.Read(r.in)
		r.translate(r.in[:n])
		if err != nil {
			r.err = err
			if errors.Is(err, io.EOF) {
				r.release()
			}
		}
	}
	n := copy(p, r.out[r.pos:])
	r.pos += n
	return n, nil
}

func (r *repairReader) translate(chunk []byte) {
	before := len(r.out)
	for i := 0; i < len(chunk); {
		c := chunk[i]
		switch r.state {
		case outside, inString:
			r.out = append(r.out, c)
			r.plain(c)
			if r.state == inEscape {
				r.out = r.out[:len(r.out)-1]
			}
		case inEscape:
			if c == 'x' {
				r.state = afterX
				break
			}
			r.out = append(r.out, '\\', c)
			r.state = inString
			if c == '\n' {
				r.state = outside
			}
		case afterX:
			if isHex(c) {
				r.digit, r.state = c, afterDigit
				break
			}
			r.release()
			continue // the byte is looked at again, as a plain one
		case afterDigit:
			if !isHex(c) {
				r.release()
				continue
			}
			r.out = append(r.out, '\\', 'u', '0', '0', r.digit, c)
			r.fixes = append(r.fixes, r.made+int64(len(r.out)-before))
			r.state = inString
		}
		i++
	}
	r.made += int64(len(r.out) - before)
}

func (r *repairReader) plain(c byte) {
	switch {
	case c == '"' && r.state == outside:
		r.state = inString
	case c == '"' || c == '\n':
		r.state = outside
	case c == '\\' && r.state == inString:
		r.state = inEscape
	}
}

// release hands on what was held back, as it came.
func (r *repairReader) release() {
	switch r.state {
	case inEscape:
		r.out = append(r.out, '\\')
	case afterX:
		r.out = append(r.out, '\\', 'x')
	case afterDigit:
		r.out = append(r.out, '\\', 'x', r.digit)
	}
	if r.state != outside {
		r.state = inString
	}
}

// original converts an offset in the output to the offset of the same byte in the source.
func (r *repairReader) original(offset int64) int64 {
	n := sort.Search(len(r.fixes), func(i int) bool { return r.fixes[i] > offset })
	return offset - gain*(r.dropped+int64(n))
}

// forget says that no offset before this one will be asked for.
func (r *repairReader) forget(offset int64) {
	n := sort.Search(len(r.fixes), func(i int) bool { return r.fixes[i] > offset })
	if n == 0 {
		return
	}
	r.dropped += int64(n)
	r.fixes = r.fixes[:copy(r.fixes, r.fixes[n:])]
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
