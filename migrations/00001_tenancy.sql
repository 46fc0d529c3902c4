-- +goose Up
-- The ground of tenancy: schema app holds the functions that decide who is calling; every
-- organisation table is protected by app.protect.
create extension if not exists btree_gist;
create extension if not exists pg_trgm;
create extension if not exists vector;

-- +goose StatementBegin
do $$
begin
  -- fitkit_app: the functions' login. fitkit_system: the crons' login, narrow policies of its own.
  -- fitkit_gate: owns the few SECURITY DEFINER functions and can log in nowhere.
  if not exists (select from pg_roles where rolname = 'fitkit_app') then create role fitkit_app login; end if;
  if not exists (select from pg_roles where rolname = 'fitkit_system') then create role fitkit_system login; end if;
  if not exists (select from pg_roles where rolname = 'fitkit_gate') then create role fitkit_gate nologin; end if;
  execute format('grant fitkit_gate to %I', current_user);
  execute format('alter role fitkit_app set statement_timeout = %L', '10s');
  execute format('alter role fitkit_app set lock_timeout = %L', '5s');
  execute format('alter role fitkit_app set idle_in_transaction_session_timeout = %L', '40s');
  execute format('alter role fitkit_system set statement_timeout = %L', '60s');
  execute format('alter role fitkit_system set lock_timeout = %L', '5s');
  execute format('alter role fitkit_system set idle_in_transaction_session_timeout = %L', '90s');
end $$;
-- +goose StatementEnd

create schema app;
grant usage on schema app to fitkit_app, fitkit_system, fitkit_gate;
grant create on schema app to fitkit_gate;
revoke create on schema public from public;
grant usage on schema public to fitkit_app, fitkit_system, fitkit_gate;

-- app.org is the organisation of the running transaction, or null: with null every policy fails closed.
create function app.org() returns uuid language sql stable parallel safe
  return nullif(current_setting('app.org_id', true), '')::uuid;
-- Not written with coalesce: under row-level security Postgres takes that for leaky and uses no index for a comparison with it.
create function app.actor() returns text language sql stable parallel safe
  return case when nullif(current_setting('app.actor', true), '') is null then 'unknown' else current_setting('app.actor', true) end;

-- app.uuidv7 makes a time-ordered id (RFC 9562): PostgreSQL 18's own where there is one.
-- +goose StatementBegin
do $$
begin
  if current_setting('server_version_num')::int >= 180000 then
    create function app.uuidv7() returns uuid language sql volatile parallel safe return uuidv7();
  else
    create function app.uuidv7() returns uuid language sql volatile parallel safe
      return encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid;
  end if;
end $$;
-- +goose StatementEnd

-- app.protect gives an organisation table its row-level security: the app role sees and writes the rows
-- of the transaction's organisation and no others, the owner of the table included.
-- +goose StatementBegin
create procedure app.protect(tbl regclass, privileges text) language plpgsql as $$
begin
  execute format('alter table %s enable row level security', tbl);
  execute format('alter table %s force row level security', tbl);
  execute format('create policy org_isolation on %s to fitkit_app using (org_id = app.org()) with check (org_id = app.org())', tbl);
  execute format('grant %s on %s to fitkit_app', privileges, tbl);
end $$;
-- +goose StatementEnd

