package likeness

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"sync"
)

//go:embed background.bin
var backgroundFile []byte

// background says how rare each n-gram is in chats, and how likeness becomes a probability.
type background struct {
	rarity [1 << bits]uint8 // inverse document frequency in steps of rarityStep; 0: never met
	top    float64          // that of an n-gram never met
	card   Card
}

// rarityStep is one step of the quantised inverse document frequency.
const rarityStep = 1.0 / 24

// Card says what the table was made of, how likeness becomes a probability, and how well that does.
type Card struct {
	Date    string    `json:"date"`
	Seed    uint64    `json:"seed"`
	Data    []Source  `json:"data"`
	Texts   int       `json:"texts"`
	Weights []float64 `json:"weights"` // of the likenesses, in the order of Likenesses
	Offset  float64   `json:"offset"`
	Figures []Figure  `json:"figures"`
	Notes   string    `json:"notes"`
}

// Source is one set of texts.
type Source struct {
	Name    string `json:"name"`
	Licence string `json:"licence"`
	Texts   int    `json:"texts"`
}

// Figure is how well made-up companies' topics are found.
type Figure struct {
	Data      string  `json:"data"`
	Method    string  `json:"method"`
	Texts     int     `json:"texts"`
	Precision float64 `json:"precision"` // of the texts given one of the topics, those that are of it
	Recall    float64 `json:"recall"`    // of the texts of the topics, those given theirs
	F1        float64 `json:"f1"`
	ECE       float64 `json:"ece"` // expected calibration error of the probability of the likeliest topic, ten bins
}

// weight is the inverse document frequency of a bucket.
func (b *background) weight(bucket uint32) float64 {
	if v := b.rarity[bucket]; v != 0 {
		return float64(v) * rarityStep
	}
	return b.top
}

var load = sync.OnceValues(func() (*background, error) { return decode(backgroundFile) })

// Load gives the card of the embedded table and the checksum of its file.
func Load() (Card, uint32, error) {
	b, err := load()
	if err != nil {
		return Card{}, 0, err
	}
	return b.card, crc32.ChecksumIEEE(backgroundFile), nil
}

// magic begins the file: then the length of the card, the card as JSON, the table, and the CRC-32 (IEEE) of all before.
const magic = "FTB1"

func (b *background) encode() ([]byte, error) {
	card, err := json.Marshal(b.card)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString(magic)
	out.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(card))))
	out.Write(card)
	out.Write(b.rarity[:])
	out.Write(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(out.Bytes())))
	return out.Bytes(), nil
}

func decode(file []byte) (*background, error) {
	if len(file) < len(magic)+8+1<<bits || string(file[:len(magic)]) != magic {
		return nil, errors.New("likeness: not a table of rarities")
	}
	body := file[:len(file)-4]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(file[len(file)-4:]) {
		return nil, errors.New("likeness: the table is damaged: its checksum is wrong")
	}
	card, table := body[len(magic)+4:len(body)-1<<bits], body[len(body)-1<<bits:]
	if uint32(len(card)) != binary.LittleEndian.Uint32(body[len(magic):]) {
		return nil, errors.New("likeness: the table has another size than it says")
	}
	b := &background{}
	if err := json.Unmarshal(card, &b.card); err != nil {
		return nil, fmt.Errorf("likeness: decode the card: %w", err)
	}
	if len(b.card.Weights) != likenesses || b.card.Texts < 1 {
		return nil, errors.New("likeness: the card does not fit the code")
	}
	copy(b.rarity[:], table)
	b.top = math.Log(float64(b.card.Texts + 1))
	return b, nil
}
