-- +goose Up
-- FitKit's own people. They belong to no studio, so Clerk's organisations say nothing about them: a row here is what makes one.
-- Only the schema's owner writes it (infra/runbooks/key-rotation.md says how).
create table platform_admins (
  clerk_user_id text primary key,
  name          text not null,
  added_at      timestamptz not null default now(),
  removed_at    timestamptz,
  constraint platform_admins_user check (clerk_user_id like 'user\_%'),
  constraint platform_admins_name check (char_length(name) between 1 and 200)
);
alter table platform_admins enable row level security;
alter table platform_admins force row level security;
create policy owner_all on platform_admins to current_user using (true) with check (true);
create policy system_active on platform_admins for select to fitkit_system using (removed_at is null);
grant select (clerk_user_id, removed_at) on platform_admins to fitkit_system;

-- One rotation re-encrypts every value of a key ring to one key. The rows stay as evidence.
create table key_rotations (
  id          uuid primary key,
  ring        text not null,
  target_key  bytea not null,
  state       text not null default 'running',
  started_by  text not null,
  started_at  timestamptz not null default now(),
  finished_at timestamptz,
  passes      int not null default 0,
  resealed    bigint not null default 0,
  unreadable  bigint not null default 0,
  constraint key_rotations_ring check (ring in ('payment_credentials', 'national_id')),
  constraint key_rotations_key check (octet_length(target_key) = 4),
  constraint key_rotations_state check (state in ('running', 'done', 'superseded', 'blocked')),
  constraint key_rotations_finished check ((state = 'running') = (finished_at is null))
);
comment on column key_rotations.passes is 'how often all columns of the ring were gone through';
comment on column key_rotations.unreadable is 'values of the last pass that no key opened; blocked when nothing else is left';
create unique index key_rotations_one_running on key_rotations (ring) where state = 'running';
alter table key_rotations enable row level security;
alter table key_rotations force row level security;
create policy system_all on key_rotations to fitkit_system using (true) with check (true);
grant select, insert, update on key_rotations to fitkit_system;

-- The rotation sees sealed columns of every studio, deleted ones too, and no other column; it may put another envelope in their place.
create policy system_count on gateways for select to fitkit_system using (true);
create policy system_reseal on gateways for update to fitkit_system using (true) with check (true);
grant select (org_id, id, creds_ct), update (creds_ct, key_id) on gateways to fitkit_system;
create policy system_count on payment_methods for select to fitkit_system using (true);
create policy system_reseal on payment_methods for update to fitkit_system using (true) with check (true);
grant select (org_id, id, token_ct), update (token_ct, key_id) on payment_methods to fitkit_system;
create policy system_count on member_secrets for select to fitkit_system using (true);
create policy system_reseal on member_secrets for update to fitkit_system using (true) with check (true);
grant select (org_id, member_id, national_id_ct), update (national_id_ct, key_id) on member_secrets to fitkit_system;

-- key_id says which key sealed the value beside it; the envelope says it too, and the two must not part.
alter table gateways add constraint gateways_key_is_the_envelopes check (octet_length(creds_ct) < 5 or key_id = substring(creds_ct from 2 for 4)) not valid;
alter table payment_methods add constraint payment_methods_key_is_the_envelopes check (octet_length(token_ct) < 5 or key_id = substring(token_ct from 2 for 4)) not valid;
alter table member_secrets add constraint member_secrets_key_is_the_envelopes check (octet_length(national_id_ct) < 5 or key_id = substring(national_id_ct from 2 for 4)) not valid;

-- +goose Down
alter table member_secrets drop constraint member_secrets_key_is_the_envelopes;
alter table payment_methods drop constraint payment_methods_key_is_the_envelopes;
alter table gateways drop constraint gateways_key_is_the_envelopes;
drop policy system_count on gateways;
drop policy system_reseal on gateways;
drop policy system_count on payment_methods;
drop policy system_reseal on payment_methods;
drop policy system_count on member_secrets;
drop policy system_reseal on member_secrets;
revoke all on gateways, payment_methods, member_secrets from fitkit_system;
drop table key_rotations, platform_admins;
