package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/domain"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
)

// reportType is a report type as companies.report_types keeps it.
type reportType struct {
	Name       string      `json:"name"`
	Team       string      `json:"team,omitempty"`
	Role       string      `json:"role,omitempty"`
	Recurrence string      `json:"recurrence"`
	From       domain.Date `json:"from"`
	// Due is minutes after local midnight, Grace and Remind are seconds.
	Due    int   `json:"due"`
	Grace  int   `json:"grace"`
	Remind []int `json:"remind"`
}

func (p *applying) applyReportTypes(ctx context.Context) error {
	var stored []reportType
	if err := unmarshalIfAny(p.company.reportTypes, &stored); err != nil {
		return err
	}
	known := map[string]reportType{}
	for _, r := range stored {
		known[r.Name] = r
	}
	var wanted []reportType
	for _, in := range p.in.ReportTypes {
		is := reportType{
			Name: in.Name, Team: in.Team, Role: in.Role, Recurrence: in.Recurrence, From: in.From, Due: in.Due, Grace: seconds(in.Grace), Remind: []int{},
		}
		for _, at := range in.Remind {
			is.Remind = append(is.Remind, seconds(at))
		}
		was, ok := known[in.Name]
		if is.From.IsZero() {
			if is.From = p.today; ok {
				is.From = was.From
			}
		}
		wanted = append(wanted, is)
		switch {
		case !ok:
			p.note("report_type", "report type %s: added, due %s", is.Name, clock(is.Due))
		case !sameJSON(was, is):
			p.note("report_type", "report type %s: changed", is.Name)
		}
	}
	list := p.merged(stored, wanted)
	if sameJSON(stored, list) || len(list) == 0 && len(stored) == 0 {
		return nil
	}
	_, err := p.sql.ExecContext(ctx, `UPDATE companies SET report_types = $1`, asJSON(list))
	return err
}

// merged are the types of the file and, unless they are pruned, those it no longer has.
func (p *applying) merged(stored, wanted []reportType) []reportType {
	if len(wanted) == 0 {
		return stored
	}
	list := wanted
	for _, old := range stored {
		if slices.ContainsFunc(wanted, func(r reportType) bool { return r.Name == old.Name }) {
			continue
		}
		if p.prune {
			p.note("report_type", "report type %s: removed", old.Name)
			continue
		}
		list = append(list, old)
	}
	return list
}

func clock(minutes int) string {
	return time.Date(2000, 1, 1, 0, minutes, 0, 0, time.UTC).Format("15:04")
}

// wishes are what the file says of analyzers, installed or not, as companies.analyzers keeps it.
type wishes struct {
	Analyzers []wish       `json:"analyzers"`
	Topics    []TopicInput `json:"topics,omitempty"`

	// topicsEnded: there were topics before, and there are none any more.
	topicsEnded bool
}

// topical are the built-in analyzers that judge by the company's own topics, named in its file or not.
var topical = []string{"topic", "llm"}

type wish struct {
	Name     string          `json:"name"`
	Version  string          `json:"version,omitempty"`
	Enabled  bool            `json:"enabled"`
	Settings json.RawMessage `json:"settings,omitempty"`
}

// of is what is wanted of an analyzer.
func (w wishes) of(name string) (wish, bool) {
	i := slices.IndexFunc(w.Analyzers, func(o wish) bool { return o.Name == name })
	if i < 0 {
		return wish{}, false
	}
	return w.Analyzers[i], true
}

