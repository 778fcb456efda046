package graph

import (
	"context"
	"strings"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/broadcast"
	"github.com/fincokpi/finco/ent/gen/employment"
	"github.com/fincokpi/finco/ent/gen/team"
	graphgen "github.com/fincokpi/finco/graph/gen"
)

// maxTeams bounds what an audience names.
const maxTeams = 100

func (r *Resolver) prepareBroadcast(ctx context.Context, in graphgen.PrepareBroadcastInput) (*graphgen.PrepareBroadcastPayload, error) {
	if len(in.Teams) > maxTeams {
		return nil, domain.Errorf(domain.KindInvalid, "at most %d teams", maxTeams)
	}
	who := app.Audience{Teams: in.Teams}
	for _, role := range in.Roles {
		who.Roles = append(who.Roles, string(role))
	}
	made, err := r.app.PrepareBroadcast(ctx, app.BroadcastInput{Audience: who, Text: in.Text})
	if err != nil {
		return nil, err
	}
	one, err := r.app.Client().Broadcast.Get(ctx, made.ID)
	return &graphgen.PrepareBroadcastPayload{Broadcast: one, Recipients: made.Recipients, Unlinked: made.Unlinked, Unreachable: made.Unreachable}, err
}

// stepBroadcast takes a broadcast one step further and reads it again as the actor.
func (r *Resolver) stepBroadcast(ctx context.Context, in graphgen.BroadcastInput, verb func(context.Context, int) (*gen.Broadcast, error)) (*graphgen.BroadcastPayload, error) {
	if _, err := verb(ctx, in.Broadcast); err != nil {
		return nil, err
	}
	one, err := r.app.Client().Broadcast.Get(ctx, in.Broadcast)
	return &graphgen.BroadcastPayload{Broadcast: one}, err
}

func broadcastIDs(all []*gen.Broadcast) []int {
	ids := make([]int, len(all))
	for i, b := range all {
		ids[i] = b.ID
	}
	return ids
}

// broadcastAudience is whom a broadcast is for. The column is in no selection, so it is read here.
func (r *Resolver) broadcastAudience(ctx context.Context, one *gen.Broadcast) (*graphgen.BroadcastAudience, error) {
	all, err := together(ctx, here(ctx), one, func(list []*gen.Broadcast) (map[int]*graphgen.BroadcastAudience, error) {
		found, err := r.app.Client().Broadcast.Query().Where(broadcast.IDIn(broadcastIDs(list)...)).All(ctx)
		if err != nil {
			return nil, err
		}
		audiences := map[int]app.Audience{}
		var named []int
		for _, b := range found {
			if audiences[b.ID], err = app.AudienceOf(b); err != nil {
				return nil, err
			}
			named = append(named, audiences[b.ID].Teams...)
		}
		teams, err := r.app.Client().Team.Query().Where(team.IDIn(named...)).All(ctx)
		if err != nil {
			return nil, err
		}
		known := byID(teams, func(t *gen.Team) int { return t.ID })
		out := map[int]*graphgen.BroadcastAudience{}
		for id, who := range audiences {
			out[id] = audienceOf(who, known)
		}
		return out, nil
	})
	return all[one.ID], err
}

func audienceOf(who app.Audience, teams map[int]*gen.Team) *graphgen.BroadcastAudience {
	out := &graphgen.BroadcastAudience{Teams: []*gen.Team{}, Roles: []employment.Role{}}
	for _, id := range who.Teams {
		if teams[id] != nil {
			out.Teams = append(out.Teams, teams[id])
		}
	}
	for _, role := range who.Roles {
		out.Roles = append(out.Roles, employment.Role(strings.ToUpper(role)))
	}
	return out
}

// broadcastProgress is how far a broadcast is.
func (r *Resolver) broadcastProgress(ctx context.Context, one *gen.Broadcast) (*graphgen.BroadcastProgress, error) {
	all, err := together(ctx, here(ctx), one, func(list []*gen.Broadcast) (map[int]app.BroadcastProgress, error) {
		return r.app.BroadcastProgress(ctx, broadcastIDs(list)...)
	})
	if err != nil {
		return nil, err
	}
	p := all[one.ID]
	return &graphgen.BroadcastProgress{
		Recipients: p.Recipients, Sent: p.Sent, Failed: p.Failed, Unknown: p.Unknown, Cancelled: p.Cancelled, Queued: p.Queued,
	}, nil
}
