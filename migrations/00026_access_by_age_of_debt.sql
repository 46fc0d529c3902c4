-- +goose Up
-- What a debtor may still do (R49) has one rule and one writer: the level follows from the age of the member's oldest debt and the
-- studio's settings, whoever asks and whenever (docs/decisions/031).

-- When the level changes by time alone, business time; null: it does not. The dunning schedule looks then.
alter table members add column access_next_at timestamptz;
comment on column members.access_next_at is 'when access_level is to be looked at again, business time; null: time alone changes nothing';
-- contract: the column is new, so that the index is empty and made in one short scan
create index members_access_due on members (access_next_at) where access_next_at is not null;
create policy system_due on members for select to fitkit_system using (access_next_at is not null);
grant select (org_id, access_next_at) on members to fitkit_system;

-- app.ladder_start is when the ladder of a charge begins: when the charge fell due, or when it was first tried or could first not be
-- (opened), if that came later; what the studio's own mistake stopped is no try. Days on which it stood still are added.
-- +goose StatementBegin
create function app.ladder_start(c charges, opened timestamptz, still int, zone text) returns timestamptz language sql stable as $$
  select app.days_later(greatest(c.due_at, least(opened, (select min(a.business_at) from payment_attempts a
    where a.org_id = c.org_id and a.charge_id = c.id and a.decline_class is distinct from 'config_error'))), still, zone)
$$;

-- app.access_by_debt is the rule. A debt is a charge that has failed, or is unpaid with its dunning begun; p_paid are charges to be
-- taken for paid. The oldest decides: after the studio's days of grace, no new bookings from the 6th day, no entry from the 10th,
-- and nothing from the 14th, the ladder's end, unless the studio keeps its members' access there. A day begins at 09:00, as a rung
-- does, and takes nothing away on a day on which the studio does not charge. While the studio's charges are paused, no debt ages.
create function app.access_by_debt(p_org uuid, p_member uuid, p_paid uuid[], out level text, out next_at timestamptz, out charge_id uuid)
language sql stable as $$
  with o as (
    select tz, charge_on_rest_days, grace_days, dunning_end, least(app.now_of(test_now), charges_paused_at) as at from orgs where id = p_org
  ), debt as (
    select c.id, (x.start at time zone o.tz)::date as day
    from o cross join charges c
    cross join lateral (select count(*) as n, min(d.opened_at) as opened, coalesce(sum(d.days_still), 0)::int as still from dunning_cases d
      where d.org_id = c.org_id and d.member_id = c.member_id and d.charge_id = c.id) d
    cross join lateral (select app.ladder_start(c, d.opened, d.still, o.tz) as start) x
    where c.org_id = p_org and c.member_id = p_member and c.id <> all(p_paid)
      and (c.state = 'failed' or c.state in ('due', 'in_flight') and d.n > 0)
    order by x.start, c.id limit 1
  ), steps as (
    select s.level, s.days, app.charge_time(debt.day + greatest(s.days, o.grace_days + 1), o.tz, o.charge_on_rest_days) as at
    from o, debt, (values ('no_new_bookings', 6), ('no_checkin', 10), ('suspended', 14)) s (level, days)
    where s.level <> 'suspended' or o.dunning_end <> 'keep'
  )
  select coalesce((select s.level from steps s where s.at <= o.at order by s.days desc limit 1), 'full'),
    (select min(s.at) from steps s where s.at > o.at), (select debt.id from debt)
  from o
$$;

-- app.settle_access applies the rule, and tells the member when the level changes. It locks the member before it looks, so that of
-- two payments at the same time the second sees the first.
create function app.settle_access(p_org uuid, p_member uuid, p_why text, p_paid uuid[] default '{}') returns text language plpgsql as $$
declare was text; x record;
begin
  select m.access_level into was from members m where m.org_id = p_org and m.id = p_member for no key update;
  select * into x from app.access_by_debt(p_org, p_member, p_paid);
  update members m set access_level = x.level, access_next_at = x.next_at
    where m.org_id = p_org and m.id = p_member and (m.access_level, m.access_next_at) is distinct from (x.level, x.next_at);
  if was <> x.level then
    insert into member_events (org_id, member_id, at, kind, data)
    select p_org, p_member, app.now_of(o.test_now), 'access.changed',
      jsonb_strip_nulls(jsonb_build_object('from', was, 'to', x.level, 'why', p_why, 'charge_id', x.charge_id))
    from orgs o where o.id = p_org;
  end if;
  return x.level;
end $$;

