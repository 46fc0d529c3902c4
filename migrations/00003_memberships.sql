-- +goose Up
create table plans (
  org_id     uuid not null references orgs,
  id         uuid not null,
  name       text not null,
  type       text not null,
  status     text not null default 'draft',
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  constraint plans_name_once unique (org_id, name),
  constraint plans_type check (type in ('recurring', 'fixed_term', 'pack', 'trial', 'drop_in', 'external')),
  constraint plans_status check (status in ('draft', 'published', 'retired')),
  constraint plans_name_length check (char_length(name) between 1 and 120)
);
call app.protect('plans', 'select, insert, update');

-- A version is what is sold; it never changes after it was published (R1).
create table plan_versions (
  org_id        uuid not null,
  id            uuid not null,
  plan_id       uuid not null,
  version       int not null,
  price         bigint not null,
  base_price    bigint,
  currency      text not null default 'ILS',
  pay_mode      text not null,
  term_months   int,
  installments  int not null default 1,
  entries       int,
  validity_days int,
  limits        jsonb not null default '{}',
  effective     daterange not null,
  published_at  timestamptz not null,
  primary key (org_id, id),
  foreign key (org_id, plan_id) references plans (org_id, id),
  constraint plan_versions_number_once unique (org_id, plan_id, version),
  constraint plan_versions_no_overlap exclude using gist (org_id with =, plan_id with =, effective with &&),
  constraint plan_versions_price check (price >= 0 and (base_price is null or base_price >= 0)),
  constraint plan_versions_currency check (currency = 'ILS'),
  constraint plan_versions_pay_mode check (pay_mode in ('monthly', 'upfront', 'issuer_installments', 'none')),
  constraint plan_versions_term check (term_months between 1 and 60),
  constraint plan_versions_installments check (installments between 1 and 36),
  constraint plan_versions_entries check (entries > 0),
  constraint plan_versions_validity check (validity_days > 0)
);
call app.protect('plan_versions', 'select, insert, update');

-- A published version is history: only the end of its effective range may still come, and come earlier. A version that was
-- replaced on the day it began has an empty range, for good.
-- +goose StatementBegin
create function app.plan_version_immutable() returns trigger language plpgsql as $$
begin
  if (to_jsonb(new) - 'effective') is distinct from (to_jsonb(old) - 'effective')
      or not new.effective <@ old.effective or lower(new.effective) <> lower(old.effective) then
    raise exception 'a published plan version does not change' using errcode = '23514', constraint = 'plan_versions_immutable';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger plan_versions_immutable before update on plan_versions for each row execute function app.plan_version_immutable();

create table memberships (
  org_id          uuid not null,
  id              uuid not null,
  member_id       uuid not null,
  plan_version_id uuid not null,
  payer_id        uuid not null,
  type            text not null,
  state           text not null,
  price           bigint not null,
  pay_mode        text not null,
  installments    int not null default 1,
  start_on        date not null,
  term_end        date,
  anchor_day      int not null,
  periods_total   int,
  next_period     int not null default 0,
  next_charge_at  timestamptz,
  entries_left    int,
  expires_on      date,
  cancel_notice_at    timestamptz,
  cancel_effective_on date,
  previous_id     uuid,
  version         int not null default 1,
  created_at      timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, member_id) references members (org_id, id),
  foreign key (org_id, payer_id) references members (org_id, id),
  foreign key (org_id, plan_version_id) references plan_versions (org_id, id),
  foreign key (org_id, previous_id) references memberships (org_id, id),
  constraint memberships_state check (state in ('pending_payment', 'active', 'frozen', 'cancel_pending', 'ended')),
  constraint memberships_anchor check (anchor_day between 1 and 31),
  constraint memberships_price check (price >= 0),
  constraint memberships_cancel_after_notice check (cancel_effective_on is null or cancel_notice_at is not null),
  constraint memberships_periods check (next_period >= 0 and (periods_total is null or next_period <= periods_total))
);
create index memberships_due on memberships (next_charge_at) where next_charge_at is not null and state in ('active', 'pending_payment', 'cancel_pending');
create index memberships_due_by_org on memberships (org_id, next_charge_at) where next_charge_at is not null;
create index memberships_by_member on memberships (org_id, member_id);
create index memberships_by_payer on memberships (org_id, payer_id);
-- A person has one trial in a studio.
create unique index memberships_trial_once on memberships (org_id, member_id) where type = 'trial';
call app.protect('memberships', 'select, insert, update');
create policy system_plan on memberships to fitkit_system using (true) with check (true);
grant select, update (next_period, next_charge_at) on memberships to fitkit_system;

