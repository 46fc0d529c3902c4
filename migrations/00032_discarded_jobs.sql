-- +goose NO TRANSACTION
-- +goose Up
-- needed by: shared/platform/discard
-- A job that was given up and is not to be done any more is discarded by a person, who says why. It stays in the table, and
-- whoever looks for dead jobs, to count, list or revive them, finds it no more.
alter table jobs add column if not exists discarded_at timestamptz, add column if not exists discarded_by text, add column if not exists discard_reason text;
comment on column jobs.discarded_by is 'the person of FitKit who said that it is not to be done: admin:<Clerk user>';
-- One more state; what is allowed stays allowed. The rows that are there are looked at afterwards, while everybody works.
-- +goose StatementBegin
do $$
begin
  alter table jobs drop constraint if exists jobs_state;
  alter table jobs add constraint jobs_state check (state in ('ready', 'done', 'dead', 'discarded')) not valid;
  alter table jobs drop constraint if exists jobs_discarded;
  alter table jobs add constraint jobs_discarded check ((state = 'discarded') = (discarded_at is not null)
    and (discarded_at is null) = (discarded_by is null) and (discarded_at is null) = (discard_reason is null)) not valid;
end $$;
-- +goose StatementEnd
alter table jobs validate constraint jobs_state;
alter table jobs validate constraint jobs_discarded;

-- +goose Down
alter table jobs drop constraint jobs_discarded;
alter table jobs no force row level security;
update jobs set state = 'dead' where state = 'discarded';
alter table jobs force row level security;
alter table jobs drop constraint jobs_state;
alter table jobs add constraint jobs_state check (state in ('ready', 'done', 'dead'));
alter table jobs drop column discard_reason, drop column discarded_by, drop column discarded_at;
