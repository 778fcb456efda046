package textmodel

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// Card says what a model is and how far to trust it. It is kept in the model file.
type Card struct {
	Kind       string         `json:"kind"` // what the labels are about: sentiment, topic, …
	Version    string         `json:"version"`
	Date       string         `json:"date"` // YYYY-MM-DD, given by whoever trains
	Languages  []string       `json:"languages"`
	Data       []Source       `json:"data"`
	Examples   int            `json:"examples"`
	Classes    map[string]int `json:"classes"`
	Labels     []string       `json:"labels"`
	Seed       uint64         `json:"seed"`
	Spec       Spec           `json:"spec"`
	Evaluation []Measurement  `json:"evaluation"`
	Base       string         `json:"base,omitempty"` // fingerprint of the model that this one was adapted from
	Notes      string         `json:"notes,omitempty"`
}

// Source is one set of training data.
type Source struct {
	Name     string `json:"name"`
	Licence  string `json:"licence"`
	Examples int    `json:"examples"`
}

// Measurement is one figure of the card and how it was found.
type Measurement struct {
	Data   string `json:"data"`
	Method string `json:"method"`
	Report Report `json:"report"`
}

// The model file: magic, length and JSON of the header, the tables, and the
// CRC-32 (IEEE) of all before it; numbers are little-endian.
const (
	fileMagic     = "FTM1"
	maxHeader     = 1 << 20
	maxModelBytes = 64 << 20
)

// header is the JSON part of the file: everything but the two tables.
type header struct {
	Card   Card          `json:"card"`
	Spec   Spec          `json:"spec"`
	Labels []string      `json:"labels"`
	Scale  []float64     `json:"scale"`
	Bias   []float64     `json:"bias"`
	Scales []calibration `json:"scales"`
	Cut    float64       `json:"cut"`
}

// Write stores the model. The same model gives the same bytes.
func (m *Model) Write(w io.Writer) error {
	head, err := json.Marshal(header{Card: m.Card, Spec: m.spec, Labels: m.labels, Scale: m.scale,
		Bias: m.bias, Scales: m.scales, Cut: m.cut})
	if err != nil {
		return fmt.Errorf("textmodel: encode the header: %w", err)
	}
	var out bytes.Buffer
	out.WriteString(fileMagic)
	out.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(head))))
	out.Write(head)
	out.Write(m.idf)
	for _, v := range m.weight {
		out.WriteByte(byte(v))
	}
	out.Write(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(out.Bytes())))
	_, err = w.Write(out.Bytes())
	return err
}

// Read loads a model. A damaged or foreign file is an error, never a model
// that answers nonsense.
func Read(r io.Reader) (*Model, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxModelBytes+1))
	if err != nil {
		return nil, fmt.Errorf("textmodel: read the model: %w", err)
	}
	if len(data) < len(fileMagic)+8 || len(data) > maxModelBytes || string(data[:len(fileMagic)]) != fileMagic {
		return nil, errors.New("textmodel: not a model file")
	}
	body, sum := data[:len(data)-4], binary.LittleEndian.Uint32(data[len(data)-4:])
	if crc32.ChecksumIEEE(body) != sum {
		return nil, errors.New("textmodel: the model file is damaged: its checksum is wrong")
	}
	body = body[len(fileMagic):]
	n := int(binary.LittleEndian.Uint32(body))
	if body = body[4:]; n > maxHeader || n > len(body) {
		return nil, errors.New("textmodel: the model file's header is too long")
	}
	var head header
	if err := json.Unmarshal(body[:n], &head); err != nil {
		return nil, fmt.Errorf("textmodel: decode the header: %w", err)
	}
	m, err := head.model(body[n:])
	if err != nil {
		return nil, err
	}
	m.sum = sum
	return m, nil
}

// model checks the header against the tables and joins them.
func (h header) model(tables []byte) (*Model, error) {
	if err := h.Spec.validate(); err != nil {
		return nil, err
	}
	k, buckets := len(h.Labels), 1<<h.Spec.Bits
	if k < 2 || len(h.Scale) != k || len(h.Bias) != k || len(h.Scales) == 0 {
		return nil, errors.New("textmodel: the header's lists don't fit its labels")
	}
	lists := [][]float64{h.Scale, h.Bias, {h.Cut}}
	for _, s := range h.Scales {
		if len(s.Offset) != k {
			return nil, errors.New("textmodel: the header's calibration doesn't fit its labels")
		}
		lists = append(lists, s.Offset, []float64{s.Slope})
	}
	for _, list := range lists {
		for _, v := range list {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, errors.New("textmodel: the header holds a value that is no number")
			}
		}
	}
	if len(tables) != buckets*(k+1) {
		return nil, fmt.Errorf("textmodel: tables of %d bytes, the header asks for %d", len(tables), buckets*(k+1))
	}
	m := &Model{Card: h.Card, spec: h.Spec, labels: h.Labels, scale: h.Scale, bias: h.Bias,
		scales: h.Scales, cut: h.Cut, idf: tables[:buckets:buckets], weight: make([]int8, buckets*k)}
	for i, b := range tables[buckets:] {
		m.weight[i] = int8(b)
	}
	return m, nil
}