func (p *applying) applyAnalyzers(ctx context.Context) error {
	var stored wishes
	if err := unmarshalIfAny(p.company.analyzers, &stored); err != nil {
		return err
	}
	is := wishes{Topics: p.in.Topics}
	if len(is.Topics) == 0 && !p.prune {
		is.Topics = stored.Topics
	}
	is.topicsEnded = len(stored.Topics) > 0 && len(is.Topics) == 0
	for _, a := range p.in.Analyzers {
		is.Analyzers = append(is.Analyzers, wish(a))
	}
	for _, old := range stored.Analyzers {
		if _, named := is.of(old.Name); !named && (!p.prune || len(p.in.Analyzers) == 0) {
			is.Analyzers = append(is.Analyzers, old)
		}
	}
	if !sameJSON(stored.Topics, is.Topics) && len(stored.Topics)+len(is.Topics) > 0 {
		p.note("topic", "topics: %d", len(is.Topics))
	}
	for _, w := range is.Analyzers {
		if was, ok := stored.of(w.Name); !ok || !sameJSON(was, w) {
			p.note("analyzer", "analyzer %s: %s", w.Name, w.words())
		}
	}
	if !sameJSON(stored, is) {
		raw, err := json.Marshal(is)
		if err != nil {
			return err
		}
		if len(is.Analyzers) < len(stored.Analyzers) {
			p.note("analyzer", "analyzers: %d are no longer named", len(stored.Analyzers)-len(is.Analyzers))
		}
		if _, err := p.sql.ExecContext(ctx, `UPDATE companies SET analyzers = $1`, string(raw)); err != nil {
			return err
		}
	}
	for _, w := range is.Analyzers {
		if err := p.applyWish(ctx, is, w, stored.ended(is, w.Name)); err != nil {
			return err
		}
	}
	if err := p.unname(ctx, stored, is); err != nil {
		return err
	}
	return p.tellTopics(ctx, is)
}

