package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/textmodel"
)

// LearnOptions say what is to be learnt. The context's actor must be allowed to.
type LearnOptions struct {
	Name    string // of the analyzer; empty: all that can learn
	AtLeast int    // corrections of a kind that must be new since the last proposal
	DryRun  bool   // train and measure, and propose nothing
	// Before leaves out analyzers that tried to learn after it; zero: none.
	Before time.Time
}

// Learnt is what came of learning for one analyzer.
type Learnt struct {
	Analyzer, Version string
	Kinds             []LearntKind
	Proposed          string // the version that waits in shadow now; empty: none
	Verdict           string // one sentence
}

// LearntKind is the part of one kind.
type LearntKind struct {
	app.LessonKind
	New     int  // corrections since the last proposal
	Trained bool // else the figures are not there
	Verdict string
}

// learnAgain is how long an analyzer that tried to learn is left alone, less what a look now and then misses.
const learnAgain = 7*24*time.Hour - 3*time.Hour

// LearnDue implements jobs.Learner: every analyzer learns once a week, if enough corrections are new.
func (p *Parts) LearnDue(ctx context.Context) error {
	if p.cfg.LearnAfter <= 0 {
		return nil
	}
	list, err := p.Learn(ctx, LearnOptions{AtLeast: p.cfg.LearnAfter, Before: p.App.Now().Add(-learnAgain)})
	for _, l := range list {
		if l.trained() {
			p.Log.Info("an analyzer learnt from feedback", "room", "server", "analyzer", l.Analyzer, "version", l.Version, "proposed", l.Proposed, "verdict", l.Verdict)
		}
	}
	return err
}

func (l Learnt) trained() bool {
	return slices.ContainsFunc(l.Kinds, func(k LearntKind) bool { return k.Trained })
}

// Learn trains the models of analyzers on people's corrections, from the models that they were shipped with, measures both
// versions on corrections of chats that are never trained on, and proposes the new one in shadow where it is better and
// nowhere worse. One analyzer's failure does not keep the others from learning.
func (p *Parts) Learn(ctx context.Context, o LearnOptions) ([]Learnt, error) {
	learners, err := p.App.Learners(ctx)
	if err != nil {
		return nil, err
	}
	var out []Learnt
	var errs []error
	for _, l := range learners {
		if o.Name != "" && l.Name != o.Name || !o.Before.IsZero() && l.Tried.After(o.Before) {
			continue
		}
		s, err := p.openSchool(l)
		if err == nil && s == nil {
			continue // nothing in it can learn
		}
		if err == nil {
			err = s.learn(ctx, o)
		}
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		if err != nil {
			errs = append(errs, domain.Errorf(domain.KindOf(err), "%s: %w", l.Name, err))
			continue
		}
		out = append(out, s.out)
	}
	if o.Name != "" && len(out) == 0 && len(errs) == 0 {
		return nil, domain.Errorf(domain.KindInvalid, "%s cannot learn: no enabled version of it carries a model of this project's trainer", o.Name)
	}
	return out, errors.Join(errs...)
}

// school is one analyzer that learns.
type school struct {
	parts   *Parts
	learner app.Learner
	program []byte
	models  textmodel.Models
	lessons []lesson
	out     Learnt
	read    time.Time // when the corrections were read
}

// openSchool finds the models in the executable of an enabled version; nil if it has none of its kinds.
func (p *Parts) openSchool(l app.Learner) (*school, error) {
	program, err := os.ReadFile(l.Path)
	if err != nil {
		return nil, domain.Errorf(domain.KindUnavailable, "its executable cannot be read: %w", err)
	}
	if sum := sha256.Sum256(program); hex.EncodeToString(sum[:]) != l.Checksum {
		return nil, domain.Errorf(domain.KindConflict, "its executable is not the registered one")
	}
	s := &school{parts: p, learner: l, program: program, out: Learnt{Analyzer: l.Name, Version: l.Version}}
	if s.models, err = textmodel.ModelsIn(bytes.NewReader(program)); err != nil {
		return nil, domain.Errorf(domain.KindInvalid, "%w", err)
	}
	for _, kind := range judgedByLabel {
		name := strings.ToLower(string(kind))
		if file := s.models.Builtin[name]; file != nil && slices.Contains(l.Kinds, string(kind)) {
			s.lessons = append(s.lessons, lesson{kind: kind, name: name, file: file})
		}
	}
	if len(s.lessons) == 0 {
		return nil, nil
	}
	return s, nil
}

