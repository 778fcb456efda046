package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// roles and order say in which order pages show what there is.
var (
	roles = []string{"employee", "supervisor", "accountant", "admin"}
	order = []string{
		"employee-payslip", "employee-kpi", "employee-response", "employee-messages",
		"supervisor-waits", "supervisor-kpi-live", "supervisor-review", "supervisor-feedback", "supervisor-team",
		"supervisor-messages-live", "supervisor-analyses-live",
		"accountant-runs", "accountant-run", "accountant-review",
		"admin-approve", "admin-people", "admin-analyzers", "admin-agreement",
		"admin-candidates", "admin-promote", "admin-drift", "admin-broadcasts",
	}
)

// readyQuery is a file of queries: its name is role-subject, its title a text of that name, and a .json beside it holds its
// variables, in which words in braces stand for what fits the day and the person (graphiql/main.js).
type readyQuery struct {
	name      string
	role      string
	query     string
	variables string
}

// shownQuery is a ready query as a page lists it.
type shownQuery struct {
	Name      string `json:"name"`
	Title     string `json:"title"`
	Query     string `json:"query"`
	Variables string `json:"variables,omitempty"`
}

// roleQueries are the ready queries of one role.
type roleQueries struct {
	Role    string       `json:"role"`
	Title   string       `json:"title"`
	Queries []shownQuery `json:"queries"`
}

func loadQueries(from fs.FS, all map[string]texts) ([]readyQuery, error) {
	names, err := fs.Glob(from, "queries/*.graphql")
	if err != nil {
		return nil, err
	}
	out := make([]readyQuery, 0, len(names))
	for _, file := range names {
		q := readyQuery{name: strings.TrimSuffix(path.Base(file), ".graphql")}
		q.role, _, _ = strings.Cut(q.name, "-")
		if all["en"]["query."+q.name] == "" || all["en"]["role."+q.role] == "" {
			return nil, fmt.Errorf("%s: the texts have no query.%s or role.%s", file, q.name, q.role)
		}
		body, err := fs.ReadFile(from, file)
		if err != nil {
			return nil, err
		}
		q.query = string(body)
		variables, err := fs.ReadFile(from, "queries/"+q.name+".json")
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case !json.Valid(variables):
			return nil, fmt.Errorf("queries/%s.json is not JSON", q.name)
		default:
			q.variables = string(variables)
		}
		if !slices.Contains(order, q.name) {
			return nil, fmt.Errorf("%s has no place in the order", file)
		}
		out = append(out, q)
	}
	slices.SortFunc(out, func(a, b readyQuery) int { return slices.Index(order, a.name) - slices.Index(order, b.name) })
	return out, nil
}

func (s *site) byRole(lang string) []roleQueries {
	t := s.texts[lang]
	out := make([]roleQueries, 0, len(roles))
	for _, role := range roles {
		r := roleQueries{Role: role, Title: t["role."+role]}
		for _, q := range s.queries {
			if q.role == role {
				r.Queries = append(r.Queries, shownQuery{q.name, t["query."+q.name], q.query, q.variables})
			}
		}
		out = append(out, r)
	}
	return out
}
