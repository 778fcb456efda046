package graph

import (
	"context"
	"slices"

	"entgo.io/contrib/entgql"
	"github.com/99designs/gqlgen/graphql"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/analysis"
	"github.com/fincokpi/finco/ent/gen/wait"
)

// inputPage is the part of an input's records that a connection shows.
type inputPage[N any] struct {
	nodes          []*N
	total          int
	before, beyond bool // whether there are records before and after
}

// info is the page's, with the cursors of its ends.
func (p inputPage[N]) info(id func(*N) int) gen.PageInfo {
	out := gen.PageInfo{HasPreviousPage: p.before, HasNextPage: p.beyond}
	if n := len(p.nodes); n > 0 {
		out.StartCursor, out.EndCursor = &gen.Cursor{ID: id(p.nodes[0])}, &gen.Cursor{ID: id(p.nodes[n-1])}
	}
	return out
}

// inputRecords says how the records of one kind are found that inputs name.
type inputRecords[N any] struct {
	named   func(*domain.MetricInput) []int
	visible func(ctx context.Context, ids []int) ([]int, error)
	load    func(ctx context.Context, ids []int) ([]*N, error)
	id      func(*N) int
}

// page is that of one input; the pages of all inputs that came with it are read together.
func (k inputRecords[N]) page(ctx context.Context, in *domain.MetricInput, first *int, after *entgql.Cursor[int]) (inputPage[N], error) {
	score, position := scoreAround(ctx)
	if score == nil || position < 0 || position >= len(score.Inputs) {
		pages, err := k.pages(ctx, []*domain.MetricInput{in}, first, after)
		if err != nil {
			return inputPage[N]{}, err
		}
		return pages[0], nil
	}
	found, err := together(ctx, here(ctx), score, func(scores []*gen.KpiScore) (map[int][]inputPage[N], error) {
		var inputs []*domain.MetricInput
		for _, s := range scores {
			for i := range s.Inputs {
				inputs = append(inputs, &s.Inputs[i])
			}
		}
		pages, err := k.pages(ctx, inputs, first, after)
		if err != nil {
			return nil, err
		}
		out := map[int][]inputPage[N]{}
		for _, s := range scores {
			out[s.ID], pages = pages[:len(s.Inputs)], pages[len(s.Inputs):]
		}
		return out, nil
	})
	if err != nil {
		return inputPage[N]{}, err
	}
	return found[score.ID][position], nil
}

// pages are in order of the inputs: two queries, however many they are.
func (k inputRecords[N]) pages(ctx context.Context, inputs []*domain.MetricInput, first *int, after *entgql.Cursor[int]) ([]inputPage[N], error) {
	var all []int
	for _, in := range inputs {
		all = append(all, k.named(in)...)
	}
	seen, err := k.visible(ctx, distinct(all))
	if err != nil {
		return nil, err
	}
	slices.Sort(seen)
	pages, shown := make([]inputPage[N], len(inputs)), make([][]int, len(inputs))
	var wanted []int
	for i, in := range inputs {
		ids := slices.DeleteFunc(distinct(k.named(in)), func(id int) bool {
			_, ok := slices.BinarySearch(seen, id)
			return !ok
		})
		pages[i].total, pages[i].before = len(ids), after != nil
		if after != nil {
			ids = slices.DeleteFunc(ids, func(id int) bool { return id <= after.ID })
		}
		if first != nil && len(ids) > *first {
			ids, pages[i].beyond = ids[:max(0, *first)], true
		}
		shown[i] = ids
		wanted = append(wanted, ids...)
	}
	node, ok := nodeField(ctx)
	if !ok || len(wanted) == 0 {
		return pages, nil
	}
	rows, err := k.load(node, distinct(wanted))
	if err != nil {
		return nil, err
	}
	records := byID(rows, k.id)
	for i, ids := range shown {
		for _, id := range ids {
			if records[id] != nil {
				pages[i].nodes = append(pages[i].nodes, records[id])
			}
		}
	}
	return pages, nil
}

