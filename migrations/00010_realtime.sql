-- +goose Up
-- WebSockets. A browser cannot send a header with a handshake and a session token does not belong into an address, so whoever
-- is signed in takes a ticket, good once and for a minute, and connects with it.
create table socket_tickets (
  org_id     uuid not null references orgs,
  hash       bytea not null,
  actor      text not null default app.actor(),
  role       text not null,
  staff_id   uuid,
  member_id  uuid,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '60 seconds',
  used_at    timestamptz,
  primary key (org_id, hash),
  foreign key (org_id, staff_id) references staff (org_id, id),
  foreign key (org_id, member_id) references members (org_id, id),
  constraint socket_tickets_hash_once unique (hash),
  constraint socket_tickets_hash check (octet_length(hash) = 32),
  constraint socket_tickets_role check (role in ('owner', 'manager', 'front_desk', 'coach', 'member')),
  constraint socket_tickets_one_person check (num_nonnulls(staff_id, member_id) = 1 and (member_id is not null) = (role = 'member')),
  constraint socket_tickets_minute check (expires_at <= created_at + interval '60 seconds'),
  constraint socket_tickets_used_in_time check (used_at <= expires_at)
);
comment on column socket_tickets.hash is 'SHA-256 of the ticket, which is kept nowhere';
create index socket_tickets_by_expiry on socket_tickets (expires_at);
call app.protect('socket_tickets', 'select, insert');
create policy gate on socket_tickets to fitkit_gate using (true) with check (true);
grant select, update (used_at) on socket_tickets to fitkit_gate;
create policy system_read on socket_tickets for select to fitkit_system using (expires_at < now() - interval '1 hour');
create policy system_delete on socket_tickets for delete to fitkit_system using (expires_at < now() - interval '1 hour');
grant select, delete on socket_tickets to fitkit_system;

-- Who is connected, as whom they proved to be when they connected. The row is the truth: a connection without one is told
-- nothing, and can do nothing.
create table connections (
  org_id       uuid not null references orgs,
  id           text not null,
  actor        text not null default app.actor(),
  role         text not null,
  staff_id     uuid,
  member_id    uuid,
  connected_at timestamptz not null default now(),
  last_seen    timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, staff_id) references staff (org_id, id),
  foreign key (org_id, member_id) references members (org_id, id),
  constraint connections_id_once unique (id),
  constraint connections_id_length check (char_length(id) between 1 and 128),
  constraint connections_role check (role in ('owner', 'manager', 'front_desk', 'coach', 'member')),
  constraint connections_one_person check (num_nonnulls(staff_id, member_id) = 1 and (member_id is not null) = (role = 'member')),
  constraint connections_seen_after_connected check (last_seen >= connected_at)
);
comment on column connections.id is 'API Gateway''s id of the connection';
create index connections_by_last_seen on connections (last_seen);
call app.protect('connections', 'select, insert, update, delete');
create policy gate on connections for select to fitkit_gate using (true);
grant select on connections to fitkit_gate;
create policy system_read on connections for select to fitkit_system using (true);
create policy system_delete on connections for delete to fitkit_system using (true);
grant select (org_id, id), delete on connections to fitkit_system;

grant create on schema app to fitkit_gate;

