-- +goose Up
-- One table is outbox, claim, due table and history of all queued work (docs/ARCHITECTURE.md, "Jobs").
create table jobs (
  id           uuid primary key default app.uuidv7(),
  org_id       uuid references orgs,
  queue        text not null,
  dedupe_key   text not null,
  payload      jsonb not null,
  correlation  text not null default '',
  state        text not null default 'ready',
  available_at timestamptz not null default now(),
  sent_at      timestamptz,
  resends      int not null default 0,
  lease_until  timestamptz,
  attempts     int not null default 0,
  progress     jsonb,
  last_error   text not null default '',
  created_at   timestamptz not null default now(),
  finished_at  timestamptz,
  constraint jobs_once unique nulls not distinct (org_id, queue, dedupe_key),
  constraint jobs_state check (state in ('ready', 'done', 'dead')),
  constraint jobs_finished check ((state = 'ready') = (finished_at is null))
);
create index jobs_unsent on jobs (available_at) where state = 'ready' and sent_at is null;
create index jobs_unfinished on jobs (sent_at) where state = 'ready' and sent_at is not null;
create index jobs_open_by_org on jobs (org_id) where state = 'ready';
alter table jobs enable row level security;
alter table jobs force row level security;
create policy org_isolation on jobs to fitkit_app using (org_id = app.org()) with check (org_id = app.org());
grant select, insert, update on jobs to fitkit_app;
-- The relay sees every organisation's jobs, and work without an organisation belongs to the system role.
create policy system_all on jobs to fitkit_system using (true) with check (true);
grant select, insert, update on jobs to fitkit_system;

-- app.take_job takes a job's lease and answers its payload. As a statement among those of the job's work it commits with
-- them or not at all: it refuses with FK410 when the job has ended, and with FK409 while somebody else holds it.
-- +goose StatementBegin
create function app.take_job(p_job uuid, p_lease interval) returns jsonb language plpgsql as $$
declare taken jsonb;
begin
  update jobs set lease_until = now() + p_lease, attempts = attempts + 1, sent_at = coalesce(sent_at, now())
    where id = p_job and state = 'ready' and (lease_until is null or lease_until < now())
    returning payload into taken;
  if found then return taken; end if;
  if exists (select from jobs where id = p_job and state <> 'ready') then
    raise exception 'the job has ended' using errcode = 'FK410';
  end if;
  raise exception 'the job is held by another worker' using errcode = 'FK409';
end $$;
-- +goose StatementEnd

-- What providers posted to us. (provider, event_key) is the claim that makes a repeated delivery harmless.
create table inbox (
  id          uuid primary key default app.uuidv7(),
  provider    text not null,
  event_key   text not null,
  org_id      uuid references orgs,
  payload     jsonb not null,
  received_at timestamptz not null default now(),
  applied_at  timestamptz,
  constraint inbox_event_once unique (provider, event_key)
);
alter table inbox enable row level security;
alter table inbox force row level security;
create policy org_isolation on inbox to fitkit_app using (org_id = app.org()) with check (org_id = app.org());
grant select, insert, update on inbox to fitkit_app;
create policy system_unowned on inbox to fitkit_system using (org_id is null) with check (org_id is null);
grant select, insert, update on inbox to fitkit_system;

-- A schedule's slot is taken once, however often the scheduler delivers it.
create table cron_runs (
  name        text not null,
  slot        timestamptz not null,
  started_at  timestamptz not null default now(),
  lease_until timestamptz not null,
  finished_at timestamptz,
  selected    bigint,
  primary key (name, slot)
);
alter table cron_runs enable row level security;
alter table cron_runs force row level security;
create policy system_all on cron_runs to fitkit_system using (true) with check (true);
grant select, insert, update on cron_runs to fitkit_system;

-- A write's Idempotency-Key: the request's hash and, in the same transaction as the effect, its answer.
create table idempotency_keys (
  org_id      uuid not null references orgs,
  actor       text not null,
  key         text not null,
  operation   text not null,
  request_sha bytea not null,
  status      int,
  body        bytea,
  lease_until timestamptz,
  created_at  timestamptz not null default now(),
  primary key (org_id, actor, key),
  constraint idempotency_keys_length check (char_length(key) between 1 and 255)
);
create index idempotency_keys_age on idempotency_keys (created_at);
call app.protect('idempotency_keys', 'select, insert, update, delete');
create policy system_expire on idempotency_keys for delete to fitkit_system using (created_at < now() - interval '24 hours');
create policy system_see_expired on idempotency_keys for select to fitkit_system using (created_at < now() - interval '24 hours');
grant select, delete on idempotency_keys to fitkit_system;

-- +goose Down
drop function app.take_job;
drop table idempotency_keys, cron_runs, inbox, jobs;
