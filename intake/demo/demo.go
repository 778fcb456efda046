package demo

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/fincokpi/finco/intake/companyfile"
)

//go:embed data/company.yml
var companyYAML []byte

//go:embed data/dialogues.json
var dialoguesJSON []byte

// CompanyFile is the demo company as a user would write it.
func CompanyFile() []byte { return bytes.Clone(companyYAML) }

// SignIn is somebody who can sign in to the demo.
type SignIn struct {
	Name     string
	Email    string
	Role     string
	Password string
}

// SignIns lists one sign-in for each role. The passwords are public: the demo must not hold anything real.
func SignIns() []SignIn {
	list := []SignIn{
		{Name: "Jasur Toshev", Role: "employee"},
		{Name: "Aziza Karimova", Role: "supervisor"},
		{Name: "Zulfiya Ergasheva", Role: "accountant"},
		{Name: "Rustam Qodirov", Role: "admin"},
	}
	for i := range list {
		first, _, _ := strings.Cut(strings.ToLower(list[i].Name), " ")
		list[i].Email = first + "@demo.example"
		list[i].Password = "savdo-" + first + "-2026"
	}
	return list
}

// Truth is what whoever wrote a dialogue meant by it.
type Truth struct {
	Outcome        string `json:"outcome"`         // solved, partly, sale, unsolved, lost
	SentimentStart string `json:"sentiment_start"` // the customer's: positive, neutral, negative
	SentimentEnd   string `json:"sentiment_end"`
	Topic          string `json:"topic"`
	Remark         string `json:"remark"`
}

// script is a dialogue as it was written.
type script struct {
	ID       int `json:"id"`
	Customer struct {
		Name string `json:"name"`
		Lang string `json:"lang"`
	} `json:"customer"`
	Staff    string  `json:"staff"`
	Weekday  string  `json:"weekday"`
	Start    string  `json:"start"`
	Messages []entry `json:"messages"`
	Truth    Truth   `json:"truth"`
}

type entry struct {
	Side    string `json:"side"`
	Staff   string `json:"staff"`
	Gap     int    `json:"gap"` // seconds since the entry before
	Text    string `json:"text"`
	Voice   bool   `json:"voice"`
	Seconds int    `json:"seconds"`
	EditOf  *int   `json:"edit_of"`
	ReplyTo *int   `json:"reply_to"`
}

// person is somebody of the staff as messages need them.
type person struct {
	name       string
	telegramID int64
}

// source is what the embedded files hold, decoded.
type source struct {
	scripts []script
	staff   map[string]person // by the part of the e-mail before the @
	zone    *time.Location
}

func load() (*source, error) {
	s := &source{staff: map[string]person{}}
	if err := json.Unmarshal(dialoguesJSON, &s.scripts); err != nil {
		return nil, fmt.Errorf("the demo's dialogues: %w", err)
	}
	file, faults := companyfile.Parse(companyYAML)
	if err := faults.Err(); err != nil {
		return nil, fmt.Errorf("the demo's company file: %w", err)
	}
	s.zone = file.Company.Location
	for _, p := range file.People {
		key, _, _ := strings.Cut(p.Email, "@")
		s.staff[key] = person{p.Name, p.TelegramID}
	}
	for i := range s.scripts {
		if err := s.check(&s.scripts[i]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// check makes sure that what follows may index without looking.
func (s *source) check(d *script) error {
	if _, ok := s.staff[d.Staff]; !ok {
		return fmt.Errorf("dialogue %d of the demo: nobody is called %q", d.ID, d.Staff)
	}
	if _, ok := weekdays[d.Weekday]; !ok {
		return fmt.Errorf("dialogue %d of the demo: no weekday %q", d.ID, d.Weekday)
	}
	if _, err := time.Parse("15:04", d.Start); err != nil {
		return fmt.Errorf("dialogue %d of the demo: %w", d.ID, err)
	}
	for i, e := range d.Messages {
		if _, ok := s.staff[e.Staff]; e.Staff != "" && !ok {
			return fmt.Errorf("dialogue %d of the demo: nobody is called %q", d.ID, e.Staff)
		}
		for _, ref := range []*int{e.EditOf, e.ReplyTo} {
			if ref != nil && (*ref < 0 || *ref >= i) {
				return fmt.Errorf("dialogue %d of the demo: entry %d refers to entry %d", d.ID, i, *ref)
			}
		}
	}
	return nil
}
