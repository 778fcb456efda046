package schema

import (
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/lib/pq"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/policies"
)

// rows says which rows of a type a scope covers, as SQL over the query's own table, written @. In both conditions $user is the
// actor's id and $teams the teams they supervise. An empty condition covers nothing.
type rows struct{ own, team string }

// narrow adds the scope's condition. A supervisor sees what is theirs as well as what is their team's.
func (r rows) narrow(s *sql.Selector, scope policies.ScopeKind, actor auth.Actor) {
	condition := ""
	switch scope {
	case policies.Own:
		condition = r.own
	case policies.Team:
		condition = r.team
		if r.own != "" {
			condition = "(" + r.own + ") OR (" + r.team + ")"
		}
	}
	if condition == "" {
		s.Where(sql.False())
		return
	}
	s.Where(sql.P(func(b *sql.Builder) { write(b, s, condition, actor) }))
}

// write puts the condition with its arguments in place: @.column, $user, $teams.
func write(b *sql.Builder, s *sql.Selector, condition string, actor auth.Actor) {
	b.WriteString("(")
	for {
		i := strings.IndexAny(condition, "@$")
		if i < 0 {
			break
		}
		b.WriteString(condition[:i])
		condition = condition[i:]
		switch {
		case strings.HasPrefix(condition, "@."):
			end := 2
			for end < len(condition) && (condition[end] == '_' || condition[end] >= 'a' && condition[end] <= 'z') {
				end++
			}
			b.WriteString(s.C(condition[2:end]))
			condition = condition[end:]
		case strings.HasPrefix(condition, "$user"):
			b.Arg(actor.UserID)
			condition = condition[len("$user"):]
		case strings.HasPrefix(condition, "$teams"):
			b.Arg(pq.Array(actor.TeamIDs))
			condition = condition[len("$teams"):]
		}
	}
	b.WriteString(condition).WriteString(")")
}

const (
	// myChats are those assigned to the actor or in which they wrote.
	myChats = `SELECT id FROM chats WHERE assignee_id = $user UNION SELECT chat_id FROM messages WHERE sender_id = $user`
	// teamChats are those of the teams that the actor supervises.
	teamChats = `SELECT id FROM chats WHERE team_id = ANY($teams)`
	// teamPeople are the members of those teams.
	teamPeople = `SELECT id FROM users WHERE team_id = ANY($teams)`
)

// all tells that no scope narrower than the company's exists for a type.
var all = rows{}

// visible covers every row for whoever may read the object at all.
var visible = rows{own: "TRUE", team: "TRUE"}

// ofUser covers the rows whose column names the actor or one of their people.
func ofUser(column string) rows {
	return rows{own: "@." + column + " = $user", team: "@." + column + " IN (" + teamPeople + ")"}
}

// ofChat covers the rows whose column names a chat of the actor's or of their teams.
func ofChat(column string) rows {
	return rows{own: "@." + column + " IN (" + myChats + ")", team: "@." + column + " IN (" + teamChats + ")"}
}

// through covers the rows whose column names a row of table that rows covers.
func through(column, table string, r rows) rows {
	in := func(condition string) string {
		if condition == "" {
			return ""
		}
		return "@." + column + " IN (SELECT id FROM " + table + " t WHERE " + strings.ReplaceAll(condition, "@.", "t.") + ")"
	}
	return rows{own: in(r.own), team: in(r.team)}
}

// customers are seen by whoever sees a chat they are in.
var customers = func() rows {
	in := func(chats string) string {
		return "@.id IN (SELECT customer_id FROM chat_customers WHERE chat_id IN (" + chats + "))"
	}
	return rows{own: in(myChats), team: in(teamChats)}
}()

// ofDeleted is the condition of the rows that belong to a deleted message, which from and where lead to. A deletion hides the text,
// not the clock: message, wait and judgement stay, the words are shown to nobody.
func ofDeleted(from, where string) string {
	return "EXISTS (SELECT 1 FROM " + from + " WHERE " + where + " AND deleted.deleted_at IS NOT NULL)"
}

// runs are seen by whoever has a slip in them.
var runs = rows{
	own:  "@.id IN (SELECT run_id FROM payslips WHERE user_id = $user)",
	team: "@.id IN (SELECT run_id FROM payslips WHERE user_id IN (" + teamPeople + "))",
}