-- R3: the states a membership may go through; ended is the end.
-- +goose StatementBegin
create function app.membership_transition() returns trigger language plpgsql as $$
begin
  if new.state <> old.state and not (old.state, new.state) in (
    ('pending_payment', 'active'), ('pending_payment', 'ended'), ('pending_payment', 'cancel_pending'),
    ('active', 'frozen'), ('frozen', 'active'), ('active', 'cancel_pending'), ('frozen', 'cancel_pending'), ('active', 'ended'),
    ('frozen', 'ended'), ('cancel_pending', 'active'), ('cancel_pending', 'ended')) then
    raise exception 'membership cannot go from % to %', old.state, new.state using errcode = '23514', constraint = 'memberships_transition';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger memberships_transition before update of state on memberships for each row execute function app.membership_transition();

-- Rest days on which an organisation may ask not to charge (R6); the yom tov days of Israel. Saturdays are by rule.
create table rest_days (
  day  date primary key,
  name text not null
);
grant select on rest_days to fitkit_app, fitkit_system;
insert into rest_days (day, name) values
  ('2026-04-02', 'פסח'), ('2026-04-08', 'שביעי של פסח'), ('2026-05-22', 'שבועות'), ('2026-09-12', 'ראש השנה'), ('2026-09-13', 'ראש השנה'),
  ('2026-09-21', 'יום כיפור'), ('2026-09-26', 'סוכות'), ('2026-10-03', 'שמחת תורה'),
  ('2027-04-22', 'פסח'), ('2027-04-28', 'שביעי של פסח'), ('2027-06-11', 'שבועות'), ('2027-10-02', 'ראש השנה'), ('2027-10-03', 'ראש השנה'),
  ('2027-10-11', 'יום כיפור'), ('2027-10-16', 'סוכות'), ('2027-10-23', 'שמחת תורה'),
  ('2028-04-11', 'פסח'), ('2028-04-17', 'שביעי של פסח'), ('2028-05-31', 'שבועות'), ('2028-09-21', 'ראש השנה'), ('2028-09-22', 'ראש השנה'),
  ('2028-09-30', 'יום כיפור'), ('2028-10-05', 'סוכות'), ('2028-10-12', 'שמחת תורה');

-- app.period_start is rule R5: always from the anchor, never from the previous start.
create function app.period_start(start_on date, anchor int, k int) returns date language sql immutable parallel safe
  return (date_trunc('month', start_on) + make_interval(months => k))::date
    + least(anchor, extract(day from date_trunc('month', start_on) + make_interval(months => k + 1) - interval '1 day')::int) - 1;

-- app.charge_time is rule R6: 09:00 local on the period's first day, or the next day that is no rest day.
-- +goose StatementBegin
create function app.charge_time(day date, zone text, on_rest_days boolean) returns timestamptz language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp as $$
begin
  while not on_rest_days and (extract(dow from day) = 6 or exists (select from rest_days r where r.day = charge_time.day)) loop
    day := day + 1;
  end loop;
  return (day + time '09:00') at time zone zone;
end $$;
-- +goose StatementEnd

-- +goose Down
drop table rest_days, memberships, plan_versions, plans cascade;
