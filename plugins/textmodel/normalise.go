package textmodel

import (
	"unicode"
	"unicode/utf8"
)

// roman gives the Latin spelling of Cyrillic letters. Uzbek is written in both
// scripts, and often without ў қ ғ ҳ or without apostrophes, so one spelling
// lets the n-grams of one script serve the other: қ к q k → k, ғ г gʻ g → g,
// ҳ х x h → h, ў oʻ o → o. Russian takes the same road; it stays apart from
// Uzbek by its words.
var roman = func() (table [0x500]string) {
	lower := map[rune]string{
		'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ё': "yo", 'ж': "j",
		'з': "z", 'и': "i", 'й': "y", 'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o",
		'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "h", 'ц': "ts",
		'ч': "ch", 'ш': "sh", 'щ': "sh", 'ъ': "", 'ы': "i", 'ь': "", 'э': "e", 'ю': "yu",
		'я': "ya", 'ў': "o", 'қ': "k", 'ғ': "g", 'ҳ': "h", 'і': "i", 'ї': "i", 'є': "e",
	}
	for r, latin := range lower {
		table[r] = latin
		if upper := unicode.ToUpper(r); upper < 0x500 {
			table[upper] = latin
		}
	}
	return table
}()

// fold joins Latin letters that Uzbek and transliterated Russian use for one sound.
var fold = [256]byte{'q': 'k', 'x': 'h', 'w': 'v'}

// isApostrophe reports the many signs that stand for the Uzbek tutuq belgisi
// and the hook of oʻ and gʻ, and for the English apostrophe.
func isApostrophe(r rune) bool {
	switch r {
	case '\'', '`', '´', 'ʻ', 'ʼ', 'ʹ', '‘', '’', '‛', '′', '＇':
		return true
	}
	return false
}

// AppendRoman appends the form the classifiers read: lower case, Latin letters,
// no apostrophes, digits as 0 (three at most in a row), letters repeated three
// times or more once, one space between words, and the signs ? ! as they are.
// Emoji and letters of other scripts are kept as UTF-8; invalid bytes become spaces.
func AppendRoman(dst []byte, text string) []byte {
	start := len(dst)
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			i++
			dst = appendASCII(dst, start, c)
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		dst = appendRune(dst, start, r)
	}
	return collapseRuns(dst, start)
}

func appendASCII(dst []byte, start int, c byte) []byte {
	switch {
	case c >= 'A' && c <= 'Z':
		c += 'a' - 'A'
		fallthrough
	case c >= 'a' && c <= 'z':
		if f := fold[c]; f != 0 {
			c = f
		}
		return append(dst, c)
	case c >= '0' && c <= '9':
		if n := len(dst); n >= start+3 && dst[n-1] == '0' && dst[n-2] == '0' && dst[n-3] == '0' {
			return dst
		}
		return append(dst, '0')
	case c == '\'' || c == '`':
		return dst
	case c == '?' || c == '!':
		if n := len(dst); n > start && dst[n-1] == c {
			return dst
		}
		return append(dst, c)
	}
	return appendSpace(dst, start)
}

func appendSpace(dst []byte, start int) []byte {
	if n := len(dst); n == start || dst[n-1] == ' ' {
		return dst
	}
	return append(dst, ' ')
}

func appendRune(dst []byte, start int, r rune) []byte {
	switch {
	case r == utf8.RuneError:
		return appendSpace(dst, start)
	case isApostrophe(r) || r == '\u00ad' || (r >= 0x2000 && unicode.Is(unicode.Cf, r)) || (r >= 0xfe00 && r <= 0xfe0f):
		return dst
	case r < 0x500 && (r >= 0x400):
		return append(dst, roman[r]...)
	case unicode.IsSpace(r) || (unicode.IsPunct(r) && r < 0x3000):
		return appendSpace(dst, start)
	case r < 0x250:
		// Accents are dropped where the base letter is plain: é → e, ö → o, ò → o.
		if base := unaccented[r]; base != 0 {
			return append(dst, base)
		}
	case r >= 0x1f3fb && r <= 0x1f3ff: // skin tones
		return dst
	}
	return utf8.AppendRune(dst, unicode.ToLower(r))
}

// unaccented gives the plain letter of the accented Latin letters met in typing.
var unaccented = func() (table [0x250]byte) {
	for base, accented := range map[byte]string{
		'a': "àáâãäåāÀÁÂÃÄÅĀ", 'o': "òóôõöøōǒÒÓÔÕÖØŌǑ", 'u': "ùúûüūÙÚÛÜŪ", 'e': "èéêëēÈÉÊËĒ",
		'i': "ìíîïīıÌÍÎÏĪİ", 'c': "çčÇČ", 'n': "ñÑ", 'g': "ğĝģĞĜĢ", 's': "šşŠŞ", 'z': "žŽ",
	} {
		for _, r := range accented {
			table[r] = base
		}
	}
	return table
}()

// collapseRuns shortens a letter repeated three times or more to one, in place:
// "raxmatttt" is the word "raxmat" said louder.
func collapseRuns(dst []byte, start int) []byte {
	out := start
	for i := start; i < len(dst); {
		j := i + 1
		for j < len(dst) && dst[j] == dst[i] {
			j++
		}
		run := j - i
		if run >= 3 && dst[i] >= 'a' && dst[i] <= 'z' {
			run = 1
		}
		for k := 0; k < run; k++ {
			dst[out+k] = dst[i]
		}
		out += run
		i = j
	}
	if out > start && dst[out-1] == ' ' {
		out--
	}
	return dst[:out]
}

// AppendPlain appends the text in lower case in its own script, apostrophes as
// one sign and other signs as spaces: what telling languages apart needs.
func AppendPlain(dst []byte, text string) []byte {
	start := len(dst)
	for _, r := range text {
		switch {
		case r == utf8.RuneError || (r >= '0' && r <= '9'):
			dst = appendSpace(dst, start)
		case isApostrophe(r):
			dst = append(dst, '\'')
		case unicode.IsLetter(r):
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		default:
			dst = appendSpace(dst, start)
		}
	}
	return dst
}