-- What a studio changes of its policy holds for the debtors it has: they are looked at next.
create function app.access_policy_changed() returns trigger language plpgsql as $$
begin
  update members m set access_next_at = app.now_of(new.test_now)
    where m.org_id = new.id and (m.access_level <> 'full' or m.access_next_at is not null);
  return null;
end $$;

-- app.void_charge takes back a charge that nobody has paid and nobody is collecting: with the debt goes its dunning, and what the
-- debt had barred the member from unless another bars it (R49).
create or replace function app.void_charge(p_org uuid, p_charge uuid, p_reason text) returns void language plpgsql as $$
declare c charges; at timestamptz := (select app.now_of(o.test_now) from orgs o where o.id = p_org);
begin
  update charges x set state = 'void', void_reason = p_reason where x.org_id = p_org and x.id = p_charge and x.state in ('due', 'failed')
    returning * into c;
  if not found then return; end if;
  update dunning_cases d set state = 'lost', reason = 'charge_void', closed_at = at, next_at = null
    where d.org_id = p_org and d.charge_id = c.id and d.state in ('open', 'waiting_method');
  insert into member_events (org_id, member_id, at, kind, data)
    values (p_org, c.member_id, at, 'charge.void', jsonb_build_object('charge_id', c.id, 'amount_agorot', c.amount));
  insert into audit_log (org_id, action, object_kind, object_id, reason, data)
    values (p_org, 'charge.void', 'charge', c.id, p_reason, jsonb_build_object('amount_agorot', c.amount));
  perform app.settle_access(p_org, c.member_id, 'charge.void');
end $$;
-- +goose StatementEnd
-- contract: it writes a new column and refuses nothing
create trigger orgs_access_policy after update of grace_days, dunning_end, charge_on_rest_days on orgs for each row
  when ((new.grace_days, new.dunning_end, new.charge_on_rest_days) is distinct from (old.grace_days, old.dunning_end, old.charge_on_rest_days))
  execute function app.access_policy_changed();

-- Who is in debt already is looked at first thing, for the former rule may have left them too little or too much. The day is one before
-- any clock, a test studio's too.
alter table members no force row level security;
alter table charges no force row level security;
alter table dunning_cases no force row level security;
update members m set access_next_at = '2000-01-01Z' where m.access_level <> 'full'
  or exists (select from charges c where c.org_id = m.org_id and c.member_id = m.id and c.state = 'failed')
  or exists (select from dunning_cases d where d.org_id = m.org_id and d.member_id = m.id and d.state in ('open', 'waiting_method'));
-- contract: as it was before this file
alter table members force row level security;
-- contract: as it was before this file
alter table charges force row level security;
-- contract: as it was before this file
alter table dunning_cases force row level security;

-- +goose Down
drop trigger orgs_access_policy on orgs;
-- +goose StatementBegin
create or replace function app.void_charge(p_org uuid, p_charge uuid, p_reason text) returns void language sql as $$
  with t as (
    select app.now_of(o.test_now) as now from orgs o where o.id = p_org
  ), c as (
    update charges set state = 'void', void_reason = p_reason where org_id = p_org and id = p_charge and state in ('due', 'failed')
    returning id, member_id, amount
  ), d as (
    update dunning_cases d set state = 'lost', reason = 'charge_void', closed_at = t.now, next_at = null from c, t
    where d.org_id = p_org and d.charge_id = c.id and d.state in ('open', 'waiting_method')
  ), acc as (
    update members mb set access_level = 'full' from c
    where mb.org_id = p_org and mb.id = c.member_id and mb.access_level <> 'full'
      and not exists (select from charges o where o.org_id = p_org and o.member_id = c.member_id and o.id <> c.id and o.state = 'failed')
      and not exists (select from dunning_cases o where o.org_id = p_org and o.member_id = c.member_id and o.charge_id <> c.id
        and o.state in ('open', 'waiting_method'))
  ), ev as (
    insert into member_events (org_id, member_id, at, kind, data)
    select p_org, c.member_id, t.now, 'charge.void', jsonb_build_object('charge_id', c.id, 'amount_agorot', c.amount) from c, t
  )
  insert into audit_log (org_id, action, object_kind, object_id, reason, data)
  select p_org, 'charge.void', 'charge', c.id, p_reason, jsonb_build_object('amount_agorot', c.amount) from c
$$;
-- +goose StatementEnd
drop function app.access_policy_changed, app.settle_access, app.access_by_debt, app.ladder_start;
revoke select (org_id, access_next_at) on members from fitkit_system;
drop policy system_due on members;
alter table members drop column access_next_at;
