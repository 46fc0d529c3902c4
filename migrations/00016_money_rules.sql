-- +goose Up
-- A lawful cancellation is never refused (docs/decisions/023). With it goes every charge that it takes the ground from; what is
-- paid already, or is under way and turns out paid, is a person's case of a refund.

-- app.not_owed says that the membership's end took the ground from a charge: a period that begins on or after the day the
-- cancellation takes effect (R26), and the price of a whole deal that ends before its term or its entries do.
-- +goose StatementBegin
create function app.not_owed(kind text, period daterange, m memberships) returns boolean language sql stable as $$
  select coalesce(case kind
    when 'period' then m.cancel_effective_on <= lower(period)
    when 'one_off' then coalesce(m.cancel_effective_on, case when m.state = 'ended' and m.entries_left is distinct from 0
        then (select (app.now_of(o.test_now) at time zone o.tz)::date from orgs o where o.id = m.org_id) end)
      < coalesce(m.term_end, m.expires_on, 'infinity')
    end, false)
$$;

-- app.refund_owed says that a paid charge pays for days that the cancellation took away.
create function app.refund_owed(c charges, m memberships) returns boolean language sql stable as $$
  select c.state = 'paid' and (app.not_owed(c.kind, c.period, m) or coalesce(c.kind = 'period' and m.cancel_effective_on < upper(c.period), false))
$$;

-- app.void_charge takes back a charge that nobody has paid and nobody is collecting: with the debt goes its dunning, and what the
-- debt had barred the member from unless another bars it (R49).
create function app.void_charge(p_org uuid, p_charge uuid, p_reason text) returns void language sql as $$
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

-- app.open_refund_case asks a person to work out what is to be given back of a charge.
create function app.open_refund_case(c charges) returns void language sql as $$
  insert into money_cases (org_id, kind, attempt_id, detail)
  select c.org_id, 'refund_due', (select a.id from payment_attempts a where a.org_id = c.org_id and a.charge_id = c.id and a.state = 'approved'),
    'charge ' || c.id || ' pays for days after the cancellation; work out the refund and give it within 14 days'
  on conflict (org_id, kind, attempt_id) where state = 'open' do nothing
$$;

-- R26(a), both directions, and the same for the price of a whole deal: nothing is charged or collected that is not owed. The
-- membership is locked first, so a cancellation at the same time waits and then finds the charge.
create or replace function app.no_charge_after_cancellation() returns trigger language plpgsql as $$
declare m memberships;
begin
  if new.membership_id is not null and new.kind in ('period', 'one_off') and new.state <> 'void' then
    select * into m from memberships x where x.org_id = new.org_id and x.id = new.membership_id for share;
    if app.not_owed(new.kind, new.period, m) then
      raise exception 'the membership is cancelled from that day' using errcode = '23514', constraint = 'charges_not_after_cancellation';
    end if;
  end if;
  return new;
end $$;

-- What a cancellation, another day of one, its withdrawal or an early end does to the membership's charges. What is in flight
-- stays: its answer decides (charges_refund_after_cancellation, or its job voids it).
create or replace function app.no_cancellation_before_charge() returns trigger language plpgsql as $$
begin
  perform app.void_charge(c.org_id, c.id, 'membership_cancelled')
    from (select x.* from charges x where x.org_id = new.org_id and x.membership_id = new.id and x.state in ('due', 'failed') order by x.id) c
    where app.not_owed(c.kind, c.period, new);
  if new.cancel_effective_on is null or new.cancel_effective_on is distinct from old.cancel_effective_on then -- else the case was opened before, and may be closed
    perform app.open_refund_case(c) from charges c where c.org_id = new.org_id and c.membership_id = new.id and app.refund_owed(c, new);
  end if;
  update money_cases k set state = 'closed', closed_at = now()
    from payment_attempts a join charges c on c.org_id = a.org_id and c.id = a.charge_id
    where k.org_id = new.org_id and k.kind = 'refund_due' and k.state = 'open' and a.org_id = k.org_id and a.id = k.attempt_id
      and c.membership_id = new.id and not app.refund_owed(c, new);
  if new.state <> 'ended' then
    insert into charges (org_id, id, member_id, membership_id, kind, period, amount, installments, description, due_at)
    select distinct on (c.kind, c.period) c.org_id, app.uuidv7(), c.member_id, c.membership_id, c.kind, c.period, c.amount, c.installments,
      c.description, greatest(c.due_at, app.now_of(o.test_now))
    from charges c join orgs o on o.id = c.org_id
    where c.org_id = new.org_id and c.membership_id = new.id and c.state = 'void' and c.void_reason = 'membership_cancelled'
      and c.kind in ('period', 'one_off') and not app.not_owed(c.kind, c.period, new)
      and not exists (select from charges l where l.org_id = c.org_id and l.membership_id = c.membership_id and l.kind = c.kind
        and l.period is not distinct from c.period and l.state <> 'void')
    order by c.kind, c.period, c.id desc;
  end if;
  return null;
end $$;

create function app.refund_after_cancellation() returns trigger language plpgsql as $$
declare m memberships;
begin
  select * into m from memberships x where x.org_id = new.org_id and x.id = new.membership_id for share;
  if app.refund_owed(new, m) then perform app.open_refund_case(new); end if;
  return null;
end $$;

-- A cancellation that is withdrawn, or put off, lets the planning go on: at the first period that was not planned.
create function app.plan_again() returns trigger language plpgsql as $$
declare first date := app.period_start(new.start_on, new.anchor_day, new.next_period);
begin
  if new.cancel_effective_on is null or first < new.cancel_effective_on then
    select app.charge_time(first, o.tz, o.charge_on_rest_days) into new.next_charge_at from orgs o where o.id = new.org_id;
  end if;
  return new;
