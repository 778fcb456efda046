package telegramexport

import (
	"encoding/json"
	"errors"
	"io"
)

// header is what stands before the messages of a chat.
type header struct {
	name string
	kind string // as the file has it
	id   int64
	full bool // type and id were seen
}

// visitor is told what a walk comes by. Errors end the walk.
type visitor interface {
	// personal gets the text of personal_information.
	personal(raw []byte) error
	// open is asked before the messages of a chat; false leaves them out.
	open(h header) (bool, error)
	// message gets the text of one message; it reports whether the text is JSON at all.
	message(raw []byte, offset int64) (bool, error)
	// lost is told of an entry that is not JSON; raw is what there is of it.
	lost(raw []byte, offset int64, reason string) error
	// close follows the last message of a chat that was opened.
	close() error
}

// walker goes through the structure of an export: objects, chats, messages.
type walker struct {
	s *scanner
	v visitor
	// reopen reads the file again from an offset, for chats whose messages stand before their header.
	reopen func(offset int64) (io.ReadCloser, error)

	sawChats bool
	brk      *Break
}

// errStop ends a walk early without a fault.
var errStop = errors.New("enough")

// errJump: the walk stands at the start of a chat that it found behind damage.
var errJump = errors.New("at the start of another chat")

// run walks the whole file. What is broken in it is told to the visitor or left in brk; errors are those of
// reading, of the visitor, or that this is no export at all.
func (w *walker) run() error {
	if c, err := w.s.peek(); err == nil && c == 0xEF { // a byte order mark
		if w.s.pos+3 <= len(w.s.buf) {
			w.s.pos += 3
		}
	}
	err := w.s.expect('{')
	if err == nil {
		err = w.object(true)
	}
	for errors.Is(err, errJump) {
		if err = w.chatList(); err == nil {
			err = w.listFields()
		}
		if err == nil {
			err = w.object(true)
		}
	}
	return w.settle(err)
}

// settle turns the end of the file and damage into a Break.
func (w *walker) settle(err error) error {
	var d *damage
	switch {
	case err == nil, errors.Is(err, errStop):
		return nil
	case errors.Is(err, errTruncated), errors.As(err, &d):
		w.breakAt(w.s.offset(), err.Error())
		return nil
	}
	return err
}

func (w *walker) breakAt(offset int64, reason string) {
	if w.brk == nil {
		w.brk = &Break{Offset: offset, Reason: reason}
	}
}

// object reads the fields of the object whose brace was just taken: the top one or that of a chat.
func (w *walker) object(top bool) error {
	var h header
	for {
		key, err := w.key()
		if err == nil && key == "" {
			return nil
		}
		switch {
		case err != nil:
		case key == "name" || key == "type" || key == "id":
			err = w.head(&h, key)
		case key == "messages":
			err = w.messages(h)
		case top && (key == "chats" || key == "left_chats"):
			err = w.lists()
		case top && key == "personal_information":
			var raw []byte
			if raw, err = w.s.take(); err == nil {
				err = w.v.personal(raw)
			}
		default:
			err = w.s.skip()
		}
		if err = w.recover(err); err != nil {
			return err
		}
	}
}

// recover looks for the next chat behind damage in the structure itself.
func (w *walker) recover(err error) error {
	var d *damage
	if !errors.As(err, &d) {
		return err
	}
	offset := w.s.offset()
	for {
		at, err := w.s.resync()
		switch {
		case err != nil:
			return err
		case at == foundNothing:
			w.breakAt(offset, d.reason)
			return errStop
		case at == foundChat:
			if err := w.v.lost(nil, offset, d.reason); err != nil {
				return err
			}
			return errJump
		}
		w.s.pos++ // messages of no known chat
	}
}

// key takes the next key and its colon; "" at the end of the object. Separators are taken as they come.
func (w *walker) key() (string, error) {
	c, err := w.s.peek()
	if err == nil && c == ',' {
		w.s.pos++
		c, err = w.s.peek()
	}
	if err != nil {
		return "", err
	}
	if c == '}' {
		w.s.pos++
		return "", nil
	}
	if c != '"' {
		return "", damaged("%q where a name belongs", c)
	}
	raw, err := w.s.take()
	if err != nil {
		return "", err
	}
	var key string
	if json.Unmarshal(raw, &key) != nil {
		return "", damaged("an unreadable name")
	}
	if key == "" {
		key = "?"
	}
	return key, w.s.expect(':')
}

