package app_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen/punch"
)

func punching(id, at string, direction punch.Direction) app.PunchInput {
	return app.PunchInput{Source: "telegram", ExternalID: id, At: apptest.At(at), Direction: direction}
}

func TestAPunchIsKeptOnceAndAsItIs(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	jasur := w.As(apptest.Jasur)
	first, err := w.App.Punch(jasur, punching("1", "2026-09-15 09:02", punch.DirectionComing))
	if err != nil || first.Noted || !first.At.Equal(apptest.At("2026-09-15 09:02")) || first.OffsetSeconds != 5*3600 || first.Zone.String() != "Asia/Tashkent" {
		t.Fatalf("the first one: %+v, %v", first, err)
	}
	for _, again := range []app.PunchInput{
		punching("1", "2026-09-15 11:00", punch.DirectionGoing),     // the same update again, whatever it says
		punching("2", "2026-09-15 09:02:59", punch.DirectionComing), // a second press
		punching("3", "2026-09-15 09:01:01", punch.DirectionComing), // one that comes in late
	} {
		got, err := w.App.Punch(jasur, again)
		if err != nil || !got.Noted || got.ID != first.ID {
			t.Errorf("%s: %+v, %v", again.ExternalID, got, err)
		}
	}
	for _, other := range []app.PunchInput{
		punching("4", "2026-09-15 09:03", punch.DirectionComing), punching("5", "2026-09-15 09:02:30", punch.DirectionGoing),
	} {
		if got, err := w.App.Punch(jasur, other); err != nil || got.Noted {
			t.Errorf("%s: %+v, %v", other.ExternalID, got, err)
		}
	}
	if got, err := w.App.Punch(w.As(apptest.Malika), punching("6", "2026-09-15 09:02", punch.DirectionComing)); err != nil || got.Noted {
		t.Errorf("of somebody else: %+v, %v", got, err)
	}
	if _, err := w.App.Punch(w.As(apptest.Malika), punching("1", "2026-09-15 10:02", punch.DirectionComing)); domain.KindOf(err) != domain.KindConflict {
		t.Errorf("somebody else's id: %v", err)
	}
	if n, err := w.App.Client().Punch.Query().Count(jasur); err != nil || n != 3 {
		t.Errorf("Jasur sees %d punches, %v", n, err)
	}
}

func TestAPunchThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	jasur := w.As(apptest.Jasur)
	for name, in := range map[string]app.PunchInput{
		"no source":     {ExternalID: "1", Direction: punch.DirectionComing},
		"no id":         {Source: "telegram", Direction: punch.DirectionComing},
		"no direction":  {Source: "telegram", ExternalID: "1"},
		"in the future": punching("1", "2026-09-15 12:11", punch.DirectionComing),
		"long ago":      punching("1", "1970-01-01 12:11", punch.DirectionComing),
		"nowhere":       {Source: "telegram", ExternalID: "1", Direction: punch.DirectionComing, Place: &app.PlaceInput{Latitude: 91}},
	} {
		if _, err := w.App.Punch(jasur, in); domain.KindOf(err) != domain.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.App.Punch(jasur, punching("1", "2026-01-04 09:00", punch.DirectionComing)); domain.KindOf(err) != domain.KindConflict {
		t.Errorf("before they joined: %v", err)
	}
	for name, ctx := range map[string]context.Context{"intake": w.System("intake"), "telegram": w.System("telegram"), "nobody": context.Background()} {
		if _, err := w.App.Punch(ctx, punching("1", "2026-09-15 09:00", punch.DirectionComing)); err == nil {
			t.Errorf("%s punched", name)
		}
	}
}

func TestAPunchComesWithItsPlaceWhereThatIsAskedFor(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	jasur := w.As(apptest.Jasur)
	if asks, err := w.App.AsksLocation(jasur); err != nil || asks {
		t.Fatalf("asks: %v, %v", asks, err)
	}
	if _, err := w.Database.OwnerPool(t).Exec(`UPDATE schedules SET asks_location = true`); err != nil {
		t.Fatal(err)
	}
	if asks, err := w.App.AsksLocation(jasur); err != nil || !asks {
		t.Fatalf("asks: %v, %v", asks, err)
	}
	in := punching("1", "2026-09-15 09:00", punch.DirectionComing)
	if _, err := w.App.Punch(jasur, in); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("without a place: %v", err)
	}
	accuracy := 12.5
	in.Place = &app.PlaceInput{Latitude: 41.3, Longitude: 69.25, Accuracy: &accuracy}
	got, err := w.App.Punch(jasur, in)
	if err != nil || *got.Latitude != 41.3 || *got.Longitude != 69.25 || *got.AccuracyMeters != 12.5 {
		t.Errorf("with one: %+v, %v", got, err)
	}
	if asks, err := w.App.AsksLocation(w.As(apptest.Botir)); err != nil || asks {
		t.Errorf("of somebody without a schedule: %v, %v", asks, err)
	}
}

// Who leaves by mistake and corrects it at once is in: the last press counts.
func TestAMistakeCorrectedWithinAMinuteIsKept(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	jasur := w.As(apptest.Jasur)
	for i, one := range []app.PunchInput{
		punching("1", "2026-09-15 09:02", punch.DirectionComing), punching("2", "2026-09-15 09:02:10", punch.DirectionGoing),
		punching("3", "2026-09-15 09:02:20", punch.DirectionComing),
	} {
		if got, err := w.App.Punch(jasur, one); err != nil || got.Noted {
			t.Errorf("punch %d: %+v, %v", i+1, got, err)
		}
	}
	again, err := w.App.Punch(jasur, punching("4", "2026-09-15 09:02:25", punch.DirectionComing))
	if err != nil || !again.Noted || again.ExternalID != "3" {
		t.Errorf("a second press: %+v, %v", again, err)
	}
}

func TestPressesAtOnceAreOnePunch(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	actor, _ := auth.From(w.As(apptest.Jasur))
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			in := punching(fmt.Sprint(i), "2026-09-15 09:00", punch.DirectionComing)
			if _, err := w.App.Punch(auth.With(context.Background(), actor), in); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	var n int
	w.One(`SELECT count(*) FROM punches`, nil, &n)
	if n != 1 {
		t.Errorf("%d punches", n)
	}
}

func TestAPunchCountsWhereItsScheduleIs(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	company := apptest.ExampleCompany()
	company.Schedules[0].Hours.Zone = "Europe/Berlin"
	w.Apply(company)
	got, err := w.App.Punch(w.As(apptest.Jasur), punching("1", "2026-09-15 12:00", punch.DirectionGoing))
	if err != nil || got.OffsetSeconds != 2*3600 || got.At.In(got.Zone).Format(time.TimeOnly) != "09:00:00" {
		t.Errorf("%+v, %v", got, err)
	}
}
