package bottest

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/go-telegram/bot/models"
)

// tags are those of Telegram's HTML, and what they become.
var tags = map[string]models.MessageEntityType{
	"a": models.MessageEntityTypeTextLink, "b": models.MessageEntityTypeBold, "strong": models.MessageEntityTypeBold,
	"i": models.MessageEntityTypeItalic, "em": models.MessageEntityTypeItalic, "s": models.MessageEntityTypeStrikethrough,
	"strike": models.MessageEntityTypeStrikethrough, "del": models.MessageEntityTypeStrikethrough, "u": models.MessageEntityTypeUnderline,
	"ins": models.MessageEntityTypeUnderline, "tg-spoiler": models.MessageEntityTypeSpoiler, "span": models.MessageEntityTypeSpoiler,
	"tg-emoji": models.MessageEntityTypeCustomEmoji, "pre": models.MessageEntityTypePre, "code": models.MessageEntityTypeCode,
	"blockquote": models.MessageEntityTypeBlockquote,
}

// opened is a start tag without its end tag yet.
type opened struct {
	tag, value string
	at         int // in UTF-16 units
}

// parser reads Telegram's HTML as Telegram does: few tags, each closed, and little tolerance.
type parser struct {
	in       string
	i        int
	out      strings.Builder
	units    int
	nested   []opened
	entities []models.MessageEntity
}

// parseHTML is the plain text and its entities, or what Telegram says is wrong with it.
func parseHTML(in string) (string, []models.MessageEntity, error) {
	p := &parser{in: in}
	for p.i < len(in) {
		var err error
		switch {
		case strings.HasPrefix(in[p.i:], "</"):
			err = p.end()
		case in[p.i] == '<':
			err = p.start()
		default:
			p.text()
		}
		if err != nil {
			return "", nil, err
		}
	}
	if n := len(p.nested); n > 0 {
		return "", nil, fmt.Errorf("can't find end tag corresponding to start tag %q", p.nested[n-1].tag)
	}
	return p.out.String(), p.entities, nil
}

func units(s string) int { return len(utf16.Encode([]rune(s))) }

// text takes what stands before the next tag, with its &lt; &gt; &amp; &quot; and &#…; decoded; anything else stays as it is.
func (p *parser) text() {
	end := strings.IndexByte(p.in[p.i:], '<')
	if end < 0 {
		end = len(p.in) - p.i
	}
	s := decode(p.in[p.i : p.i+end])
	p.i += end
	p.out.WriteString(s)
	p.units += units(s)
}

func decode(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			return b.String() + s
		}
		b.WriteString(s[:i])
		s = s[i:]
		end := strings.IndexByte(s, ';')
		if end > 0 && (strings.HasPrefix(s, "&#") || slices.Contains([]string{"&lt;", "&gt;", "&amp;", "&quot;"}, s[:end+1])) {
			b.WriteString(html.UnescapeString(s[:end+1]))
			s = s[end+1:]
			continue
		}
		b.WriteByte('&')
		s = s[1:]
	}
}

func space(c byte) bool { return unicode.IsSpace(rune(c)) }

// peek is the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.i < len(p.in) {
		return p.in[p.i]
	}
	return 0
}

// run takes bytes while they do.
func (p *parser) run(do func(byte) bool) string {
	from := p.i
	for p.i < len(p.in) && do(p.in[p.i]) {
		p.i++
	}
	return p.in[from:p.i]
}

func (p *parser) start() error {
	begin := p.i
	p.i++
	tag := strings.ToLower(p.run(func(c byte) bool { return !space(c) && c != '>' }))
	if p.peek() == 0 {
		return fmt.Errorf("unclosed start tag at byte offset %d", begin)
	}
	if _, known := tags[tag]; !known {
		return fmt.Errorf("unsupported start tag %q at byte offset %d", tag, begin)
	}
	value, err := p.attributes(tag, begin)
	if err != nil {
		return err
	}
	if tag == "span" && value != "tg-spoiler" {
		return fmt.Errorf("tag \"span\" must have class \"tg-spoiler\" at byte offset %d", begin)
	}
	p.nested = append(p.nested, opened{tag, value, p.units})
	return nil
}

// attributes reads up to the end of a start tag; the value is that of the attribute which the tag is for.
func (p *parser) attributes(tag string, begin int) (string, error) {
	value := ""
	for {
		p.run(space)
		switch p.peek() {
		case 0:
			return "", fmt.Errorf("unclosed start tag at byte offset %d", begin)
		case '>':
			p.i++
			return value, nil
		}
		name := p.run(func(c byte) bool { return !space(c) && c != '=' && c != '>' })
		if name == "" {
			return "", fmt.Errorf("empty attribute name in the tag %q at byte offset %d", tag, begin)
		}
		p.run(space)
		if p.peek() != '=' {
			continue
		}
		p.i++
		p.run(space)
		var given string
		if quote := p.peek(); quote == '"' || quote == '\'' {
			p.i++
			given = decode(p.run(func(c byte) bool { return c != quote }))
			if p.peek() == 0 {
				return "", fmt.Errorf("unclosed start tag at byte offset %d", begin)
			}
			p.i++
		} else {
			at := p.i
			given = p.run(func(c byte) bool {
				return c == '.' || c == '-' || unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c))
			})
			if c := p.peek(); c != 0 && !space(c) && c != '>' {
				return "", fmt.Errorf("unexpected end of name token at byte offset %d", at)
			}
		}
		if strings.EqualFold(name, map[string]string{"a": "href", "span": "class", "code": "class", "tg-emoji": "emoji-id"}[tag]) {
			value = given
		}
	}
}

func (p *parser) end() error {
	begin := p.i
	if len(p.nested) == 0 {
		return fmt.Errorf("unexpected end tag at byte offset %d", begin)
	}
	p.i += 2
	name := p.run(func(c byte) bool { return !space(c) && c != '>' })
	p.run(space)
	if p.peek() != '>' {
		return fmt.Errorf("unclosed end tag at byte offset %d", begin)
	}
	p.i++
	last := p.nested[len(p.nested)-1]
	if name != "" && name != last.tag {
		return fmt.Errorf("unmatched end tag at byte offset %d, expected \"</%s>\", found \"</%s>\"", begin, last.tag, name)
	}
	p.nested = p.nested[:len(p.nested)-1]
	if length := p.units - last.at; length > 0 && (last.tag != "a" || strings.Contains(last.value, ".") || strings.Contains(last.value, "://")) {
		e := models.MessageEntity{Type: tags[last.tag], Offset: last.at, Length: length}
		if last.tag == "a" {
			e.URL = last.value
		}
		p.entities = append(p.entities, e)
	}
	return nil
}
