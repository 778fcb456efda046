package graph

import (
	"context"
	"strconv"

	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/attachment"
	graphgen "github.com/fincokpi/finco/graph/gen"
)

// files are the voice and video notes of a version of a message, in the order of their places in it.
func (r *Resolver) files(ctx context.Context, c *gen.MessageContent) ([]*graphgen.File, error) {
	found, err := together(ctx, fieldKey{name: "files"}, c, func(nodes []*gen.MessageContent) (map[int][]*graphgen.File, error) {
		ids := idOf(nodes, func(c *gen.MessageContent) int { return c.ID })
		rows, err := r.app.Client().Attachment.Query().Where(among(attachment.FieldContentID, ids)).Order(attachment.ByPosition()).All(ctx)
		out := map[int][]*graphgen.File{}
		for _, row := range rows {
			out[row.ContentID] = append(out[row.ContentID], fileOf(row))
		}
		return out, err
	})
	if found[c.ID] == nil {
		return []*graphgen.File{}, err
	}
	return found[c.ID], err
}

func fileOf(row *gen.Attachment) *graphgen.File {
	out := &graphgen.File{ID: row.ID, Kind: row.Kind, Mime: row.Mime, State: row.State, URL: "/files/" + strconv.Itoa(row.ID)}
	if row.Seconds > 0 {
		out.Seconds = &row.Seconds
	}
	if row.Bytes > 0 {
		out.Bytes = &row.Bytes
	}
	return out
}
