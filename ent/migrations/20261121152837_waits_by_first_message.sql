-- +goose Up
-- drop index "kpirefresh_user_id_period" from table: "kpi_refreshes"
DROP INDEX "kpirefresh_user_id_period";
-- drop index "wait_chat_id_thread_first_message_id" from table: "waits"
DROP INDEX "wait_chat_id_thread_first_message_id";
-- create index "wait_chat_id_thread_opened_at" to table: "waits"
CREATE INDEX "wait_chat_id_thread_opened_at" ON "waits" ("chat_id", "thread", "opened_at");
-- create index "waits_first_message_id_key" to table: "waits"
CREATE UNIQUE INDEX "waits_first_message_id_key" ON "waits" ("first_message_id");

-- +goose Down
-- reverse: create index "waits_first_message_id_key" to table: "waits"
DROP INDEX "waits_first_message_id_key";
-- reverse: create index "wait_chat_id_thread_opened_at" to table: "waits"
DROP INDEX "wait_chat_id_thread_opened_at";
-- reverse: drop index "wait_chat_id_thread_first_message_id" from table: "waits"
CREATE UNIQUE INDEX "wait_chat_id_thread_first_message_id" ON "waits" ("chat_id", "thread", "first_message_id");
-- reverse: drop index "kpirefresh_user_id_period" from table: "kpi_refreshes"
CREATE UNIQUE INDEX "kpirefresh_user_id_period" ON "kpi_refreshes" ("user_id", "period");
