package auth_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

const botToken = "1234567890:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"

// opened is what Telegram hands to a Mini App.
func opened(token string, fields map[string]string) string {
	var lines []string
	form := url.Values{}
	for key, value := range fields {
		lines = append(lines, key+"="+value)
		form.Set(key, value)
	}
	slices.Sort(lines)
	key := hmac.New(sha256.New, []byte("WebAppData"))
	key.Write([]byte(token))
	mac := hmac.New(sha256.New, key.Sum(nil))
	mac.Write([]byte(strings.Join(lines, "\n")))
	form.Set("hash", hex.EncodeToString(mac.Sum(nil)))
	return form.Encode()
}

func TestVerifyInitData(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 15, 9, 0, 0, 0, time.UTC)
	at := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	user := `{"id":279058397,"first_name":"A+B 100% & =;","last_name":"Oʻktam","username":"x","language_code":"uz"}`
	good := map[string]string{"auth_date": at(-time.Minute), "query_id": "AAHdF6IQAAAAAN0XohDhrOrc", "user": user, "signature": "abc_-"}
	with := func(key, value string) map[string]string {
		out := map[string]string{}
		for k, v := range good {
			out[k] = v
		}
		out[key] = value
		return out
	}
	for name, c := range map[string]struct {
		data string
		want int64
	}{
		"good":               {opened(botToken, good), 279058397},
		"ahead a little":     {opened(botToken, with("auth_date", at(30*time.Second))), 279058397},
		"percent for plus":   {strings.ReplaceAll(opened(botToken, good), "+", "%20"), 279058397},
		"another bot's":      {opened("1:"+strings.Repeat("x", 35), good), 0},
		"old":                {opened(botToken, with("auth_date", at(-11*time.Minute))), 0},
		"from the future":    {opened(botToken, with("auth_date", at(2*time.Minute))), 0},
		"no date":            {opened(botToken, with("auth_date", "")), 0},
		"a bot":              {opened(botToken, with("user", `{"id":5,"is_bot":true}`)), 0},
		"nobody":             {opened(botToken, with("user", `{}`)), 0},
		"no JSON":            {opened(botToken, with("user", `{`)), 0},
		"another user":       {strings.Replace(opened(botToken, good), "279058397", "279058398", 1), 0},
		"a field added":      {opened(botToken, good) + "&chat_type=private", 0},
		"a field twice":      {opened(botToken, good) + "&user=%7B%22id%22%3A1%7D", 0},
		"hash twice":         {opened(botToken, good) + "&hash=00", 0},
		"no hash":            {"auth_date=" + at(0) + "&user=" + url.QueryEscape(user), 0},
		"hash no hex":        {"hash=zz&auth_date=" + at(0) + "&user=" + url.QueryEscape(user), 0},
		"empty":              {"", 0},
		"broken":             {"%zz", 0},
		"longer than it can": {opened(botToken, with("start_param", strings.Repeat("a", 9000))), 0},
	} {
		got, err := auth.VerifyInitData(c.data, botToken, now)
		if got != c.want || (c.want == 0) != (domain.KindOf(err) == domain.KindUnauthenticated && err != nil) {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
}
