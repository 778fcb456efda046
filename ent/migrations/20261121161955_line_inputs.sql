-- +goose Up
-- modify "payslip_lines" table
ALTER TABLE "payslip_lines" ADD COLUMN "inputs" jsonb NULL;

-- +goose Down
-- reverse: modify "payslip_lines" table
ALTER TABLE "payslip_lines" DROP COLUMN "inputs";