func distinct(ids []int) []int {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// scoreAround is the score whose input is being resolved, and the input's place in it.
func scoreAround(ctx context.Context) (*gen.KpiScore, int) {
	position := -1
	for fc := graphql.GetFieldContext(ctx); fc != nil; fc = fc.Parent {
		switch found := fc.Result.(type) {
		case *gen.KpiScore:
			return found, position
		case **gen.KpiScore:
			return *found, position
		case *gen.Noder:
			score, _ := (*found).(*gen.KpiScore)
			return score, position
		}
		if fc.Index != nil {
			position = *fc.Index
		}
	}
	return nil, position
}

// nodeField is the context of the nodes of the connection being resolved; false if it shows no edges. Where a request has them
// under several names, it is that of what is around them, which leaves no column out.
func nodeField(ctx context.Context) (context.Context, bool) {
	field, shown := graphql.GetFieldContext(ctx).Field, false
	for _, name := range []string{"edges", "node"} {
		var found []graphql.CollectedField
		for _, below := range graphql.CollectFields(graphql.GetOperationContext(ctx), field.Selections, nil) {
			if below.Name == name {
				found = append(found, below)
			}
		}
		shown = shown || len(found) > 0
		if len(found) != 1 {
			break
		}
		field = found[0]
	}
	return graphql.WithFieldContext(ctx, &graphql.FieldContext{Field: field}), shown
}

func (r *Resolver) inputWaits(ctx context.Context, in *domain.MetricInput, first *int, after *entgql.Cursor[int]) (*gen.WaitConnection, error) {
	id := func(w *gen.Wait) int { return w.ID }
	page, err := inputRecords[gen.Wait]{
		named: func(in *domain.MetricInput) []int { return in.Waits },
		visible: func(ctx context.Context, ids []int) ([]int, error) {
			return r.app.Client().Wait.Query().Where(among(wait.FieldID, ids)).IDs(ctx)
		},
		load: func(ctx context.Context, ids []int) ([]*gen.Wait, error) {
			query, err := r.app.Client().Wait.Query().Where(among(wait.FieldID, ids)).CollectFields(ctx, "Wait")
			if err != nil {
				return nil, err
			}
			return query.All(ctx)
		},
		id: id,
	}.page(ctx, in, first, after)
	out := &gen.WaitConnection{Edges: []*gen.WaitEdge{}, TotalCount: page.total, PageInfo: page.info(id)}
	for _, node := range page.nodes {
		out.Edges = append(out.Edges, &gen.WaitEdge{Node: node, Cursor: gen.Cursor{ID: node.ID}})
	}
	return out, err
}

func (r *Resolver) inputAnalyses(ctx context.Context, in *domain.MetricInput, first *int, after *entgql.Cursor[int]) (*gen.AnalysisConnection, error) {
	page, err := inputRecords[gen.Analysis]{
		named: func(in *domain.MetricInput) []int { return in.Analyses },
		visible: func(ctx context.Context, ids []int) ([]int, error) {
			return r.app.Client().Analysis.Query().Where(among(analysis.FieldID, ids)).IDs(ctx)
		},
		load: func(ctx context.Context, ids []int) ([]*gen.Analysis, error) {
			query, err := r.app.Client().Analysis.Query().Where(among(analysis.FieldID, ids)).CollectFields(ctx, "Analysis")
			if err != nil {
				return nil, err
			}
			return query.All(ctx)
		},
		id: analysisID,
	}.page(ctx, in, first, after)
	out := &gen.AnalysisConnection{Edges: []*gen.AnalysisEdge{}, TotalCount: page.total, PageInfo: page.info(analysisID)}
	for _, node := range page.nodes {
		out.Edges = append(out.Edges, &gen.AnalysisEdge{Node: node, Cursor: gen.Cursor{ID: node.ID}})
	}
	return out, err
}
