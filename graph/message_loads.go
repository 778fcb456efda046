package graph

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/lib/pq"

	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/analysis"
	"github.com/fincokpi/finco/ent/gen/analysisdetail"
	"github.com/fincokpi/finco/ent/gen/analyzer"
	"github.com/fincokpi/finco/ent/gen/customer"
	"github.com/fincokpi/finco/ent/gen/feedback"
	"github.com/fincokpi/finco/ent/gen/message"
	"github.com/fincokpi/finco/ent/gen/messagecontent"
	"github.com/fincokpi/finco/ent/gen/reaction"
	"github.com/fincokpi/finco/ent/gen/user"
)

func idOf[N any](nodes []*N, id func(*N) int) []int {
	out := make([]int, len(nodes))
	for i, node := range nodes {
		out[i] = id(node)
	}
	return out
}

// referred are the distinct ids that nodes refer to.
func referred[N any](nodes []*N, ref func(*N) *int) []int {
	var out []int
	for _, node := range nodes {
		if id := ref(node); id != nil {
			out = append(out, *id)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// array is one parameter however many ids there are, which spares the database the parsing of as many.
func array(ids []int) pq.Int64Array {
	out := make(pq.Int64Array, len(ids))
	for i, id := range ids {
		out[i] = int64(id)
	}
	return out
}

// among is a predicate: the column is one of the ids.
func among(column string, ids []int) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString(s.C(column) + " = ANY(").Arg(array(ids)).WriteString("::bigint[])")
		}))
	}
}

func byID[N any](nodes []*N, id func(*N) int) map[int]*N {
	out := make(map[int]*N, len(nodes))
	for _, node := range nodes {
		out[id(node)] = node
	}
	return out
}

func messageID(m *gen.Message) int   { return m.ID }
func analysisID(a *gen.Analysis) int { return a.ID }

// content is a message's words as they are now; nil to whoever may not read them.
func (r *Resolver) content(ctx context.Context, m *gen.Message) (*gen.MessageContent, error) {
	found, err := together(ctx, fieldKey{name: "content"}, m, func(nodes []*gen.Message) (map[int]*gen.MessageContent, error) {
		versions := make(pq.Int64Array, len(nodes))
		for i, node := range nodes {
			versions[i] = int64(node.Version)
		}
		newest := func(s *sql.Selector) {
			s.Where(sql.P(func(b *sql.Builder) {
				b.WriteString("(" + s.C(messagecontent.FieldMessageID) + ", " + s.C(messagecontent.FieldVersion) + ") IN (SELECT * FROM unnest(")
				b.Arg(array(idOf(nodes, messageID))).WriteString("::bigint[], ").Arg(versions).WriteString("::bigint[]))")
			}))
		}
		rows, err := r.app.Client().MessageContent.Query().Where(newest).All(ctx)
		return byID(rows, func(c *gen.MessageContent) int { return c.MessageID }), err
	})
	return found[m.ID], err
}

// sender is the person or customer who wrote.
func (r *Resolver) sender(ctx context.Context, m *gen.Message) (gen.Noder, error) {
	if m.SenderID == nil && m.CustomerID == nil {
		return nil, nil
	}
	found, err := together(ctx, here(ctx), m, func(nodes []*gen.Message) (map[int]gen.Noder, error) {
		out := map[int]gen.Noder{}
		if ids := referred(nodes, func(m *gen.Message) *int { return m.SenderID }); len(ids) > 0 {
			people, err := r.app.Client().User.Query().Where(among(user.FieldID, ids)).CollectFields(ctx, "User")
			if err != nil {
				return nil, err
			}
			found, err := people.All(ctx)
			if err != nil {
				return nil, err
			}
			for _, one := range found {
				out[one.ID] = one
			}
		}
		ids := referred(nodes, func(m *gen.Message) *int { return m.CustomerID })
		if len(ids) == 0 {
			return out, nil
		}
		customers, err := r.app.Client().Customer.Query().Where(among(customer.FieldID, ids)).CollectFields(ctx, "Customer")
		if err != nil {
			return nil, err
		}
		list, err := customers.All(ctx)
		for _, one := range list {
			out[one.ID] = one
		}
		return out, err
	})
	// Ids are of the whole database, so a person's is never a customer's.
	if m.SenderID != nil {
		return found[*m.SenderID], err
	}
	return found[*m.CustomerID], err
}