create table orgs (
  id              uuid primary key default app.uuidv7(),
  clerk_org_id    text not null,
  name            text not null,
  slug            text not null,
  legal_kind      text not null default 'murshe',
  tax_id          text,
  tz              text not null default 'Asia/Jerusalem',
  language        text not null default 'he',
  status          text not null default 'active',
  test_mode       boolean not null default false,
  test_now        timestamptz,
  test_target     timestamptz,
  charge_on_rest_days boolean not null default true,
  charges_paused_at   timestamptz,
  charges_paused_why  text,
  dunning_end     text not null default 'suspend',
  grace_days      int  not null default 7,
  version         int  not null default 1,
  name_own        boolean not null default false,
  clerk_updated_at timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  constraint orgs_tax_id check (tax_id ~ '^[0-9]{9}$'),
  constraint orgs_clerk_org_once unique (clerk_org_id),
  constraint orgs_status check (status in ('active', 'suspended', 'deleted')),
  constraint orgs_legal_kind check (legal_kind in ('patur', 'murshe', 'company')),
  constraint orgs_language check (language in ('he', 'en')),
  constraint orgs_dunning_end check (dunning_end in ('suspend', 'cancel', 'keep')),
  constraint orgs_grace check (grace_days between 0 and 60),
  constraint orgs_clock_only_in_test_mode check (test_mode or (test_now is null and test_target is null)),
  constraint orgs_name_length check (char_length(name) between 1 and 200)
);
comment on column orgs.test_now is 'business time of a test organisation; null: the real clock';
comment on column orgs.name_own is 'the studio chose its name in FitKit; Clerk''s no longer replaces it';
alter table orgs enable row level security;
alter table orgs force row level security;
create policy org_isolation on orgs to fitkit_app using (id = app.org()) with check (id = app.org());
grant select, update on orgs to fitkit_app;
grant select on orgs to fitkit_system;
create policy system_read on orgs for select to fitkit_system using (true);
-- Clerk's news of organisations and staff comes without an organisation's session; the system role applies it.
create policy system_clerk_insert on orgs for insert to fitkit_system with check (true);
create policy system_clerk_update on orgs for update to fitkit_system using (true) with check (true);
grant insert (clerk_org_id, name, slug, status, clerk_updated_at), update (name, slug, status, clerk_updated_at, version, updated_at)
  on orgs to fitkit_system;
create policy gate on orgs to fitkit_gate using (true) with check (true);
grant select, insert on orgs to fitkit_gate;

-- app.now is the organisation's business time: its test clock when it has one, else the real clock.
-- Leases, tokens and cron slots never use it.
create function app.now_of(test_now timestamptz) returns timestamptz language sql stable parallel safe
  return coalesce(test_now, now());

-- app.business_now is business time of the running transaction's organisation.
create function app.business_now() returns timestamptz language sql stable parallel safe
  begin atomic select coalesce(o.test_now, now()) from orgs o where o.id = app.org(); end;

create table staff (
  org_id        uuid not null references orgs,
  id            uuid not null default app.uuidv7(),
  clerk_user_id text not null,
  role          text not null,
  name          text not null default '',
  email         text not null default '',
  status        text not null default 'active',
  clerk_role    text not null default '',
  clerk_updated_at timestamptz,
  user_updated_at  timestamptz,
  version       int not null default 1,
  created_at    timestamptz not null default now(),
  primary key (org_id, id),
  constraint staff_user_once unique (org_id, clerk_user_id),
  constraint staff_role check (role in ('owner', 'manager', 'front_desk', 'coach')),
  constraint staff_status check (status in ('active', 'removed'))
);
comment on column staff.clerk_role is 'the role Clerk last told; ours changes when it changes';
comment on column staff.user_updated_at is 'how new the name and e-mail are, by Clerk''s clock; null: never told by the user''s own event';
create index staff_by_clerk_user on staff (clerk_user_id);
call app.protect('staff', 'select, insert, update');
create policy gate on staff to fitkit_gate using (true) with check (true);
grant select, insert on staff to fitkit_gate;
create policy system_clerk on staff to fitkit_system using (true) with check (true);
grant select, insert, update on staff to fitkit_system;

-- Users whom Clerk has deleted, so that a membership of theirs that arrives late makes no staff. Ids alone, no person's data.
create table clerk_deleted_users (
  clerk_user_id text primary key,
  deleted_at    timestamptz not null
);
alter table clerk_deleted_users enable row level security;
alter table clerk_deleted_users force row level security;
create policy system_all on clerk_deleted_users to fitkit_system using (true) with check (true);
grant select, insert on clerk_deleted_users to fitkit_system;

