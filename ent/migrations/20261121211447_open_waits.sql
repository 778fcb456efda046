-- +goose Up
-- create index "outgoing_notice" to table: "outgoings"
CREATE INDEX "outgoing_notice" ON "outgoings" ("ended_at") WHERE (((state)::text = 'SENT'::text) AND ((method)::text = 'sendMessage'::text) AND ((key)::text ~~ 'wait:%'::text));
-- drop index "wait_breaches_at" from table: "waits"
DROP INDEX "wait_breaches_at";
-- create index "wait_open" to table: "waits"
CREATE INDEX "wait_open" ON "waits" ("breaches_at") WHERE ((closes_with_id IS NULL) AND (((state)::text = 'OPEN'::text) OR ((state)::text = 'BREACHED'::text)));

-- +goose Down
-- reverse: create index "wait_open" to table: "waits"
DROP INDEX "wait_open";
-- reverse: drop index "wait_breaches_at" from table: "waits"
CREATE INDEX "wait_breaches_at" ON "waits" ("breaches_at");
-- reverse: create index "outgoing_notice" to table: "outgoings"
DROP INDEX "outgoing_notice";