// replyTo is the message that this one answers, as Telegram says.
func (r *Resolver) replyTo(ctx context.Context, m *gen.Message) (*gen.Message, error) {
	if m.ReplyToTelegramID == nil {
		return nil, nil
	}
	found, err := together(ctx, here(ctx), m, func(nodes []*gen.Message) (map[int]*gen.Message, error) {
		type place struct {
			chat     int
			telegram int64
		}
		wanted := map[int][]int64{}
		for _, node := range nodes {
			if node.ReplyToTelegramID != nil {
				wanted[node.ChatID] = append(wanted[node.ChatID], *node.ReplyToTelegramID)
			}
		}
		query := r.app.Client().Message.Query().Where(func(s *sql.Selector) {
			var some []*sql.Predicate
			for chat, ids := range wanted {
				args := make([]any, len(ids))
				for i, id := range ids {
					args[i] = id
				}
				some = append(some, sql.And(sql.EQ(s.C(message.FieldChatID), chat), sql.In(s.C(message.FieldTelegramID), args...)))
			}
			s.Where(sql.Or(some...))
		})
		query, err := query.CollectFields(ctx, "Message")
		if err != nil {
			return nil, err
		}
		rows, err := query.Select(message.Columns...).All(ctx)
		at := map[place]*gen.Message{}
		for _, row := range rows {
			at[place{row.ChatID, row.TelegramID}] = row
		}
		out := map[int]*gen.Message{}
		for _, node := range nodes {
			if node.ReplyToTelegramID != nil {
				out[node.ID] = at[place{node.ChatID, *node.ReplyToTelegramID}]
			}
		}
		return out, err
	})
	return found[m.ID], err
}

// versions are all versions of a message's words, oldest first.
func (r *Resolver) versions(ctx context.Context, m *gen.Message) ([]*gen.MessageContent, error) {
	found, err := together(ctx, here(ctx), m, func(nodes []*gen.Message) (map[int][]*gen.MessageContent, error) {
		query, err := r.app.Client().MessageContent.Query().Where(among(messagecontent.FieldMessageID, idOf(nodes, messageID))).
			Order(messagecontent.ByVersion()).CollectFields(ctx, "MessageContent")
		if err != nil {
			return nil, err
		}
		rows, err := query.Select(messagecontent.Columns...).All(ctx)
		out := map[int][]*gen.MessageContent{}
		for _, row := range rows {
			out[row.MessageID] = append(out[row.MessageID], row)
		}
		return out, err
	})
	return found[m.ID], err
}

// reactions are what stands under a message; reactions that were taken back stand there no more.
func (r *Resolver) reactions(ctx context.Context, m *gen.Message) ([]*gen.Reaction, error) {
	type place struct {
		chat     int
		telegram int64
	}
	found, err := together(ctx, fieldKey{name: "reactions"}, m, func(nodes []*gen.Message) (map[int][]*gen.Reaction, error) {
		at := make(map[place]int, len(nodes))
		wanted := map[int][]any{}
		for _, node := range nodes {
			at[place{node.ChatID, node.TelegramID}] = node.ID
			wanted[node.ChatID] = append(wanted[node.ChatID], node.TelegramID)
		}
		rows, err := r.app.Client().Reaction.Query().Where(func(s *sql.Selector) {
			var some []*sql.Predicate
			for chat, ids := range wanted {
				some = append(some, sql.And(sql.EQ(s.C(reaction.FieldChatID), chat), sql.In(s.C(reaction.FieldMessageTelegramID), ids...)))
			}
			s.Where(sql.And(sql.Or(some...), sql.ExprP(s.C(reaction.FieldEmoji)+" <> '[]'")))
		}).Order(reaction.ByReactedAt(), reaction.ByID()).All(ctx)
		out := map[int][]*gen.Reaction{}
		for _, row := range rows {
			id := at[place{row.ChatID, row.MessageTelegramID}]
			out[id] = append(out[id], row)
		}
		return out, err
	})
	return found[m.ID], err
}

