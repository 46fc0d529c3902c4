-- +goose Up
-- The key of a request that makes a debt holds for a year and more: the same sale, sent again the day after, is not a second one.
alter table idempotency_keys add column lasting boolean not null default false;

-- +goose Down
alter table idempotency_keys drop column lasting;
