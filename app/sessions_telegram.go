package app

import (
	"context"
	"strconv"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/employment"
)

// SignInByMiniApp begins a session for whoever opened the bot's Mini App, by the initData that Telegram handed to it. Anybody may
// call it; address is the client's, for the growing delay of failed tries. It is unavailable where no bot is set up.
func (a *App) SignInByMiniApp(ctx context.Context, initData, address string) (Signed, error) {
	if a.telegramToken == "" {
		return Signed{}, domain.Errorf(domain.KindUnavailable, "no bot is set up here, sign in with e-mail and password")
	}
	ctx = auth.With(ctx, auth.System("signin"))
	var subjects []string
	if address != "" {
		subjects = append(subjects, subjectOf("address", address))
	}
	if err := a.mayTry(ctx, subjects); err != nil {
		return Signed{}, err
	}
	telegramID, err := auth.VerifyInitData(initData, a.telegramToken, a.now())
	if err != nil {
		if counted := a.failed(ctx, subjects); domain.KindOf(counted) != domain.KindUnauthenticated {
			return Signed{}, counted
		}
		return Signed{}, err
	}
	return a.SignInByTelegram(ctx, telegramID)
}

// SignInByTelegram begins a session for the person of a Telegram account that Telegram vouched for: whoever calls it has
// verified that.
func (a *App) SignInByTelegram(ctx context.Context, telegramID int64) (Signed, error) {
	ctx = auth.With(ctx, auth.System("signin"))
	found, err := a.client.Employment.Query().Where(employment.TelegramID(telegramID), employment.StatusEQ(employment.StatusActive)).Only(ctx)
	if gen.IsNotFound(err) {
		return Signed{}, domain.Errorf(domain.KindUnauthenticated, "this Telegram account belongs to nobody here, ask your admin for an invitation")
	}
	if err != nil {
		return Signed{}, domain.Errorf(domain.KindUnavailable, "the database does not answer: %w", err)
	}
	return a.begin(ctx, found.UserID, []string{subjectOf("telegram", strconv.FormatInt(telegramID, 10))})
}
