package telegramexport

import (
	"errors"
	"fmt"
	"io"
)

// Limits of one value that is kept in memory. Telegram's own messages end at 4096 characters; what is larger
// than this is damage or an attack, and is passed over.
const (
	maxValue = 1 << 20
	maxDepth = 256
	readSize = 256 << 10
)

// errTruncated: the file ended inside a value.
var errTruncated = errors.New("the file ends here")

// damage is a value that is not JSON.
type damage struct{ reason string }

func (d *damage) Error() string { return d.reason }

func damaged(format string, args ...any) error { return &damage{fmt.Sprintf(format, args...)} }

// scanner walks over JSON text and finds where values end, without decoding them. It keeps what lies between
// its mark and its position, so that a value found broken can be searched again for the next whole one.
type scanner struct {
	r     *repairReader
	buf   []byte
	pos   int
	mark  int   // start of the kept stretch in buf, -1 if none
	base  int64 // offset of buf[0] in the repaired text
	err   error // why no more can be read; io.EOF at the end
	stack []byte

	onFill func(original int64) error
}

func newScanner(src io.Reader) *scanner {
	return &scanner{r: newRepairReader(src), mark: -1, buf: make([]byte, 0, 2*readSize)}
}

// offset is the position in the file.
func (s *scanner) offset() int64 { return s.r.original(s.base + int64(s.pos)) }

// fill reads more and reports whether there is any.
func (s *scanner) fill() bool {
	if s.err != nil {
		return false
	}
	keep := s.pos
	if s.mark >= 0 {
		keep = s.mark
	}
	if keep > 0 {
		n := copy(s.buf, s.buf[keep:])
		s.buf = s.buf[:n]
		s.pos -= keep
		s.base += int64(keep)
		if s.mark >= 0 {
			s.mark = 0
		}
		s.r.forget(s.base)
	}
	if cap(s.buf)-len(s.buf) < readSize {
		grown := make([]byte, len(s.buf), 2*cap(s.buf)+readSize)
		copy(grown, s.buf)
		s.buf = grown
	}
	n, err := s.r.Read(s.buf[len(s.buf) : len(s.buf)+readSize])
	s.buf = s.buf[:len(s.buf)+n]
	if err == nil && s.onFill != nil {
		err = s.onFill(s.r.original(s.base + int64(len(s.buf))))
	}
	s.err = err
	return n > 0
}

// failure is a reason to stop that is not the end of the file: reading failed or the caller gave up.
func (s *scanner) failure() error {
	if s.err != nil && !errors.Is(s.err, io.EOF) {
		return s.err
	}
	return nil
}

// peek skips white space and returns the next byte without taking it.
func (s *scanner) peek() (byte, error) {
	for {
		for ; s.pos < len(s.buf); s.pos++ {
			switch c := s.buf[s.pos]; c {
			case ' ', '\t', '\r', '\n':
			default:
				return c, nil
			}
		}
		if !s.fill() {
			return 0, s.end()
		}
	}
}

func (s *scanner) end() error {
	if err := s.failure(); err != nil {
		return err
	}
	return errTruncated
}

// expect takes the given byte, white space before it apart.
func (s *scanner) expect(want byte) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c != want {
		return damaged("%q where %q belongs", c, want)
	}
	s.pos++
	return nil
}

// take returns the raw text of the next value. The slice is valid until the next call.
func (s *scanner) take() ([]byte, error) {
	if _, err := s.peek(); err != nil {
		return nil, err
	}
	s.mark = s.pos
	err := s.span(maxValue)
	raw := s.buf[s.mark:s.pos]
	if err == nil {
		s.mark = -1
	}
	return raw, err
}

// skip passes over the next value, however long.
func (s *scanner) skip() error {
	if _, err := s.peek(); err != nil {
		return err
	}
	s.mark = -1
	return s.span(0)
}

// span moves behind the value that starts at the position. limit 0 means any length.
func (s *scanner) span(limit int) error {
	s.stack = s.stack[:0]
	for {
		if s.pos == len(s.buf) && !s.fill() {
			return s.end()
		}
		if limit > 0 && s.pos-s.mark > limit {
			return damaged("longer than %d bytes", limit)
		}
		c := s.buf[s.pos]
		switch c {
		case '"':
			s.pos++
			if err := s.str(limit); err != nil {
				return err
			}
		case '{', '[':
			if len(s.stack) == maxDepth {
				return damaged("nested deeper than %d", maxDepth)
			}
			s.stack = append(s.stack, c)
			s.pos++
		case '}', ']':
			if len(s.stack) == 0 || s.stack[len(s.stack)-1] != c-2 { // '{'+2 = '}', '['+2 = ']'
				return damaged("a %q too many", c)
			}
			s.stack = s.stack[:len(s.stack)-1]
			s.pos++
		case ' ', '\t', '\r', '\n', ',', ':':
			if len(s.stack) == 0 {
				return damaged("%q where a value belongs", c)
			}
			s.pos++
			continue
		default:
			if err := s.word(); err != nil {
				return err
			}
		}
		if len(s.stack) == 0 {
			return nil
		}
	}
}

// str moves behind the closing quote.
func (s *scanner) str(limit int) error {
	for {
		for s.pos < len(s.buf) {
			switch s.buf[s.pos] {
			case '"':
				s.pos++
				return nil
			case '\\':
				s.pos++
				if s.pos == len(s.buf) && !s.fill() {
					return s.end()
				}
			case '\n':
				return damaged("a text without its closing quote")
			}
			s.pos++
		}
		if limit > 0 && s.pos-s.mark > limit {
			return damaged("longer than %d bytes", limit)
		}
		if !s.fill() {
			return s.end()
		}
	}
}

// word moves behind a number, true, false or null. What it holds is judged when it is decoded.
func (s *scanner) word() error {
	start := s.base + int64(s.pos)
	for {
		for ; s.pos < len(s.buf); s.pos++ {
			switch c := s.buf[s.pos]; {
			case c == '+', c == '-', c == '.', '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
			default:
				if s.base+int64(s.pos) == start {
					return damaged("byte %#x where a value belongs", c)
				}
				return nil
			}
		}
		if s.base+int64(s.pos)-start > 64 {
			return damaged("no value is that long")
		}
		if !s.fill() {
			if err := s.failure(); err != nil {
				return err
			}
			if len(s.stack) == 0 && s.base+int64(s.pos) > start {
				return nil
			}
			return errTruncated
		}
	}
}