-- An organisation that has owners always keeps one: whoever takes away the last is refused.
-- +goose StatementBegin
create function app.keep_last_owner() returns trigger language plpgsql as $$
begin
  if old.role = 'owner' and old.status = 'active' and (new.role <> 'owner' or new.status <> 'active') then
    perform 1 from orgs where id = old.org_id for update;
    if not exists (select from staff where org_id = old.org_id and id <> old.id and role = 'owner' and status = 'active') then
      raise exception 'the last owner stays' using errcode = '23514', constraint = 'staff_last_owner';
    end if;
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger staff_last_owner before update on staff for each row execute function app.keep_last_owner();

create table members (
  org_id        uuid not null references orgs,
  id            uuid not null,
  name          text not null,
  latin_name    text not null default '',
  search_key    text not null,
  birth_date    date,
  phone         text,
  phone_shared  boolean not null default false,
  email         text,
  language      text not null default 'he',
  status        text not null default 'active',
  clerk_user_id text,
  access_level  text not null default 'full',
  version       int not null default 1,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  archived_at   timestamptz,
  primary key (org_id, id),
  constraint members_status check (status in ('active', 'archived')),
  constraint members_language check (language in ('he', 'en', 'ar', 'ru')),
  constraint members_access_level check (access_level in ('full', 'no_new_bookings', 'no_checkin', 'suspended')),
  constraint members_phone_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  constraint members_name_length check (char_length(name) between 1 and 200 and char_length(latin_name) <= 200)
);
create unique index members_clerk_user_once on members (org_id, clerk_user_id) where clerk_user_id is not null;
create unique index members_phone_once on members (org_id, phone) where status = 'active' and phone is not null and not phone_shared;
create index members_search on members using gin (search_key gin_trgm_ops);
create index members_recent on members (org_id, created_at desc, id desc);
call app.protect('members', 'select, insert, update');
create policy gate on members for select to fitkit_gate using (true);
grant select on members to fitkit_gate;

-- National IDs live apart from the card so that a read of members can never carry one.
create table member_secrets (
  org_id         uuid not null,
  member_id      uuid not null,
  kind           text not null,
  country        text not null,
  national_id_ct bytea not null,
  key_id         bytea not null,
  blind_index    bytea not null,
  last3          text not null,
  updated_at     timestamptz not null default now(),
  primary key (org_id, member_id),
  foreign key (org_id, member_id) references members (org_id, id),
  constraint member_secrets_id_once unique (org_id, blind_index),
  constraint member_secrets_kind check (kind in ('il', 'passport')),
  constraint member_secrets_key_id check (octet_length(key_id) = 4),
  constraint member_secrets_last3 check (char_length(last3) <= 3)
);
call app.protect('member_secrets', 'select, insert, update');

-- What happened to a member, in words the member may read. Insert only.
create table member_events (
  org_id    uuid not null,
  id        uuid not null default app.uuidv7(),
  member_id uuid not null,
  at        timestamptz not null,
  kind      text not null,
  actor     text not null default app.actor(),
  data      jsonb not null default '{}',
  primary key (org_id, id),
  foreign key (org_id, member_id) references members (org_id, id)
);
create index member_events_by_member on member_events (org_id, member_id, at desc, id desc);
call app.protect('member_events', 'select, insert');

-- Who did what, for the owner and the auditor. Insert only; never holds a secret or a national ID.
create table audit_log (
  org_id      uuid not null references orgs,
  id          uuid not null default app.uuidv7(),
  at          timestamptz not null default now(),
  actor       text not null default app.actor(),
  action      text not null,
  object_kind text not null,
  object_id   uuid,
  reason      text not null default '',
  data        jsonb not null default '{}',
  primary key (org_id, id)
);
call app.protect('audit_log', 'select, insert');
create policy system_insert on audit_log for insert to fitkit_system with check (true);
grant insert on audit_log to fitkit_system;

