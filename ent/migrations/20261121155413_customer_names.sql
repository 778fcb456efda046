-- +goose Up
-- modify "customers" table
ALTER TABLE "customers" ALTER COLUMN "name" SET NOT NULL, ALTER COLUMN "name" SET DEFAULT '';

-- +goose Down
-- reverse: modify "customers" table
ALTER TABLE "customers" ALTER COLUMN "name" DROP NOT NULL, ALTER COLUMN "name" DROP DEFAULT;
