package scorecard

import (
	"strings"
	"testing"
	"time"
)

func TestPromiseIn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"10 daqiqada aniq javob yozaman":              10 * time.Minute,
		"Hozir tekshirib, 5-10 minutda javob beraman": 10 * time.Minute,
		"2 soat ichida yozamiz":                       2 * time.Hour,
		"yarim soatda aytaman":                        30 * time.Minute,
		"Ҳозир омбор билан боғланиб, 10 дақиқада аниқ жавоб ёзаман.": 10 * time.Minute,
		"бир соатда хабар бераман":                                   time.Hour,
		"Уточню на складе и отвечу в течение часа.":                  time.Hour,
		"Проверю и напишу через 15 минут":                            15 * time.Minute,
		"Отпишусь в течение получаса, полчаса максимум":              30 * time.Minute,
		"минуту, уточню":                                   momentMeans,
		"I'll write in 10 minutes":                         10 * time.Minute,
		"Let me check, give me half an hour":               30 * time.Minute,
		"Результаты пришлём сегодня до 16:00":              0,
		"пришлём до 16 часов":                              0,
		"soat 18 da yozaman":                               0,
		"Kuryer 40 daqiqada yetib boradi":                  0, // nobody writes
		"Курьер приедет через 2 часа":                      0,
		"Videoni tekshirib, 24 soat ichida menga tashlang": 0, // the customer is to
		"Напишу вам":                                       0,
		"":                                                 0, "\xff\xfe": 0,
	} {
		if got := promiseIn(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// process judges a reply sent so long after a promise, without models.
func process(t *testing.T, reply string, after time.Duration, between ...Turn) Criterion {
	t.Helper()
	start := time.Unix(1_790_000_000, 0)
	turns := []Turn{{Text: "Где мой заказ?", At: start}, {Staff: true, Text: "Проверю и напишу через 10 минут", At: start.Add(time.Minute)}}
	for _, b := range between {
		b.At = start.Add(time.Minute + after/2)
		turns = append(turns, b)
	}
	judge := Judge{Weights: DefaultWeights()}
	for _, c := range judge.JudgeAt(reply, start.Add(time.Minute+after), turns).Criteria {
		if c.Key == Process {
			return c
		}
	}
	t.Fatal("no process")
	return Criterion{}
}

func TestPromisesAreMeasuredByTheTimesOfTheTurns(t *testing.T) {
	t.Parallel()
	const answer, waits = "Заказ у курьера, будет до обеда", "Ожидайте"
	for name, c := range map[string]struct {
		got    Criterion
		rating Rating
		says   string
	}{
		"kept":                       {process(t, answer, 8*time.Minute), Good, "within 10 min; it took 8 min: the promise was kept"},
		"kept with a minute's grace": {process(t, answer, 11*time.Minute), Good, "kept"},
		"late":                       {process(t, answer, 40*time.Minute), Fair, "it took 40 min: the promise was late"},
		"late by hours":              {process(t, answer, 3*time.Hour), Fair, "3.0 h"},
		"broken":                     {process(t, waits, 40*time.Minute), Poor, "broken"},
		"broken by another promise":  {process(t, "Сейчас проверю", 40*time.Minute), Poor, "broken"},
		"after a reminder":           {process(t, answer, 40*time.Minute, Turn{Text: "ну что там?"}), Fair, "late"},
		"not due yet":                {process(t, waits, 5*time.Minute), NotApplicable, ""},
		"the same breath":            {process(t, "Какой номер заказа?", 20*time.Second), NotApplicable, ""},
		"fulfilled by another turn":  {process(t, answer, 40*time.Minute, Turn{Staff: true, Text: "Он в пути"}), NotApplicable, ""},
	} {
		if c.got.Rating != c.rating || !strings.Contains(c.got.Reason, c.says) {
			t.Errorf("%s: %s, %s; want %s, %q", name, c.got.Rating, c.got.Reason, c.rating, c.says)
		}
		if rated := c.rating != NotApplicable; rated != (c.got.Evidence != "") || rated != (c.got.Confidence > 0) {
			t.Errorf("%s: evidence %q, confidence %.2f", name, c.got.Evidence, c.got.Confidence)
		}
	}
}

func TestPromisesWithoutTimesAreNotMeasured(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_790_000_000, 0)
	turns := []Turn{{Text: "Где заказ?"}, {Staff: true, Text: "Напишу через 10 минут"}}
	if p := duePromise("Он в пути, 4096", at, turns); p != nil {
		t.Errorf("%+v", p)
	}
	turns[1].At = at.Add(time.Hour) // clocks that disagree
	if p := duePromise("Он в пути, 4096", at, turns); p != nil {
		t.Errorf("%+v", p)
	}
	if p := duePromise("Он в пути, 4096", time.Time{}, turns); p != nil {
		t.Errorf("%+v", p)
	}
}

func TestFaultsAreNamed(t *testing.T) {
	t.Parallel()
	e := NewExchange("на сайте всё написано", []Turn{{Text: "Здравствуйте, сколько стоит? Ужас, никто не отвечает"}})
	for key, says := range map[string]string{Answers: "no figure", Process: "greeting is not returned"} {
		if got := e.faults(key, Poor); !strings.Contains(got, says) {
			t.Errorf("%s: %q, want %q", key, got, says)
		}
	}
	if got := e.faults(Answers, Good) + e.faults(Answers, NotApplicable); got != "" {
		t.Errorf("a good rating has the fault %q", got)
	}
}
