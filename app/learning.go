package app

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/fincokpi/finco/domain"
	entanalyzer "github.com/fincokpi/finco/ent/gen/analyzer"
)

// Correction is a person's label for a version of a message, in place of a machine's or confirming it.
type Correction struct {
	ContentID, ChatID int
	Text              string
	Language          string // as the analyzer detected it, BCP 47; empty if it did not
	Side              string // CUSTOMER or STAFF
	Label             string
	At                time.Time
}

// politeFrom is from how many points of politeness on a person's score says polite.
const politeFrom = 50

// correctionsSQL finds the newest labelled feedback ($1: kind) on each version of a message. What is said of another analyzer
// ($2: the one that learns) counts where both mean the same by it: of kinds whose labels are fixed by the contract ($3).
// Deleted messages teach nothing. Politeness is judged by points, which say one of its two labels.
const correctionsSQL = `
SELECT DISTINCT ON (a.content_id) a.content_id, m.chat_id, COALESCE(NULLIF(c.text, ''), c.transcript), COALESCE(a.language, ''), m.side, said.label, f.created_at
FROM feedbacks f
JOIN analyses a ON a.id = f.analysis_id
JOIN analyzers z ON z.id = a.analyzer_id
JOIN message_contents c ON c.id = a.content_id
JOIN messages m ON m.id = a.message_id
CROSS JOIN LATERAL (SELECT CASE WHEN a.kind = 'POLITENESS' AND COALESCE(f.label, '') = '' AND f.score IS NOT NULL
  THEN CASE WHEN f.score >= $4 THEN 'polite' ELSE 'impolite' END ELSE COALESCE(f.label, '') END AS label) said
WHERE a.kind = $1 AND said.label <> '' AND (z.name = $2 OR $3) AND m.deleted_at IS NULL AND COALESCE(NULLIF(c.text, ''), c.transcript, '') <> ''
ORDER BY a.content_id, f.created_at DESC, f.id DESC`

// LearningMaterial is what people said of a kind of judgement, the newest word on each version of a message, for an analyzer
// that is to learn from it. For background work and admins; nothing of it may be logged.
func (a *App) LearningMaterial(ctx context.Context, name, kind string) ([]Correction, error) {
	if _, err := permit(ctx, "analyzer", "learn"); err != nil {
		return nil, err
	}
	var out []Correction
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		out = nil
		return t.each(ctx, correctionsSQL, []any{kind, name, kind != "TOPIC", politeFrom}, func(scan scanner) error {
			var c Correction
			err := scan(&c.ContentID, &c.ChatID, &c.Text, &c.Language, &c.Side, &c.Label, &c.At)
			out = append(out, c)
			return err
		})
	})
	return out, err
}

// Learner is an analyzer's version that works, which may learn, and what was learnt for it before.
type Learner struct {
	AnalyzerSpec
	Kinds []string
	// Candidate is the version that is tried beside it, empty if there is none.
	Candidate string
	// Since is when the last version was learnt for it: corrections up to then are not new. Zero: never.
	Since time.Time
	// Tried is when it last tried to learn, whatever came of it. Zero: never.
	Tried time.Time
}

// learnersSQL finds the enabled versions. What was learnt for another one than is enabled now, as before an upgrade, does not
// count: its corrections are new to this one.
const learnersSQL = `
SELECT e.name, e.version, e.path, e.checksum, COALESCE(e.settings, '{}'), e.kinds,
  COALESCE((SELECT max(c.version) FROM analyzers c WHERE c.name = e.name AND c.state IN ('SHADOW', 'SPLIT')), ''),
  (SELECT max((l.learned ->> 'at')::timestamptz) FROM analyzers l WHERE l.name = e.name AND l.learned IS NOT NULL
    AND (e.learned IS NOT NULL OR l.learned ->> 'base' = e.version)),
  (SELECT max(u.at) FROM audit_events u JOIN analyzers v ON v.id = u.object_id WHERE v.name = e.name AND u.verb = 'learn' AND u.object = 'analyzer'
    AND u.at > $1)
FROM analyzers e WHERE e.state = 'ENABLED' AND NOT e.audio ORDER BY e.name, e.id`

// triedWithin is how far back Learner.Tried looks.
const triedWithin = 90 * 24 * time.Hour

