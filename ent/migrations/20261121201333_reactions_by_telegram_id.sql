-- +goose Up
-- modify "reactions" table
ALTER TABLE "reactions" DROP COLUMN "message_id", ADD COLUMN "message_telegram_id" bigint NOT NULL, ADD COLUMN "chat_id" bigint NOT NULL, ADD CONSTRAINT "reactions_chats_reactions" FOREIGN KEY ("chat_id") REFERENCES "chats" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION;
-- create index "reaction_chat_id_message_telegram_id_telegram_id" to table: "reactions"
CREATE UNIQUE INDEX "reaction_chat_id_message_telegram_id_telegram_id" ON "reactions" ("chat_id", "message_telegram_id", "telegram_id");

-- +goose Down
-- reverse: create index "reaction_chat_id_message_telegram_id_telegram_id" to table: "reactions"
DROP INDEX "reaction_chat_id_message_telegram_id_telegram_id";
-- reverse: modify "reactions" table
ALTER TABLE "reactions" DROP CONSTRAINT "reactions_chats_reactions", DROP COLUMN "chat_id", DROP COLUMN "message_telegram_id", ADD COLUMN "message_id" bigint NOT NULL, ADD CONSTRAINT "reactions_messages_reactions" FOREIGN KEY ("message_id") REFERENCES "messages" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION;
CREATE UNIQUE INDEX "reaction_message_id_telegram_id" ON "reactions" ("message_id", "telegram_id");
