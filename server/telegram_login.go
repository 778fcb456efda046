package server

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

const (
	loginPath     = "/auth/telegram"
	loginCallback = loginPath + "/callback"
	loginCookie   = "finco_login"
	// arrivalCookie tells the page that this browser was sent to it by us: whoever follows somebody else's link with a token in it
	// would be signed in as them and not notice.
	arrivalCookie = "finco_arrival"
	arrivalFor    = time.Minute
	// loginFor is how long somebody may take to confirm a sign-in in Telegram.
	loginFor = 10 * time.Minute
)

// telegramLogin is the sign-in by "Log In With Telegram" as a browser goes through it: to Telegram and back to the page, which
// trades what stands behind the # of its address, and is sent to no server, for a session.
type telegramLogin struct {
	*serving
	login *auth.TelegramLogin
}

// telegramLogin is nil where it is not set up.
func (s *serving) telegramLogin() *telegramLogin {
	if s.cfg.TelegramLoginID == "" {
		return nil
	}
	redirect := strings.TrimRight(s.cfg.PublicURL, "/") + loginCallback
	login := auth.NewTelegramLogin(s.cfg.TelegramLoginURL, s.cfg.TelegramLoginID, s.cfg.TelegramLoginSecret, redirect, s.App.Now)
	return &telegramLogin{serving: s, login: login}
}

// start sends the browser to Telegram.
func (l *telegramLogin) start(w http.ResponseWriter, r *http.Request) {
	address, challenge := l.login.Start()
	l.keep(w, l.seal(challenge), int(loginFor.Seconds()))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, address, http.StatusFound)
}

// callback takes the browser back, signed in or told why not.
func (l *telegramLogin) callback(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	cookie, err := r.Cookie(loginCookie)
	l.keep(w, "", -1)
	if err != nil {
		l.notSignedIn(w, r, "failed", auth.ErrNotConfirmed)
		return
	}
	challenge, ok := l.open(cookie.Value)
	if !ok {
		l.notSignedIn(w, r, "failed", auth.ErrNotConfirmed)
		return
	}
	account, err := l.login.Finish(r.Context(), challenge, r.URL.Query())
	if err != nil {
		l.notSignedIn(w, r, reasonOf(err, "failed"), err)
		return
	}
	signed, err := l.App.SignInByTelegram(r.Context(), account)
	if err != nil {
		l.notSignedIn(w, r, reasonOf(err, "unknown"), err)
		return
	}
	arrival := rand.Text()
	http.SetCookie(w, &http.Cookie{ // the page reads it
		Name: arrivalCookie, Value: arrival, Path: "/", MaxAge: int(arrivalFor.Seconds()),
		Secure: strings.HasPrefix(l.cfg.PublicURL, "https:"), SameSite: http.SameSiteLaxMode,
	})
	l.back(w, r, "signin", signed.RefreshToken, "arrival", arrival)
}

// notSignedIn logs why somebody was not signed in, and sends them back with the word for it. What the person did is no trouble of
// ours: they took too long, said no, or are nobody's account here. Everything else somebody has to look into.
func (l *telegramLogin) notSignedIn(w http.ResponseWriter, r *http.Request, word string, err error) {
	if word == "unknown" || errors.Is(err, auth.ErrNotConfirmed) {
		l.Log.Info("a sign-in by Telegram was refused", "room", "server", "reason", word)
	} else {
		l.Log.Warn("a sign-in by Telegram failed; see FINCO_TELEGRAM_LOGIN_ID, FINCO_TELEGRAM_LOGIN_SECRET and the addresses registered at BotFather",
			"room", "server", "error", app.FaultOf(err))
	}
	l.back(w, r, "telegram", word)
}

// reasonOf is the word by which the page finds what to say.
func reasonOf(err error, refused string) string {
	if domain.KindOf(err) == domain.KindUnauthenticated {
		return refused
	}
	return "busy"
}

// back sends the browser to the page with pairs of name and value.
func (l *telegramLogin) back(w http.ResponseWriter, r *http.Request, pairs ...string) {
	with := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		with.Set(pairs[i], pairs[i+1])
	}
	http.Redirect(w, r, "/#"+with.Encode(), http.StatusFound)
}

func (l *telegramLogin) keep(w http.ResponseWriter, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: loginCookie, Value: value, Path: loginPath, MaxAge: seconds, HttpOnly: true,
		Secure: strings.HasPrefix(l.cfg.PublicURL, "https:"), SameSite: http.SameSiteLaxMode,
	})
}

// sealed is what the cookie holds.
type sealed struct {
	auth.Challenge
	Ends int64 `json:"e"`
}

func (l *telegramLogin) seal(c auth.Challenge) string {
	raw, err := json.Marshal(sealed{Challenge: c, Ends: l.App.Now().Add(loginFor).Unix()})
	if err != nil {
		return "" // strings and a number always marshal
	}
	return base64.RawURLEncoding.EncodeToString(raw) + "." + base64.RawURLEncoding.EncodeToString(l.mac(raw))
}

func (l *telegramLogin) open(value string) (auth.Challenge, bool) {
	body, sum, _ := strings.Cut(value, ".")
	raw, err := base64.RawURLEncoding.DecodeString(body)
	mac, macErr := base64.RawURLEncoding.DecodeString(sum)
	var c sealed
	if err != nil || macErr != nil || !hmac.Equal(mac, l.mac(raw)) || json.Unmarshal(raw, &c) != nil || l.App.Now().Unix() > c.Ends {
		return auth.Challenge{}, false
	}
	return c.Challenge, true
}

func (l *telegramLogin) mac(raw []byte) []byte {
	mac := hmac.New(sha256.New, l.secret)
	mac.Write([]byte("telegram login:"))
	mac.Write(raw)
	return mac.Sum(nil)
}

// checkLogin refuses settings of the sign-in by Telegram that could not work, naming them.
func (c *Config) checkLogin(faults *domain.Faults) {
	if c.PublicURL != "" && !isService(c.PublicURL, "http", "https") {
		faults.Add("FINCO_PUBLIC_URL", "must be http:// or https:// with a host, such as https://finco.example.com")
	}
	if c.TelegramLoginID == "" {
		return
	}
	if c.TelegramLoginSecret == "" {
		faults.Add("FINCO_TELEGRAM_LOGIN_SECRET", "must be the client secret that BotFather shows beside the client ID")
	}
	if c.PublicURL == "" {
		faults.Add("FINCO_PUBLIC_URL", "must be this server's address as browsers know it: Telegram sends them back there")
	}
	if !isService(c.TelegramLoginURL, "http", "https") {
		faults.Add("FINCO_TELEGRAM_LOGIN_URL", "must be http:// or https:// with a host")
	}
}