// Learners are the analyzers that read texts and work now.
func (a *App) Learners(ctx context.Context) ([]Learner, error) {
	if _, err := permit(ctx, "analyzer", "learn"); err != nil {
		return nil, err
	}
	var out []Learner
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		out = nil
		return t.each(ctx, learnersSQL, []any{t.at.Add(-triedWithin)}, func(scan scanner) error {
			var l Learner
			var settings, kinds []byte
			var since, tried sql.NullTime
			if err := scan(&l.Name, &l.Version, &l.Path, &l.Checksum, &settings, &kinds, &l.Candidate, &since, &tried); err != nil {
				return err
			}
			l.Settings, l.Since, l.Tried = settings, since.Time, tried.Time
			out = append(out, l)
			return json.Unmarshal(kinds, &out[len(out)-1].Kinds)
		})
	})
	return out, err
}

// Lesson is what came of learning, as the registry and the audit keep it. Shares are 0 to 1, over all kinds that learnt.
type Lesson struct {
	Base            string       `json:"base"`        // the version it began with
	Corrections     int          `json:"corrections"` // those that were trained on
	HeldOut         int          `json:"heldOut"`     // those that were measured on, of other chats
	AgreementBefore float64      `json:"agreementBefore"`
	AgreementAfter  float64      `json:"agreementAfter"`
	At              time.Time    `json:"at"`
	Kinds           []LessonKind `json:"kinds"`
	Version         string       `json:"version,omitempty"` // that was proposed
}

// LessonKind is the part of one kind.
type LessonKind struct {
	Kind        string  `json:"kind"`
	Corrections int     `json:"corrections"`
	HeldOut     int     `json:"heldOut"`
	Before      float64 `json:"agreementBefore"`
	After       float64 `json:"agreementAfter"`
	F1Before    float64 `json:"macroF1Before"`
	F1After     float64 `json:"macroF1After"`
	Better      bool    `json:"better"`
}

// ProposeAnalyzer registers a version that was learnt as the candidate in shadow: it judges beside the enabled one and counts
// nowhere until a person promotes it. Nothing is proposed while another candidate waits, or if the version that it was learnt
// for does not work any more (conflict).
func (a *App) ProposeAnalyzer(ctx context.Context, in RegisterAnalyzerInput, lesson Lesson) error {
	if _, err := permit(ctx, "analyzer", "learn"); err != nil {
		return err
	}
	lesson.Version = in.Version
	raw, err := json.Marshal(lesson)
	if err != nil {
		return err
	}
	in.State, in.Share, in.Learned, in.Rebuilt = entanalyzer.StateShadow, 0, raw, false
	if err := in.validate(); err != nil {
		return err
	}
	return a.inTx(as(ctx, "operator"), func(ctx context.Context, t *tx) error {
		said, err := t.wishes(ctx)
		if err != nil {
			return err
		}
		versions, err := t.analyzerVersions(ctx, in.Name)
		if err != nil {
			return err
		}
		for _, v := range versions {
			switch {
			case isCandidate(v.State):
				return domain.Errorf(domain.KindConflict, "%s %s waits already: promote or disable it first", in.Name, v.Version)
			case v.Version == in.Version:
				return domain.Errorf(domain.KindConflict, "%s %s was proposed before", in.Name, v.Version)
			}
		}
		at := slices.IndexFunc(versions, func(v analyzerVersion) bool { return v.State == entanalyzer.StateEnabled })
		if at < 0 || versions[at].Version != lesson.Base {
			return domain.Errorf(domain.KindConflict, "%s %s, which this was learnt for, is not enabled any more", in.Name, lesson.Base)
		}
		if err := t.addAnalyzer(ctx, in, said); err != nil {
			return err
		}
		return t.audit(ctx, "learn", "analyzer", versions[at].ID, lesson)
	})
}

// RecordLesson writes down that learning brought nothing better, so that it is seen and not tried again at once.
func (a *App) RecordLesson(ctx context.Context, name string, lesson Lesson) error {
	if _, err := permit(ctx, "analyzer", "learn"); err != nil {
		return err
	}
	return a.inTx(as(ctx, "operator"), func(ctx context.Context, t *tx) error {
		versions, err := t.analyzerVersions(ctx, name)
		if err != nil {
			return err
		}
		for _, v := range versions {
			if v.Version == lesson.Base {
				return t.audit(ctx, "learn", "analyzer", v.ID, lesson)
			}
		}
		return domain.Errorf(domain.KindNotFound, "there is no such analyzer: %s", strings.TrimSpace(clip(name, 64)+" "+clip(lesson.Base, 64)))
	})
}
