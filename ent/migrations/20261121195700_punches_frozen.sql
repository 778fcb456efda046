-- A punch feeds pay: it stays as its source told it. Corrections are facts of their own.

-- +goose Up
CREATE TRIGGER finco_frozen BEFORE UPDATE OR DELETE ON punches FOR EACH ROW EXECUTE FUNCTION finco_refuse();
ALTER TABLE punches ENABLE ALWAYS TRIGGER finco_frozen;
CREATE TRIGGER finco_kept BEFORE TRUNCATE ON punches FOR EACH STATEMENT EXECUTE FUNCTION finco_refuse();
ALTER TABLE punches ENABLE ALWAYS TRIGGER finco_kept;

-- +goose Down
DROP TRIGGER finco_kept ON punches;
DROP TRIGGER finco_frozen ON punches;