// analyzerOf is the version of the analyzer that judged.
func (r *Resolver) analyzerOf(ctx context.Context, a *gen.Analysis) (*gen.Analyzer, error) {
	found, err := together(ctx, fieldKey{name: "analyzer"}, a, func(nodes []*gen.Analysis) (map[int]*gen.Analyzer, error) {
		ids := referred(nodes, func(a *gen.Analysis) *int { return &a.AnalyzerID })
		rows, err := r.app.Client().Analyzer.Query().Where(analyzer.IDIn(ids...)).All(ctx)
		return byID(rows, func(a *gen.Analyzer) int { return a.ID }), err
	})
	return found[a.AnalyzerID], err
}

// detail is why an analyzer said so; nil to whoever may not read the words.
func (r *Resolver) detail(ctx context.Context, a *gen.Analysis) (*gen.AnalysisDetail, error) {
	found, err := together(ctx, fieldKey{name: "detail"}, a, func(nodes []*gen.Analysis) (map[int]*gen.AnalysisDetail, error) {
		rows, err := r.app.Client().AnalysisDetail.Query().Where(among(analysisdetail.FieldAnalysisID, idOf(nodes, analysisID))).All(ctx)
		return byID(rows, func(d *gen.AnalysisDetail) int { return d.AnalysisID }), err
	})
	return found[a.ID], err
}

// judgedKey is what a person's word is about: what an analyzer, in whichever version, said of a kind in a version of a message.
type judgedKey struct {
	content  int
	kind     analysis.Kind
	analyzer string
}

// feedbackOnSQL finds the analyses whose feedback holds for those of the ids.
const feedbackOnSQL = `(SELECT o.id FROM analyses a JOIN analyzers n ON n.id = a.analyzer_id
JOIN analyses o ON o.content_id = a.content_id AND o.kind = a.kind JOIN analyzers v ON v.id = o.analyzer_id AND v.name = n.name WHERE a.id = ANY(`

// newestFeedback is the feedback that counts; nil if nobody gave any.
func (r *Resolver) newestFeedback(ctx context.Context, a *gen.Analysis) (*gen.Feedback, error) {
	found, err := together(ctx, fieldKey{name: "feedback"}, a, func(nodes []*gen.Analysis) (map[int]*gen.Feedback, error) {
		about := func(s *sql.Selector) {
			s.Where(sql.P(func(b *sql.Builder) {
				b.WriteString(s.C(feedback.FieldAnalysisID) + " IN " + feedbackOnSQL).Arg(array(idOf(nodes, analysisID))).WriteString("::bigint[]))")
			}))
		}
		rows, err := r.app.Client().Feedback.Query().Where(about).WithAnalysis().Order(feedback.ByCreatedAt(), feedback.ByID()).All(ctx)
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		versions, err := r.app.Client().Analyzer.Query().All(ctx)
		names := make(map[int]string, len(versions))
		for _, v := range versions {
			names[v.ID] = v.Name
		}
		key := func(a *gen.Analysis) judgedKey { return judgedKey{a.ContentID, a.Kind, names[a.AnalyzerID]} }
		newest := map[judgedKey]*gen.Feedback{}
		for _, f := range rows {
			newest[key(f.Edges.Analysis)] = f
		}
		out := make(map[int]*gen.Feedback, len(nodes))
		for _, node := range nodes {
			out[node.ID] = newest[key(node)]
		}
		return out, err
	})
	return found[a.ID], err
}
