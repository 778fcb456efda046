package main

import (
	"regexp"
	"strings"

	"github.com/fincokpi/finco/plugins/textmodel/language"
)

// names are Whisper's names of languages, which whisper.cpp and OpenAI answer instead of codes.
var names = func() map[string]string {
	byName := map[string]string{"haitian creole": "ht"}
	list := strings.Fields(`english en chinese zh german de spanish es russian ru korean ko french fr japanese ja portuguese pt turkish tr polish pl
		catalan ca dutch nl arabic ar swedish sv italian it indonesian id hindi hi finnish fi vietnamese vi hebrew he ukrainian uk greek el malay ms
		czech cs romanian ro danish da hungarian hu tamil ta norwegian no thai th urdu ur croatian hr bulgarian bg lithuanian lt latin la maori mi
		malayalam ml welsh cy slovak sk telugu te persian fa latvian lv bengali bn serbian sr azerbaijani az slovenian sl kannada kn estonian et
		macedonian mk breton br basque eu icelandic is armenian hy nepali ne mongolian mn bosnian bs kazakh kk albanian sq swahili sw galician gl
		marathi mr punjabi pa sinhala si khmer km shona sn yoruba yo somali so afrikaans af occitan oc georgian ka belarusian be tajik tg sindhi sd
		gujarati gu amharic am yiddish yi lao lo uzbek uz faroese fo pashto ps turkmen tk nynorsk nn maltese mt sanskrit sa luxembourgish lb
		myanmar my tibetan bo tagalog tl malagasy mg assamese as tatar tt hawaiian haw lingala ln hausa ha bashkir ba javanese jw sundanese su
		cantonese yue kyrgyz ky mandarin zh`)
	for i := 0; i < len(list); i += 2 {
		byName[list[i]] = list[i+1]
	}
	return byName
}()

var tag = regexp.MustCompile(`^[a-z]{2,3}([-_][a-z0-9]{1,8})*$`)

// primary gives the first subtag of what an engine or an admin calls a language; empty if it is none.
func primary(told string) string {
	told = strings.ToLower(strings.TrimSpace(told))
	if code, ok := names[told]; ok {
		return code
	}
	if told == "und" || !tag.MatchString(told) {
		return ""
	}
	code, _, _ := strings.Cut(strings.ReplaceAll(told, "_", "-"), "-")
	return code
}

// tongue gives the tag of a transcript: what the engine said, else what was set, else what the text looks like. Uzbek gets the
// script in which the text stands, whatever was said of it.
func tongue(engine, set, text string) string {
	code := primary(engine)
	if code == "" {
		code = primary(set)
	}
	looks, _ := language.Detect(text)
	switch {
	case code == "":
		return looks
	case code != "uz":
		return code
	case looks == language.Russian || looks == language.UzbekCyrillic:
		return language.UzbekCyrillic
	default:
		return language.UzbekLatin
	}
}