-- app.enter_person sets what row-level security reads for somebody whom a row of ours names, as long as all of it still holds:
-- the organisation is active, the person belongs to it, and in the same role. It is called by the two functions below only.
-- +goose StatementBegin
create function app.enter_person(p_org uuid, p_staff uuid, p_member uuid, p_user text, p_role text,
  out org_id uuid, out role text, out staff_id uuid, out member_id uuid, out business_now timestamptz, out tz text, out test_mode boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare o public.orgs;
begin
  select * into o from public.orgs where id = p_org and status = 'active';
  if p_staff is not null then
    select s.role, s.id into role, staff_id from public.staff s
      where s.org_id = o.id and s.id = p_staff and s.clerk_user_id = p_user and s.status = 'active';
  else
    select 'member', m.id into role, member_id from public.members m
      where m.org_id = o.id and m.id = p_member and m.clerk_user_id = p_user and m.status = 'active';
  end if;
  if role is distinct from p_role then raise exception 'no such organisation' using errcode = 'FK404'; end if;
  org_id := o.id; business_now := coalesce(o.test_now, now()); tz := o.tz; test_mode := o.test_mode;
  perform set_config('app.org_id', o.id::text, true), set_config('app.actor', p_user, true), set_config('app.role', role, true);
end $$;

-- app.enter_ticket is the first statement of a WebSocket's $connect. It uses the ticket up; of two that come with the same one,
-- the second waits for the first and finds it used.
create function app.enter_ticket(p_hash bytea,
  out org_id uuid, out role text, out staff_id uuid, out member_id uuid, out business_now timestamptz, out tz text, out test_mode boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare t public.socket_tickets; e record;
begin
  update public.socket_tickets s set used_at = now() where s.hash = p_hash and s.used_at is null and s.expires_at > now() returning s.* into t;
  if not found then raise exception 'no such ticket' using errcode = 'FK404'; end if;
  select * into e from app.enter_person(t.org_id, t.staff_id, t.member_id, t.actor, t.role);
  org_id := e.org_id; role := e.role; staff_id := e.staff_id; member_id := e.member_id;
  business_now := e.business_now; tz := e.tz; test_mode := e.test_mode;
end $$;

-- app.enter_connection is the first statement of a WebSocket's message: as the person who is connected. With an actor it is
-- FitKit's own work on the connection, which goes on when the person's rights have ended.
create function app.enter_connection(p_connection text, p_actor text,
  out org_id uuid, out role text, out staff_id uuid, out member_id uuid, out business_now timestamptz, out tz text, out test_mode boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare c public.connections; e record;
begin
  select * into c from public.connections where id = p_connection;
  if not found then raise exception 'no such connection' using errcode = 'FK404'; end if;
  if p_actor is not null then
    select * into e from app.enter_org(c.org_id, p_actor);
  else
    select * into e from app.enter_person(c.org_id, c.staff_id, c.member_id, c.actor, c.role);
  end if;
  org_id := e.org_id; role := e.role; staff_id := e.staff_id; member_id := e.member_id;
  business_now := e.business_now; tz := e.tz; test_mode := e.test_mode;
end $$;

-- app.connections_to_cut are connections of all organisations that are over: nothing was heard for 15 minutes (three pings
-- missed), or the organisation, the person or the role is not what it was at the handshake.
create function app.connections_to_cut(p_limit int) returns table (org_id uuid, id text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select c.org_id, c.id from public.connections c join public.orgs o on o.id = c.org_id
  left join public.staff s on s.org_id = c.org_id and s.id = c.staff_id and s.clerk_user_id = c.actor and s.status = 'active' and s.role = c.role
  left join public.members m on m.org_id = c.org_id and m.id = c.member_id and m.clerk_user_id = c.actor and m.status = 'active'
  where c.last_seen <= now() - interval '15 minutes' or o.status <> 'active' or coalesce(s.id, m.id) is null
  order by c.last_seen limit p_limit
$$;
-- +goose StatementEnd
alter function app.enter_person owner to fitkit_gate;
alter function app.enter_ticket owner to fitkit_gate;
alter function app.enter_connection owner to fitkit_gate;
alter function app.connections_to_cut owner to fitkit_gate;
revoke execute on function app.enter_person, app.enter_ticket, app.enter_connection, app.connections_to_cut from public;
grant execute on function app.enter_ticket, app.enter_connection to fitkit_app;
grant execute on function app.connections_to_cut to fitkit_system;
revoke create on schema app from fitkit_gate;

-- +goose Down
drop function app.connections_to_cut, app.enter_connection, app.enter_ticket, app.enter_person;
drop table connections, socket_tickets;
