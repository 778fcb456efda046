-- +goose Up
-- drop index "analysis_content_id_analyzer_id_kind" from table: "analyses"
DROP INDEX "analysis_content_id_analyzer_id_kind";
-- create index "analysis_content_id_analyzer_id_kind_shadow" to table: "analyses"
CREATE UNIQUE INDEX "analysis_content_id_analyzer_id_kind_shadow" ON "analyses" ("content_id", "analyzer_id", "kind", "shadow");

-- +goose Down
-- reverse: create index "analysis_content_id_analyzer_id_kind_shadow" to table: "analyses"
DROP INDEX "analysis_content_id_analyzer_id_kind_shadow";
-- reverse: drop index "analysis_content_id_analyzer_id_kind" from table: "analyses"
CREATE UNIQUE INDEX "analysis_content_id_analyzer_id_kind" ON "analyses" ("content_id", "analyzer_id", "kind");
