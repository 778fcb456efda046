package schema

import (
	"encoding/json"
	"time"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
)

// Dialog is where somebody's talk with the bot stands: the step that their next message is for.
type Dialog struct{ ent.Schema }

func (Dialog) Mixin() []ent.Mixin { return []ent.Mixin{base{object: "telegram", rows: all}} }

func (Dialog) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("telegram_id").Unique().Immutable(),
		field.String("name").NotEmpty().MaxLen(64),
		field.JSON("data", json.RawMessage{}).Optional().SchemaType(jsonb),
		field.Time("updated_at").Default(time.Now),
	}
}

func (Dialog) Annotations() []schema.Annotation { return []schema.Annotation{internal()} }
