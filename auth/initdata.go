package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fincokpi/finco/domain"
)

const (
	// initDataAge is how long what a Mini App was opened with is good for a sign-in.
	initDataAge = 10 * time.Minute
	// clockSkew is how far Telegram's clock may be ahead of ours.
	clockSkew = time.Minute
	// maxInitData is far above what Telegram hands to a Mini App.
	maxInitData = 8 << 10
)

// VerifyInitData is the Telegram account that a Mini App of the bot was opened by, out of the initData that Telegram handed to
// it. It is unauthenticated unless Telegram signed the data with the bot's token within the last ten minutes.
//
// The signature is the HMAC-SHA256 of the sorted "key=value" lines of all fields but hash, under the key HMAC-SHA256("WebAppData",
// token): core.telegram.org/bots/webapps, "Validating data received via the Mini App".
func VerifyInitData(initData, token string, now time.Time) (int64, error) {
	refused := domain.Errorf(domain.KindUnauthenticated, "Telegram did not confirm this sign-in, open the page from the bot again")
	if len(initData) > maxInitData {
		return 0, refused
	}
	fields, err := url.ParseQuery(initData)
	if err != nil {
		return 0, refused
	}
	var lines []string
	for key, values := range fields {
		if len(values) != 1 {
			return 0, refused
		}
		if key != "hash" {
			lines = append(lines, key+"="+values[0])
		}
	}
	slices.Sort(lines)
	want := hmacSHA256(hmacSHA256([]byte("WebAppData"), token), strings.Join(lines, "\n"))
	got, err := hex.DecodeString(fields.Get("hash"))
	if err != nil || !hmac.Equal(got, want) {
		return 0, refused
	}
	seconds, err := strconv.ParseInt(fields.Get("auth_date"), 10, 64)
	if err != nil {
		return 0, refused
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > initDataAge || age < -clockSkew {
		return 0, domain.Errorf(domain.KindUnauthenticated, "this sign-in is too old, open the page from the bot again")
	}
	var user struct {
		ID    int64 `json:"id"`
		IsBot bool  `json:"is_bot"`
	}
	if json.Unmarshal([]byte(fields.Get("user")), &user) != nil || user.ID <= 0 || user.IsBot {
		return 0, refused
	}
	return user.ID, nil
}

func hmacSHA256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