func (w *walker) head(h *header, key string) error {
	raw, err := w.s.take()
	if err != nil {
		return err
	}
	switch key {
	case "name":
		var t text
		if json.Unmarshal(raw, &t) == nil && !t.bad {
			h.name = t.v
		}
	case "type":
		var t text
		if json.Unmarshal(raw, &t) == nil && !t.bad {
			h.kind = t.v
		}
	case "id":
		var n number
		if json.Unmarshal(raw, &n) == nil && n.ok() {
			h.id = n.v
		}
	}
	h.full = h.kind != "" && h.id != 0
	return nil
}

// lists reads {"about": …, "list": [chat, …]}.
func (w *walker) lists() error {
	c, err := w.s.peek()
	if err != nil {
		return err
	}
	if c != '{' {
		return w.s.skip()
	}
	w.s.pos++
	return w.listFields()
}

// listFields reads the fields of lists up to the brace that ends them.
func (w *walker) listFields() error {
	for {
		key, err := w.key()
		if err != nil || key == "" {
			return err
		}
		if key != "list" {
			if err := w.s.skip(); err != nil {
				return err
			}
			continue
		}
		if err := w.s.expect('['); err != nil {
			return err
		}
		w.sawChats = true
		if err := w.chatList(); err != nil {
			return err
		}
	}
}

// chatList reads the chats up to the bracket that ends their list.
func (w *walker) chatList() error {
	for {
		c, err := w.s.peek()
		if err != nil {
			return err
		}
		switch c {
		case ',':
			w.s.pos++
		case ']':
			w.s.pos++
			return nil
		case '{':
			w.s.pos++
			err = w.object(false)
		default:
			err = w.recover(damaged("byte %#x where a chat belongs", c))
		}
		if err != nil && !errors.Is(err, errJump) {
			return err
		}
	}
}

// messages reads the array of a chat's messages.
func (w *walker) messages(h header) error {
	c, err := w.s.peek()
	if err != nil {
		return err
	}
	if c != '[' {
		return w.s.skip()
	}
	w.sawChats = true
	if !h.full {
		if h, err = w.headerBehind(h); err != nil {
			return err
		}
	}
	want, err := w.v.open(h)
	if err != nil {
		return err
	}
	if !want {
		return w.s.skip()
	}
	w.s.pos++
	err = w.entries()
	if closeErr := w.v.close(); closeErr != nil {
		return closeErr
	}
	return err
}

// entries reads the messages up to the bracket that ends them.
func (w *walker) entries() error {
	for {
		c, err := w.s.peek()
		if err != nil {
			return err
		}
		offset := w.s.offset()
		switch c {
		case ',':
			w.s.pos++
			continue
		case ']':
			w.s.pos++
			return nil
		}
		raw, err := w.s.take()
		var d *damage
		switch {
		case errors.Is(err, errTruncated) && messageStart.Match(raw[min(1, len(raw)):]):
			err = w.pass(raw, offset, "not valid JSON")
		case errors.Is(err, errTruncated):
			w.breakAt(offset, "the file ends inside this message")
			return err
		case errors.As(err, &d):
			err = w.pass(raw, offset, d.reason)
		case err == nil:
			err = w.entry(raw, offset)
		}
		if err != nil {
			return err
		}
	}
}

// entry hands a message on. Text that is not JSON may have swallowed the start of the next message.
func (w *walker) entry(raw []byte, offset int64) error {
	ok, err := w.v.message(raw, offset)
	if err != nil || ok {
		return err
	}
	if err := w.v.lost(raw, offset, "not valid JSON"); err != nil {
		return err
	}
	w.s.nextWithin(w.s.pos - len(raw))
	return nil
}

// pass tells of a broken entry and moves to the next whole one.
func (w *walker) pass(raw []byte, offset int64, reason string) error {
	if err := w.v.lost(raw, offset, reason); err != nil {
		return err
	}
	at, err := w.s.resync()
	switch {
	case err != nil:
		return err
	case at == foundChat:
		return errJump
	case at == foundNothing:
		w.breakAt(offset, "nothing whole follows")
		return errStop
	}
	return nil
}

// headerBehind finds the type and id of a chat whose messages stand before them.
func (w *walker) headerBehind(h header) (header, error) {
	src, err := w.reopen(w.s.offset())
	if err != nil {
		return h, err
	}
	defer src.Close()
	ahead := &walker{s: newScanner(src), v: w.v}
	if err := ahead.s.skip(); err != nil {
		return h, ahead.s.failure()
	}
	for {
		key, err := ahead.key()
		if err != nil || key == "" {
			return h, ahead.s.failure()
		}
		if key == "name" || key == "type" || key == "id" {
			err = ahead.head(&h, key)
		} else {
			err = ahead.s.skip()
		}
		if err != nil {
			return h, ahead.s.failure()
		}
	}
}
