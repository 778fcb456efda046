package server

import (
	"context"
	"fmt"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/intake/telegramexport"
)

// ImportOptions say what to import and how.
type ImportOptions struct {
	// Path is the export's file or folder, or a folder of exports.
	Path string
	// Account is who exported, where the export does not tell; 0 if not known.
	Account int64
	// Wait works on the analyses in this process and returns when all are stored.
	Wait bool
	// Progress, if not nil, hears how many bytes are done.
	Progress func(done, total int64)
}

// ImportResult is what an import did, as its last line prints it.
type ImportResult struct {
	Chats     int     `json:"chats"`
	Messages  int     `json:"messages"`
	New       int     `json:"new"`
	Edited    int     `json:"edited"`
	Customers int     `json:"customers"`
	Staff     int     `json:"staff"`
	Skipped   int     `json:"skipped"`
	Analyses  int     `json:"analyses"`
	Files     int     `json:"files"`
	Seconds   float64 `json:"seconds"`
	// Failed is how many messages were put aside while the import waited, by analyzer.
	Failed map[string]int `json:"failed,omitempty"`

	// Notes name what was skipped and why; Damaged tells that something that should have been read was not.
	Notes   []string `json:"-"`
	Damaged bool     `json:"-"`
}

// importBatch is the number of messages in one transaction.
const importBatch = 1000

// ImportTelegram brings a Telegram Desktop export in. Importing it again adds nothing, importing a longer one adds the rest.
func (p *Parts) ImportTelegram(ctx context.Context, opts ImportOptions) (ImportResult, error) {
	start := time.Now()
	var result ImportResult
	staff, err := p.App.StaffTelegramIDs(ctx)
	if err != nil {
		return result, err
	}
	finish := func(context.Context) error { return nil }
	if opts.Wait {
		finish, err = p.judgeHere(ctx)
	} else {
		err = p.RegisterBuiltIns(ctx)
	}
	if err != nil {
		return result, err
	}
	err = p.readExports(ctx, opts, staff, &result)
	if err == nil && opts.Wait {
		if err = p.waitForAnalyses(ctx); err == nil {
			err = p.tellFailures(ctx, start, &result)
		}
	}
	if stop := finish(context.WithoutCancel(ctx)); err == nil {
		err = stop
	}
	result.Seconds = time.Since(start).Seconds()
	return result, err
}

// tellFailures adds what was put aside since a moment.
func (p *Parts) tellFailures(ctx context.Context, since time.Time, result *ImportResult) error {
	counts, err := p.App.FailureCounts(auth.With(ctx, auth.System("scheduler")), since.Truncate(time.Microsecond))
	if len(counts) > 0 {
		result.Failed = map[string]int{}
	}
	for _, f := range counts {
		result.Failed[f.Analyzer] = f.Count
		result.Notes = append(result.Notes, fmt.Sprintf("%s put aside %d: %s", f.Analyzer, f.Count, f.Reason))
	}
	return err
}

// judgeHere starts the analyzers and workers in this process.
func (p *Parts) judgeHere(ctx context.Context) (stop func(context.Context) error, err error) {
	if err := p.startAnalyzers(ctx); err != nil {
		return nil, err
	}
	w, err := p.startWorkers(ctx)
	if err != nil {
		return nil, err
	}
	unfollow := p.followAnalyzers(ctx)
	return func(ctx context.Context) error {
		unfollow()
		return w.stop(ctx)
	}, nil
}

// readExports reads every export at the path, one after the other.
func (p *Parts) readExports(ctx context.Context, opts ImportOptions, staff map[int64]bool, result *ImportResult) error {
	paths, err := telegramexport.Find(opts.Path)
	if err != nil {
		return err
	}
	seen := map[int64]bool{}
	for _, opts.Path = range paths {
		if err := p.readExport(ctx, opts, staff, seen, result); err != nil {
			return err
		}
	}
	result.Staff = len(seen)
	return nil
}

func (p *Parts) readExport(ctx context.Context, opts ImportOptions, staff, seen map[int64]bool, result *ImportResult) error {
	export, err := telegramexport.Open(opts.Path)
	if err != nil {
		return err
	}
	defer func() { _ = export.Close() }()
	company, err := p.App.Company(ctx)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(company.Timezone)
	if err != nil {
		return err
	}
	b := &importer{app: p.App, result: result, export: export}
	summary, err := export.Read(ctx, telegramexport.Options{
		Zone: zone, Account: opts.Account, BatchSize: importBatch, IsStaff: func(id int64) bool { return staff[id] }, Progress: opts.Progress,
	}, telegramexport.Handler{Messages: func(chat telegramexport.Chat, batch []telegramexport.Message) error {
		for _, m := range batch {
			if m.From.Kind == telegramexport.SenderUser && staff[m.From.ID] {
				seen[m.From.ID] = true
			}
		}
		in := telegramexport.Inputs(chat, batch)
		if err := b.keepFiles(ctx, batch, in); err != nil {
			return err
		}
		return b.add(ctx, in)
	}})
	if err == nil {
		err = b.flush(ctx)
	}
	result.tell(summary)
	if more := b.leftOut - notesShown; more > 0 {
		result.Notes = append(result.Notes, fmt.Sprintf("left out: %d more voice and video notes", more))
	}
	return err
}

// importer gathers the messages of many small chats into batches worth a transaction.
type importer struct {
	app     *app.App
	export  *telegramexport.Export
	result  *ImportResult
	pending []app.MessageInput
	leftOut int // files
}

func (b *importer) add(ctx context.Context, in []app.MessageInput) error {
	b.pending = append(b.pending, in...)
	if len(b.pending) < importBatch {
		return nil
	}
	return b.flush(ctx)
}

func (b *importer) flush(ctx context.Context) error {
	if len(b.pending) == 0 {
		return nil
	}
	done, err := b.app.RecordMessages(ctx, b.pending)
	b.result.New += done.New
	b.result.Edited += done.Edited
	b.result.Customers += done.Customers
	b.result.Analyses += done.Analyses
	b.result.Files += done.Files
	b.pending = b.pending[:0]
	return err
}

// notesShown is how many skipped entries are named; all are counted.
const notesShown = 20

func (r *ImportResult) tell(s telegramexport.Summary) {
	r.Chats += s.Chats
	r.Messages += s.Messages
	r.Skipped += s.Skipped
	r.Damaged = r.Damaged || s.Damaged()
	for i, skip := range s.SkippedSample {
		if i == notesShown {
			r.Notes = append(r.Notes, fmt.Sprintf("skipped: %d more", s.Skipped-notesShown))
			break
		}
		r.Notes = append(r.Notes, fmt.Sprintf("skipped: message %d of %q: %s", skip.MessageID, skip.ChatTitle, skip.Reason))
	}
	for _, chat := range s.LeftOut {
		r.Notes = append(r.Notes, fmt.Sprintf("left out: chat %q (%s): %s", chat.Title, chat.Type, chat.Reason))
	}
	if s.Break != nil {
		r.Notes = append(r.Notes, fmt.Sprintf("the file breaks off after byte %d: %s", s.Break.Offset, s.Break.Reason))
	}
}