func (s *school) learn(ctx context.Context, o LearnOptions) error {
	defer s.tell()
	if err := s.readCorrections(ctx, o.AtLeast); err != nil {
		return err
	}
	if s.learner.Candidate != "" && !o.DryRun {
		s.out.Verdict = fmt.Sprintf("%s waits to be promoted or disabled; nothing is learnt until then", s.learner.Candidate)
		return nil
	}
	for i := range s.lessons {
		if err := s.lessons[i].adapt(ctx, s.parts.App.Now()); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(s.lessons, func(l lesson) bool { return l.learnt != nil }) {
		s.out.Verdict = "nothing to learn"
		return nil
	}
	file, err := s.examine(ctx)
	defer func() { _ = os.Remove(file.path) }() // it is gone where it took its place
	if err != nil {
		return err
	}
	return s.conclude(ctx, o, file)
}

func (s *school) readCorrections(ctx context.Context, atLeast int) error {
	s.read = s.parts.App.Now()
	for i := range s.lessons {
		l := &s.lessons[i]
		list, err := s.parts.App.LearningMaterial(ctx, s.learner.Name, string(l.kind))
		if err != nil {
			return err
		}
		if err := l.take(list, s.learner.Since, atLeast); err != nil {
			return err
		}
	}
	return nil
}

// tell writes the rows of the table.
func (s *school) tell() {
	for _, l := range s.lessons {
		s.out.Kinds = append(s.out.Kinds, l.row())
	}
}

// examine puts the new models behind a copy of the executable and asks both about what was kept apart. What is not better is
// taken out again. It returns the copy, which the caller removes.
func (s *school) examine(ctx context.Context) (made, error) {
	dir := filepath.Join(s.parts.cfg.DataDir, "analyzers")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return made{}, domain.Errorf(domain.KindInternal, "the folder of analyzers cannot be made: %w", err)
	}
	file, err := s.write(dir)
	if err != nil {
		return file, err
	}
	before, err := s.ask(ctx, s.learner.Path, s.learner.Checksum)
	if err != nil {
		return file, err
	}
	after, err := s.ask(ctx, file.path, file.checksum)
	if err != nil {
		return file, err
	}
	if before.version == after.version {
		return file, domain.Errorf(domain.KindInvalid, "it does not take learnt models: its version is the same with one")
	}
	worse := false
	for i := range s.lessons {
		if l := &s.lessons[i]; l.learnt != nil {
			l.compare(before.scores[l.kind], after.scores[l.kind])
			worse = worse || !l.better
		}
	}
	if !worse || !slices.ContainsFunc(s.lessons, func(l lesson) bool { return l.better }) {
		return file, nil
	}
	_ = os.Remove(file.path)
	return s.write(dir)
}

// made is an executable that was written.
type made struct{ path, checksum string }

// write makes the executable with the models that were learnt, and those that it had for other kinds.
func (s *school) write(dir string) (made, error) {
	models := maps.Clone(s.models.Attached)
	for _, l := range s.lessons {
		if l.learnt != nil && (!l.compared || l.better) {
			models[l.name] = l.learnt
		}
	}
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return made{}, domain.Errorf(domain.KindInternal, "the learnt version cannot be written: %w", err)
	}
	sum := sha256.New()
	err = errors.Join(textmodel.Attach(io.MultiWriter(f, sum), bytes.NewReader(s.program), models), f.Chmod(0o555), f.Close())
	if err != nil {
		err = domain.Errorf(domain.KindInternal, "the learnt version cannot be written: %w", err)
	}
	return made{f.Name(), hex.EncodeToString(sum.Sum(nil))}, err
}

// conclude proposes what is better, or writes down that nothing is.
func (s *school) conclude(ctx context.Context, o LearnOptions, file made) error {
	record, better := s.record()
	switch {
	case !better && o.DryRun:
		s.out.Verdict = "not better; nothing would be proposed"
		return nil
	case !better:
		s.out.Verdict = "not better; nothing is proposed"
		return s.parts.App.RecordLesson(ctx, s.learner.Name, record)
	case o.DryRun:
		s.out.Verdict = "better; it would be proposed"
		return nil
	}
	if err := s.propose(ctx, file, record); err != nil {
		return err
	}
	s.out.Verdict = fmt.Sprintf("better; %s judges in shadow until somebody promotes it", s.out.Proposed)
	return nil
}

// record sums up what is proposed, or all that was tried if nothing is.
func (s *school) record() (app.Lesson, bool) {
	better := slices.ContainsFunc(s.lessons, func(l lesson) bool { return l.better })
	out := app.Lesson{Base: s.learner.Version, At: s.read}
	before, after := 0.0, 0.0
	for _, l := range s.lessons {
		if l.learnt == nil {
			continue
		}
		row := l.row().LessonKind
		out.Kinds = append(out.Kinds, row)
		if better && !l.better {
			continue
		}
		out.Corrections += row.Corrections
		out.HeldOut += row.HeldOut
		before += row.Before * float64(row.HeldOut)
		after += row.After * float64(row.HeldOut)
	}
	if out.HeldOut > 0 {
		out.AgreementBefore, out.AgreementAfter = before/float64(out.HeldOut), after/float64(out.HeldOut)
	}
	return out, better
}

func (s *school) propose(ctx context.Context, file made, record app.Lesson) error {
	d, err := s.parts.host.Describe(ctx, file.path)
	if err != nil {
		return err
	}
	path, placed, err := place(file.path, filepath.Join(s.parts.cfg.DataDir, "analyzers", fileName(d)), file.checksum)
	if err != nil {
		return err
	}
	err = s.parts.App.ProposeAnalyzer(ctx, app.RegisterAnalyzerInput{
		Name: d.Name, Version: d.Version, Path: path, Checksum: file.checksum, Kinds: words(d.Kinds), Languages: d.Languages,
		Sides: sidesOf(d), Labels: labelsOf(d), Settings: s.learner.Settings, MaxBatch: d.MaxBatch, Audio: d.Audio,
	}, record)
	if err != nil && placed {
		return errors.Join(err, os.Remove(path))
	}
	s.out.Proposed = d.Version
	return err
}