// tellTopics hands the topics to the analyzers that judge by them and that the file does not name.
func (p *applying) tellTopics(ctx context.Context, all wishes) error {
	for _, name := range topical {
		if _, named := all.of(name); named {
			continue
		}
		versions, err := p.analyzerVersions(ctx, name)
		if err != nil {
			return err
		}
		for _, v := range versions {
			if v.State == entanalyzer.StateDisabled {
				continue
			}
			if err := p.putSettings(ctx, all, name, v, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// putSettings brings the settings of a version to what the file says; what it says no more goes back to the default.
func (p *applying) putSettings(ctx context.Context, all wishes, name string, v analyzerVersion, ended []string) error {
	settings, err := all.settings(name, v.Settings, ended...)
	if err != nil || sameJSON(settings, v.Settings) {
		return err
	}
	spec := AnalyzerSpec{Name: name, Version: v.Version, Path: v.Path, Checksum: v.Checksum, Settings: settings, State: v.State}
	if complete, fits := p.fit[spec.key()]; fits {
		if settings = complete; sameJSON(settings, v.Settings) {
			return nil
		}
	}
	p.note("analyzer", "analyzer %s %s: settings changed", name, v.Version)
	p.mustFit(spec)
	_, err = p.sql.ExecContext(ctx, `UPDATE analyzers SET settings = $2 WHERE id = $1`, v.ID, string(settings))
	return err
}

func (w wish) words() string {
	if !w.Enabled {
		return "not wanted"
	}
	if w.Version != "" {
		return "wanted in version " + w.Version
	}
	return "wanted"
}

// applyWish brings an installed analyzer to what the file says of it.
func (p *applying) applyWish(ctx context.Context, all wishes, w wish, ended []string) error {
	versions, err := p.analyzerVersions(ctx, w.Name)
	if err != nil {
		return err
	}
	if !w.Enabled {
		return cmp.Or(p.disableUnwanted(ctx, w, versions), p.forget(ctx, w.Name, ended, false))
	}
	chosen := chooseVersion(versions, w.Version)
	if w.Version == "" && (chosen == nil || chosen.State != entanalyzer.StateEnabled) { // the newest, though it be in shadow
		chosen = find(versions, func(v analyzerVersion) bool { return len(v.Learned) == 0 })
	}
	switch {
	case chosen == nil && len(versions) == 0:
		p.absent = append(p.absent, w.Name)
		return nil
	case chosen == nil:
		p.others = append(p.others, AnalyzerChoice{w.Name, w.Version}.absent(versions).Error())
		return p.forget(ctx, w.Name, ended, true) // what it says now is for another version
	}
	for _, v := range versions {
		if v.ID != chosen.ID && !isCandidate(v.State) {
			continue
		}
		if err := p.putSettings(ctx, all, w.Name, v, ended); err != nil {
			return err
		}
	}
	if chosen.State != entanalyzer.StateEnabled {
		p.note("analyzer", "analyzer %s %s: enabled", w.Name, chosen.Version)
		if err := p.enableVersion(ctx, w.Name, chosen.ID); err != nil {
			return err
		}
	}
	return p.forget(ctx, w.Name, ended, false)
}

// ended are the settings of an analyzer that the file had and has no more.
func (w wishes) ended(is wishes, name string) []string {
	keys := func(all wishes) map[string]json.RawMessage {
		out := map[string]json.RawMessage{}
		said, _ := all.of(name)
		if err := unmarshalIfAny(said.Settings, &out); err != nil {
			return nil // no table, which settings refuses
		}
		return out
	}
	now := keys(is)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(keys(w))), func(key string) bool {
		_, kept := now[key]
		return kept
	})
}

// unname takes back what the file said of analyzers that it does not name any more.
func (p *applying) unname(ctx context.Context, stored, is wishes) error {
	for _, old := range stored.Analyzers {
		ended := stored.ended(is, old.Name)
		if _, named := is.of(old.Name); named || len(ended) == 0 {
			continue
		}
		versions, err := p.analyzerVersions(ctx, old.Name)
		if err != nil {
			return err
		}
		for _, v := range versions {
			if v.State == entanalyzer.StateDisabled {
				continue
			}
			if err := p.putSettings(ctx, is, old.Name, v, ended); err != nil {
				return err
			}
		}
		if err := p.forget(ctx, old.Name, ended, false); err != nil {
			return err
		}
	}
	return nil
}

// forget takes settings back from the versions that do not run, or from all: a version gets the defaults of what it lacks when it
// starts. They keep the place of topics.
func (p *applying) forget(ctx context.Context, name string, ended []string, all bool) error {
	ended = slices.DeleteFunc(slices.Clone(ended), func(key string) bool { return key == "topics" })
	if len(ended) == 0 {
		return nil
	}
	_, err := p.sql.ExecContext(ctx, `UPDATE analyzers SET settings = settings - $2::text[] WHERE name = $1 AND ($3 OR state = 'DISABLED')`, name, pq.StringArray(ended), all)
	return err
}

func (p *applying) disableUnwanted(ctx context.Context, w wish, versions []analyzerVersion) error {
	working := false
	for _, v := range versions {
		if v.State != entanalyzer.StateDisabled {
			working = true
			p.note("analyzer", "analyzer %s %s: disabled", w.Name, v.Version)
		}
	}
	if !working {
		return nil
	}
	return p.disableAll(ctx, w.Name)
}

// settings lays what the file says over what an analyzer has, without what has ended. Topics go to the two built-in analyzers that
// judge TOPIC.
func (w wishes) settings(name string, has json.RawMessage, ended ...string) (json.RawMessage, error) {
	values := map[string]json.RawMessage{}
	if err := unmarshalIfAny(has, &values); err != nil {
		return nil, err
	}
	_, declared := values["topics"]
	for _, key := range ended {
		delete(values, key)
	}
	if declared && slices.Contains(topical, name) && (len(w.Topics) > 0 || w.topicsEnded) {
		table := map[string][]string{}
		for _, t := range w.Topics {
			table[t.Name] = t.Phrases
		}
		raw, err := json.Marshal(table)
		if err != nil {
			return nil, err
		}
		values["topics"] = raw
	}
	if said, ok := w.of(name); ok {
		if err := unmarshalIfAny(said.Settings, &values); err != nil {
			return nil, domain.Errorf(domain.KindInvalid, "analyzer %s: the settings are no table", name)
		}
	}
	if values == nil {
		values = map[string]json.RawMessage{}
	}
	return json.Marshal(values)
}

// unmarshalIfAny leaves out as it is where there is no document.
func unmarshalIfAny(raw []byte, out any) error {
	if len(raw) == 0 || bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return nil
	}
	return json.Unmarshal(raw, out)
}

// sameJSON compares documents by what they say, not by how they are written.
func sameJSON(a, b any) bool {
	left, err1 := plainJSON(a)
	right, err2 := plainJSON(b)
	return err1 == nil && err2 == nil && bytes.Equal(left, right)
}

// plainJSON writes a document with sorted keys and without spaces. Numbers stay as they are written.
func plainJSON(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var doc any
	if err := decoder.Decode(&doc); err != nil {
		return nil, err
	}
	return json.Marshal(doc)
}
