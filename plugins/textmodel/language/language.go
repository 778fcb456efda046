package language

import (
	_ "embed"
	"sync"
	"unicode"

	"github.com/fincokpi/finco/plugins/textmodel"
)

// The tags that Detect gives, as BCP 47 has them.
const (
	English       = "en"
	Russian       = "ru"
	UzbekLatin    = "uz-Latn"
	UzbekCyrillic = "uz-Cyrl"
)

//go:embed model/language.bin
var modelFile []byte

// tags maps the model's labels to tags.
var tags = map[string]string{"en": English, "ru": Russian, "uz_Latn": UzbekLatin, "uz_Cyrl": UzbekCyrillic}

var model = sync.OnceValues(func() (*textmodel.Model, error) { return textmodel.Attached("language", modelFile) })

// Load reads the embedded model and gives the checksum of its file. Detect calls
// it by itself; a plugin calls it at its start, to fail early and to name the
// model in its version.
func Load() (fingerprint uint32, err error) {
	m, err := model()
	if err != nil {
		return 0, err
	}
	return m.Fingerprint(), nil
}

// Tags lists the tags that Detect gives.
func Tags() []string { return []string{UzbekLatin, UzbekCyrillic, Russian, English} }

// Detect gives the tag of a text and how sure that is (0..1). A text without
// Latin or Cyrillic letters has no language: "", 0. It is safe for concurrent use.
func Detect(text string) (tag string, confidence float64) {
	latin, cyrillic, uzbek := count(text)
	if latin+cyrillic == 0 {
		return "", 0
	}
	m, err := model()
	if err != nil {
		return "", 0
	}
	p := m.Predict(textmodel.Text{Body: text})
	sum, best := 0.0, 0.0
	for i, label := range m.Labels() {
		candidate := tags[label]
		if isCyrillic(candidate) != (cyrillic > latin) {
			continue
		}
		v := p.Probabilities[i]
		if candidate == UzbekCyrillic && uzbek > 0 {
			v += 0.5 // letters that Russian does not have
		}
		sum += v
		if v > best {
			tag, best = candidate, v
		}
	}
	if sum == 0 {
		return "", 0
	}
	return tag, best / sum
}

func isCyrillic(tag string) bool { return tag == Russian || tag == UzbekCyrillic }

// count counts the letters of each script, and those of Uzbek Cyrillic alone.
// A Cyrillic letter weighs like a Latin one; the larger script names the text.
func count(text string) (latin, cyrillic, uzbek int) {
	for i, r := range text {
		if i > 4<<10 {
			break
		}
		switch {
		case r < 0x80:
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
				latin++
			}
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic++
			switch unicode.ToLower(r) {
			case 'ў', 'қ', 'ғ', 'ҳ':
				uzbek++
			}
		case unicode.Is(unicode.Latin, r):
			latin++
		}
	}
	return latin, cyrillic, uzbek
}