-- app.enter is the first statement of every request's transaction. It finds the organisation and the caller's
-- role in it from facts of a verified token, refuses roles the route does not name, and sets what row-level
-- security reads. A verified token is proof of Clerk's membership, so an organisation or staff row that Clerk's
-- webhook has not brought yet is made here; a removed one stays removed.
-- Errors: FK404 no such organisation for this caller, FK403 role not allowed, FK423 organisation suspended.
-- +goose StatementBegin
create function app.enter(p_clerk_org text, p_slug text, p_clerk_role text, p_header_org uuid, p_user text, p_roles text[],
  out org_id uuid, out role text, out staff_id uuid, out member_id uuid, out business_now timestamptz, out tz text, out test_mode boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare o public.orgs; s public.staff;
begin
  if p_clerk_org is not null then
    select * into o from public.orgs where clerk_org_id = p_clerk_org;
    if not found then
      insert into public.orgs (clerk_org_id, name, slug) values (p_clerk_org, coalesce(nullif(p_slug, ''), p_clerk_org), coalesce(p_slug, ''))
        on conflict (clerk_org_id) do nothing;
      select * into o from public.orgs where clerk_org_id = p_clerk_org;
    end if;
    if o.status = 'deleted' or (p_header_org is not null and p_header_org <> o.id) then
      raise exception 'no such organisation' using errcode = 'FK404';
    end if;
    select * into s from public.staff st where st.org_id = o.id and st.clerk_user_id = p_user;
    if not found then
      insert into public.staff (org_id, clerk_user_id, role, clerk_role)
        values (o.id, p_user, case when p_clerk_role = 'admin' then 'owner' else 'front_desk' end, coalesce(p_clerk_role, ''))
        on conflict on constraint staff_user_once do nothing;
      select * into s from public.staff st where st.org_id = o.id and st.clerk_user_id = p_user;
    end if;
    if s.status <> 'active' then raise exception 'no such organisation' using errcode = 'FK404'; end if;
    role := s.role; staff_id := s.id;
  else
    select * into o from public.orgs where id = p_header_org and status <> 'deleted';
    if found then
      select m.id into member_id from public.members m
        where m.org_id = o.id and m.clerk_user_id = p_user and m.status = 'active';
    end if;
    if member_id is null then raise exception 'no such organisation' using errcode = 'FK404'; end if;
    role := 'member';
  end if;
  if not role = any (p_roles) then raise exception 'role not allowed' using errcode = 'FK403'; end if;
  if o.status = 'suspended' then raise exception 'organisation suspended' using errcode = 'FK423'; end if;
  org_id := o.id; business_now := coalesce(o.test_now, now()); tz := o.tz; test_mode := o.test_mode;
  perform set_config('app.org_id', o.id::text, true), set_config('app.actor', p_user, true), set_config('app.role', role, true);
end $$;

-- app.enter_org is the first statement of a job's transaction: the organisation comes from the job's own row.
create function app.enter_org(p_org uuid, p_actor text,
  out org_id uuid, out role text, out staff_id uuid, out member_id uuid, out business_now timestamptz, out tz text, out test_mode boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare o public.orgs;
begin
  select * into o from public.orgs where id = p_org and status <> 'deleted';
  if not found then raise exception 'no such organisation' using errcode = 'FK404'; end if;
  org_id := o.id; role := 'system'; business_now := coalesce(o.test_now, now()); tz := o.tz; test_mode := o.test_mode;
  perform set_config('app.org_id', o.id::text, true), set_config('app.actor', p_actor, true), set_config('app.role', 'system', true);
end $$;
-- +goose StatementEnd
alter function app.enter owner to fitkit_gate;
alter function app.enter_org owner to fitkit_gate;
revoke execute on function app.enter, app.enter_org from public;
grant execute on function app.enter, app.enter_org to fitkit_app;
grant execute on function app.enter_org to fitkit_system;

-- +goose Down
drop schema app cascade;
drop table audit_log, member_events, member_secrets, members, clerk_deleted_users, staff, orgs cascade;
