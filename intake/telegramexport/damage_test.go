package telegramexport

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestDamagedMessagesDoNotStopTheRest(t *testing.T) {
	t.Parallel()
	good := func(id int64) string { return messageText(id, "user7", `"fine"`) }
	for name, bad := range map[string]string{
		"text is a number":      messageText(2, "user7", `5`),
		"part is a number":      messageText(2, "user7", `["a",{"type":"bold","text":5}]`),
		"id is a word":          strings.Replace(good(2), `"id": 2`, `"id": "two"`, 1),
		"no id":                 strings.Replace(good(2), `"id": 2,`, ``, 1),
		"unknown type":          strings.Replace(good(2), `"type": "message"`, `"type": "letter"`, 1),
		"wrong time":            strings.Replace(good(2), `1747310460`, `soon`, 1),
		"time is zero":          strings.Replace(good(2), `1747310460`, `0`, 1),
		"no time":               strings.Replace(good(2), `date_unixtime`, `dated`, 1),
		"wrong sender":          messageText(2, "robot7", `"x"`),
		"lost closing quote":    messageText(2, "user7", `"x`),
		"lost opening quote":    messageText(2, "user7", `x"`),
		"bad escape":            messageText(2, "user7", `"\q"`),
		"lost brace":            strings.TrimSuffix(good(2), "}"),
		"bracket too many":      messageText(2, "user7", `["a"]]`),
		"raw control character": messageText(2, "user7", "\"a\x01b\""),
		"null":                  "null",
		"a number":              "17",
		"a list":                `["x"]`,
		"longer than a MiB":     messageText(2, "user7", `"`+strings.Repeat("x", maxValue)+`"`),
		"nested too deep":       messageText(2, "user7", strings.Repeat("[", 300)+strings.Repeat("]", 300)),
		"garbage":               "\x00\x00#!?",
	} {
		for _, compact := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", name, compact), func(t *testing.T) {
				t.Parallel()
				text := chatText("private_supergroup", 5, good(1), bad, good(3), good(4))
				if compact {
					text = strings.NewReplacer("\n", "", `": `, `":`).Replace(text)
				}
				s := readText(t, text, Options{})
				if got := s.ids(); got != "-1000000000005:1 -1000000000005:3 -1000000000005:4" {
					t.Errorf("read %s", got)
				}
				if len(s.skipped) == 0 || s.sum.Skipped != len(s.skipped) || !s.sum.Damaged() {
					t.Fatalf("skipped: %+v", s.skipped)
				}
				k := s.skipped[0]
				if k.Reason == "" || k.ChatID != -1000000000005 {
					t.Errorf("skipped: %+v", k)
				}
				if strings.Contains(bad, `"id": 2,`) && k.MessageID != 2 {
					t.Errorf("the message is not named: %+v", k)
				}
				if strings.HasPrefix(bad, "{") && !strings.HasPrefix(text[k.Offset:], "{") {
					t.Errorf("offset %d is at %.20q", k.Offset, text[k.Offset:])
				}
			})
		}
	}
}

func TestABraceTooManyCostsNoMessage(t *testing.T) {
	t.Parallel()
	s := readText(t, chatText("private_supergroup", 5, messageText(1, "user7", `"a"`)+"}", messageText(2, "user7", `"b"`)), Options{})
	if s.ids() != "-1000000000005:1 -1000000000005:2" || s.sum.Skipped != 1 || s.skipped[0].MessageID != 0 {
		t.Fatalf("%s %+v", s.ids(), s.sum)
	}
}

func TestDamageAtTheEndOfAChatStaysThere(t *testing.T) {
	t.Parallel()
	one := chatText("private_supergroup", 5, messageText(1, "user7", `"a"`), messageText(2, "user7", `"lost`))
	two := chatText("private_supergroup", 6, messageText(3, "user7", `"b"`))
	text := `{"chats":{"list":[` + one + "," + two + `]},"left_chats":{"list":[` + chatText("public_channel", 8, messageText(9, "channel8", `"c"`)) + `]}}`
	s := readText(t, text, Options{})
	if got := s.ids(); got != "-1000000000005:1 -1000000000006:3 -1000000000008:9" {
		t.Errorf("read %s", got)
	}
	if s.sum.Skipped != 1 || s.sum.Break != nil || s.skipped[0].MessageID != 2 || s.skipped[0].ChatID != -1000000000005 {
		t.Errorf("%+v", s.sum)
	}
}

func TestTruncatedAnywhere(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/full_account.json")
	if err != nil {
		t.Fatal(err)
	}
	whole := readText(t, string(text), Options{Account: 1})
	for n := 1; n < len(text)-1; n++ {
		s := &seen{}
		sum, err := inMemory(string(text[:n])).Read(t.Context(), Options{Account: 1}, s.handler())
		if err != nil {
			if strings.Contains(string(text[:n]), `"messages": [`) {
				t.Fatalf("cut at %d: %v", n, err)
			}
			continue
		}
		if sum.Break == nil || sum.Break.Offset > int64(n) || sum.Skipped != 0 {
			t.Fatalf("cut at %d: %+v", n, sum)
		}
		for i, m := range s.messages {
			if m.ID != whole.messages[i].ID || m.Text != whole.messages[i].Text {
				t.Fatalf("cut at %d: message %d differs", n, i)
			}
		}
		wholeOnes := strings.Count(string(text[:n]), "\n     }")
		if n > 400 && len(s.messages) < wholeOnes-1 { // one of them lies in saved messages
			t.Fatalf("cut at %d: %d of %d whole messages", n, len(s.messages), wholeOnes)
		}
	}
}

func TestBreakNamesTheStartOfTheBrokenMessage(t *testing.T) {
	t.Parallel()
	text := chatText("private_supergroup", 5, messageText(1, "user7", `"\x0B\x0C"`), messageText(2, "user7", `"cut here"`))
	at := strings.Index(text, `"id": 2`)
	s := readText(t, text[:strings.Index(text, "here")], Options{})
	if s.ids() != "-1000000000005:1" || s.sum.Break == nil {
		t.Fatalf("%s, %+v", s.ids(), s.sum)
	}
	if text[s.sum.Break.Offset] != '{' || int(s.sum.Break.Offset) > at || at-int(s.sum.Break.Offset) > 8 {
		t.Errorf("break at %d, message at %d", s.sum.Break.Offset, at)
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"single_supergroup", "full_account", "invalid_x_escape"} {
		text, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(text[:len(text)/2])
		f.Add(append(append([]byte{}, text[:len(text)/3]...), text[len(text)/3+9:]...))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		s := &seen{}
		sum, err := inMemory(string(in)).Read(t.Context(), Options{Account: 1}, s.handler())
		if err != nil {
			return
		}
		if sum.Messages != len(s.messages) || sum.Skipped != len(s.skipped) || sum.Chats != len(s.chats) {
			t.Fatalf("the summary does not count what was handed over: %+v", sum)
		}
		for _, m := range s.messages {
			if m.ID == 0 || m.ChatID == 0 || m.Kind != KindUnsupported && m.At.IsZero() || strings.ContainsRune(m.Text, 0) {
				t.Fatalf("impossible message: %+v", m)
			}
		}
		for _, k := range s.skipped {
			if k.Offset < 0 || k.Offset > int64(len(in)) {
				t.Fatalf("offset outside the file: %+v", k)
			}
		}
	})
}
