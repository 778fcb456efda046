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

// Other is what Tell calls a language that is none of these. It is no tag.
const Other = "other"

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
// Latin or Cyrillic letters has no language, and one in another language none
// that is known: "", 0. It is safe for concurrent use.
func Detect(text string) (tag string, confidence float64) {
	if tag, confidence = Tell(text); tag == Other {
		return "", 0
	}
	return tag, confidence
}

// Tell is Detect that calls other languages Other.
func Tell(text string) (label string, confidence float64) {
	letters := count(text)
	if letters.latin+letters.cyrillic == 0 {
		return "", 0
	}
	m, err := model()
	if err != nil {
		return "", 0
	}
	p := m.Predict(textmodel.Text{Body: text})
	sum, best := 0.0, 0.0
	for i, name := range m.Labels() {
		candidate, known := tags[name]
		v := p.Probabilities[i]
		switch {
		case !known:
			candidate = Other
			if letters.foreign > 0 {
				v += 0.5 // letters that none of the four languages has
			} else if v < surelyOther {
				continue
			}
		case isCyrillic(candidate) != (letters.cyrillic > letters.latin):
			continue
		case candidate == UzbekCyrillic && letters.uzbek > 0 && letters.foreign == 0:
			v += 0.5 // letters that Russian does not have
		}
		sum += v
		if v > best {
			label, best = candidate, v
		}
	}
	if sum == 0 {
		return "", 0
	}
	return label, best / sum
}

// surelyOther is how probable another language must be for a text without a
// letter of its own: names and slang look foreign, too.
const surelyOther = 0.7

func isCyrillic(tag string) bool { return tag == Russian || tag == UzbekCyrillic }

// lettersOf are the letters of a text by what they tell.
type lettersOf struct{ latin, cyrillic, uzbek, foreign int }

// count counts the letters of each script, those of Uzbek Cyrillic alone, and
// those of neighbours' alphabets. A Cyrillic letter weighs like a Latin one; the
// larger script names the text.
func count(text string) (n lettersOf) {
	for i, r := range text {
		if i > 4<<10 {
			break
		}
		switch {
		case r < 0x80:
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
				n.latin++
			}
		case unicode.Is(unicode.Cyrillic, r):
			n.cyrillic++
			switch unicode.ToLower(r) {
			case 'ў', 'қ', 'ғ', 'ҳ':
				n.uzbek++
			case 'ә', 'ң', 'ө', 'ұ', 'ү', 'һ', 'і', 'ӣ', 'ӯ', 'ҷ':
				n.foreign++
			}
		case unicode.Is(unicode.Latin, r):
			n.latin++
			if r == 'ə' || r == 'Ə' || r == 'ı' || r == 'İ' {
				n.foreign++
			}
		}
	}
	return n
}
