package web

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
)

// language is one that pages are written in.
type language struct{ Code, Name string }

var languages = []language{{"uz", "Oʻzbekcha"}, {"ru", "Русский"}, {"en", "English"}}

// texts are the words of the pages in one language, by key.
type texts map[string]string

// script are those that scripts show: the keys that begin with "js.".
func (t texts) script() map[string]string {
	out := map[string]string{}
	for k, v := range t {
		if name, ok := strings.CutPrefix(k, "js."); ok {
			out[name] = v
		}
	}
	return out
}

// loadTexts reads texts/*.json and refuses a language that lacks a text another has.
func loadTexts(from fs.FS) (map[string]texts, error) {
	all := map[string]texts{}
	for _, l := range languages {
		raw, err := fs.ReadFile(from, "texts/"+l.Code+".json")
		if err != nil {
			return nil, err
		}
		t := texts{}
		if err := json.Unmarshal(raw, &t); err != nil {
			return nil, fmt.Errorf("texts/%s.json: %w", l.Code, err)
		}
		all[l.Code] = t
	}
	for code, t := range all {
		for _, other := range all {
			for key := range other {
				if t[key] == "" {
					return nil, fmt.Errorf("texts/%s.json has no %q", code, key)
				}
			}
		}
	}
	return all, nil
}
