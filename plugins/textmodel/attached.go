package textmodel

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Models that were learned after a plugin was built are a zip archive behind its executable: the file still starts, is pinned
// by one checksum and needs nothing beside it. The archive's comment says that it is ours and where it begins, so a plugin
// without one finds that out by its last bytes.
const (
	attachedMark  = "finco-models "
	commentBytes  = len(attachedMark) + 16 // and the length of the executable, in hex
	directoryTail = 22 + commentBytes      // zip's end of central directory
	maxAttached   = 64
	entryPrefix   = "models/"
	entrySuffix   = ".bin"
)

// Attached is the model of a name (that of its card's kind, such as "sentiment") that is attached to this process's own
// executable, else the built-in one. It is an error if what is attached is damaged or of another kind: the plugin must not
// start with another model than its file says. Nothing else of the executable is read.
func Attached(name string, builtin []byte) (*Model, error) {
	path, err := executable()
	if err != nil {
		return nil, fmt.Errorf("textmodel: find the own executable: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("textmodel: open the own executable: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("textmodel: measure the own executable: %w", err)
	}
	return attachedIn(f, info.Size(), name, builtin)
}

var executable = sync.OnceValues(os.Executable)

func attachedIn(r io.ReaderAt, size int64, name string, builtin []byte) (*Model, error) {
	entry, err := findAttached(r, size, name)
	if err != nil {
		return nil, err
	}
	if entry == nil {
		m, err := Read(bytes.NewReader(builtin))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return m, nil
	}
	m, err := readEntry(entry)
	if err != nil {
		return nil, fmt.Errorf("%s, attached: %w", name, err)
	}
	if m.Card.Kind != name {
		return nil, fmt.Errorf("textmodel: the attached model %s is of the kind %q", name, m.Card.Kind)
	}
	return m, nil
}

// findAttached is the attached file of a name, nil if there is none.
func findAttached(r io.ReaderAt, size int64, name string) (*zip.File, error) {
	if _, ok := attachedAt(r, size); !ok {
		return nil, nil
	}
	files, err := openAttached(r, size)
	return files[name], err
}

// attachedAt finds out by the file's tail whether models are attached, and where they begin.
func attachedAt(r io.ReaderAt, size int64) (begin int64, ok bool) {
	tail := make([]byte, directoryTail)
	if size < int64(len(tail)) {
		return 0, false
	}
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil {
		return 0, false
	}
	length, marked := strings.CutPrefix(string(tail[22:]), attachedMark)
	if !marked || string(tail[:4]) != "PK\x05\x06" {
		return 0, false
	}
	n, err := strconv.ParseInt(length, 16, 64)
	return n, err == nil && n >= 0 && n < size
}

func openAttached(r io.ReaderAt, size int64) (map[string]*zip.File, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("textmodel: the attached models cannot be read: %w", err)
	}
	if len(archive.File) > maxAttached {
		return nil, fmt.Errorf("textmodel: %d files are attached, more than %d", len(archive.File), maxAttached)
	}
	out := map[string]*zip.File{}
	for _, f := range archive.File {
		out[strings.TrimSuffix(strings.TrimPrefix(f.Name, entryPrefix), entrySuffix)] = f
	}
	return out, nil
}

func readEntry(f *zip.File) (*Model, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return Read(r)
}

// maxExecutable bounds what Attach and ModelsIn read.
const maxExecutable = 512 << 20

// Attach writes an executable with the models, which are files by name, behind it. Models that are attached already are left
// out, so give all that shall be there; the same input gives the same bytes.
func Attach(w io.Writer, executable io.Reader, models map[string][]byte) error {
	program, err := readExecutable(executable)
	if err != nil {
		return err
	}
	if begin, ok := attachedAt(bytes.NewReader(program), int64(len(program))); ok {
		program = program[:begin]
	}
	if _, err := w.Write(program); err != nil {
		return err
	}
	archive := zip.NewWriter(w)
	archive.SetOffset(int64(len(program)))
	for _, name := range slices.Sorted(maps.Keys(models)) {
		if _, err := Read(bytes.NewReader(models[name])); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		// Stored, not packed: a plugin is to start at once.
		entry, err := archive.CreateHeader(&zip.FileHeader{Name: entryPrefix + name + entrySuffix, Method: zip.Store})
		if err != nil {
			return err
		}
		if _, err := entry.Write(models[name]); err != nil {
			return err
		}
	}
	if err := archive.SetComment(fmt.Sprintf("%s%016x", attachedMark, len(program))); err != nil {
		return err
	}
	return archive.Close()
}

func readExecutable(r io.Reader) ([]byte, error) {
	program, err := io.ReadAll(io.LimitReader(r, maxExecutable+1))
	if err == nil && len(program) > maxExecutable {
		err = errors.New("it is too large")
	}
	if err != nil {
		return nil, fmt.Errorf("textmodel: read the executable: %w", err)
	}
	return program, nil
}

// Models are those of an executable, as files by the kind that their cards name.
type Models struct {
	// Builtin are compiled into the program; Attached stand in place of the built-in ones of their names.
	Builtin, Attached map[string][]byte
}

// ModelsIn finds the models of an executable: it need not be started and need not say that it has some. A built-in model is
// found by the beginning of its file and recognised by its checksum.
func ModelsIn(executable io.Reader) (Models, error) {
	out := Models{Builtin: map[string][]byte{}, Attached: map[string][]byte{}}
	whole, err := readExecutable(executable)
	if err != nil {
		return out, err
	}
	program := whole
	if begin, ok := attachedAt(bytes.NewReader(whole), int64(len(whole))); ok {
		program = whole[:begin]
		files, err := openAttached(bytes.NewReader(whole), int64(len(whole)))
		if err != nil {
			return out, err
		}
		for name, f := range files {
			if out.Attached[name], err = readFile(f); err != nil {
				return out, err
			}
		}
	}
	for at := 0; ; {
		next := bytes.Index(program[at:], []byte(fileMagic))
		if next < 0 {
			return out, nil
		}
		at += next
		file, kind := modelAt(program[at:])
		if file == nil {
			at += len(fileMagic)
			continue
		}
		out.Builtin[kind] = bytes.Clone(file)
		at += len(file)
	}
}

func readFile(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return io.ReadAll(io.LimitReader(r, maxModelBytes+1))
}

// modelAt is the model file that data begins with, and its kind; nil if it begins with none.
func modelAt(data []byte) (file []byte, kind string) {
	const start = len(fileMagic) + 4
	if len(data) < start {
		return nil, ""
	}
	n := int(binary.LittleEndian.Uint32(data[len(fileMagic):]))
	if n > maxHeader || n > len(data)-start {
		return nil, ""
	}
	var head header
	if json.Unmarshal(data[start:start+n], &head) != nil || head.Spec.validate() != nil {
		return nil, ""
	}
	whole := start + n + (len(head.Labels)+1)<<head.Spec.Bits + 4
	if whole > len(data) || whole > maxModelBytes {
		return nil, ""
	}
	if _, err := Read(bytes.NewReader(data[:whole])); err != nil {
		return nil, ""
	}
	return data[:whole], head.Card.Kind
}
