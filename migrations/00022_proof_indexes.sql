-- +goose NO TRANSACTION
-- +goose Up
-- The daily proof reads a day's payments and entries, of years of them.
create index concurrently charges_paid on charges (org_id, paid_at) where paid_at is not null;
create index concurrently ledger_entries_by_day on ledger_entries (org_id, at);

-- +goose Down
drop index concurrently charges_paid;
drop index concurrently ledger_entries_by_day;