end $$;
-- +goose StatementEnd
-- contract: no stage holds data yet, so the index is made at once
create index charges_by_membership on charges (org_id, membership_id) where membership_id is not null;
-- contract: it refused lawful cancellations; nothing relies on its refusal
drop trigger memberships_not_before_charge on memberships;
-- contract: it voids what is no longer owed and refuses nothing
create trigger memberships_cancellation after update of cancel_effective_on, state on memberships for each row
  when (new.cancel_effective_on is distinct from old.cancel_effective_on or new.state = 'ended' and old.state <> 'ended')
  execute function app.no_cancellation_before_charge();
-- contract: it plans what was withdrawn again and refuses nothing
create trigger memberships_plan_again before update of cancel_effective_on on memberships for each row
  when (old.cancel_effective_on is not null and (new.cancel_effective_on is null or new.cancel_effective_on > old.cancel_effective_on)
    and new.next_charge_at is null and new.pay_mode = 'monthly' and new.price > 0 and new.state <> 'ended'
    and (new.periods_total is null or new.next_period < new.periods_total))
  execute function app.plan_again();
-- contract: it opens a case and refuses nothing
create trigger charges_refund_after_cancellation after update of state on charges for each row
  when (new.state = 'paid' and old.state <> 'paid' and new.membership_id is not null) execute function app.refund_after_cancellation();
-- Two kinds more of a person's questions; what is allowed stays allowed.
-- +goose StatementBegin
do $$
declare allowed text := (select pg_get_expr(conbin, conrelid) from pg_constraint where conname = 'money_cases_kind' and conrelid = 'money_cases'::regclass);
begin
  alter table money_cases drop constraint money_cases_kind;
  execute format('alter table money_cases add constraint money_cases_kind check (%s or kind in (''refund_due'', ''charges_paused''))', allowed);
end $$;
-- +goose StatementEnd

-- Dunning stands still while the studio's charges are paused; the days it stood still are added to what is still ahead.
alter table dunning_cases add column days_still int not null default 0 constraint dunning_cases_days_still check (days_still >= 0);
create function app.days_later(at timestamptz, days int, zone text) returns timestamptz language sql stable parallel safe
  return (at at time zone zone + make_interval(days => days)) at time zone zone;

-- app.off_rest_day is rule R6 for any instant: itself, or 09:00 of the next day when its day is one on which the studio does not charge.
-- +goose StatementBegin
create function app.off_rest_day(at timestamptz, zone text, on_rest_days boolean) returns timestamptz language sql stable as $$
  select case when (next at time zone zone)::date > (at at time zone zone)::date then next else at end
  from (select app.charge_time((at at time zone zone)::date, zone, on_rest_days) as next) x
$$;

-- Whoever sets a step's date, it falls on no rest day of a studio that forbade them.
create function app.step_off_rest_day() returns trigger language plpgsql as $$
begin
  select app.off_rest_day(new.next_at, o.tz, o.charge_on_rest_days) into new.next_at from orgs o where o.id = new.org_id;
  return new;
end $$;
-- +goose StatementEnd
-- contract: it moves a date and refuses nothing
create trigger dunning_cases_off_rest_day before insert or update of next_at on dunning_cases for each row
  when (new.next_at is not null) execute function app.step_off_rest_day();

-- R45: instalments that a card company refuses are taken in one payment only where the plan was sold with that.
alter table plan_versions add column single_payment_allowed boolean not null default false;

-- The number of the last reading that a notice asked for; one that comes after that reading began asks for the next.
alter table card_sessions add column notices int not null default 0;

-- +goose Down
drop trigger dunning_cases_off_rest_day on dunning_cases;
drop trigger charges_refund_after_cancellation on charges;
drop trigger memberships_plan_again on memberships;
drop trigger memberships_cancellation on memberships;
-- +goose StatementBegin
create or replace function app.no_charge_after_cancellation() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' and new.kind = 'period' then
    perform from memberships m where m.org_id = new.org_id and m.id = new.membership_id for share;
  end if;
  if new.kind = 'period' and new.state <> 'void' and exists (select from memberships m
      where m.org_id = new.org_id and m.id = new.membership_id and m.cancel_effective_on <= lower(new.period) for share) then
    raise exception 'the membership is cancelled from that day' using errcode = '23514', constraint = 'charges_not_after_cancellation';
  end if;
  return new;
end $$;
create or replace function app.no_cancellation_before_charge() returns trigger language plpgsql as $$
begin
  if new.cancel_effective_on is not null and exists (select from charges c where c.org_id = new.org_id and c.membership_id = new.id
      and c.kind = 'period' and c.state <> 'void' and lower(c.period) >= new.cancel_effective_on) then
    raise exception 'charges of later periods must be void first' using errcode = '23514', constraint = 'charges_not_after_cancellation';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger memberships_not_before_charge after update of cancel_effective_on on memberships for each row execute function app.no_cancellation_before_charge();
drop function app.step_off_rest_day, app.off_rest_day, app.days_later, app.plan_again, app.refund_after_cancellation, app.open_refund_case, app.void_charge,
  app.refund_owed, app.not_owed;
drop index charges_by_membership;
alter table card_sessions drop column notices;
alter table plan_versions drop column single_payment_allowed;
alter table dunning_cases drop column days_still;
alter table money_cases drop constraint money_cases_kind;
alter table money_cases add constraint money_cases_kind check (kind in ('unknown_attempt', 'amount_mismatch', 'partial_approval', 'unmapped_code',
  'provider_duplicate')) not valid;
