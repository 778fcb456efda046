package policies

import "testing"

func TestBrokenTablesAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ model, policy string }{
		"unknown scope": {modelText, "p, admin, chat, read, everything"},
		"scope none":    {modelText, "p, admin, chat, read, none"},
		"no scope":      {modelText, "p, admin, chat, read"},
		"too long":      {modelText, "p, admin, chat, read, company, allow"},
		"unknown kind":  {modelText, "q, admin, chat, read, company"},
		"no model":      {"", "p, admin, chat, read, company"},
	} {
		if _, err := load(c.model, c.policy); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestTheWiderOfTwoLinesCounts(t *testing.T) {
	t.Parallel()
	table, err := load(modelText, "p, a, chat, read, own\np, a, chat, read, company\np, b, chat, read, team\ng, a, b")
	if err != nil {
		t.Fatal(err)
	}
	if got := table.scope("a", "chat", Read); got != Company {
		t.Errorf("a has %s", got)
	}
	if got := table.scope("b", "chat", Read); got != Team {
		t.Errorf("b has %s", got)
	}
}

func TestOnlyKnownQuestionsAreRemembered(t *testing.T) {
	t.Parallel()
	table, err := load(modelText, "p, a, chat, read, own")
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"x", "y", "z"} {
		table.scope(word, "chat", Read)
		table.scope("a", word, Read)
		table.scope("a", "chat", word)
	}
	table.scope("a", "chat", Read)
	count := 0
	table.answers.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("%d answers are remembered", count)
	}
}
