-- +goose Up
-- The daily proof of each studio's days (the last step of the exactly-once protocol): a finished day that had attempts or paid
-- charges is proven against the provider's list, and tried again daily until it is.
create table day_proofs (
  org_id      uuid not null references orgs,
  day         date not null,
  state       text not null default 'waiting',
  tries       int not null default 0,
  tried_at    timestamptz,
  figures     jsonb not null default '{}',
  differences jsonb not null default '[]',
  found_at    timestamptz not null default now(),
  primary key (org_id, day),
  constraint day_proofs_state check (state in ('waiting', 'differs', 'proven', 'explained')),
  constraint day_proofs_tried check ((tried_at is null) = (tries = 0)),
  constraint day_proofs_ends_with_a_try check (tries > 0 or state = 'waiting'),
  constraint day_proofs_proven_has_no_difference check (state <> 'proven' or differences = '[]')
);
comment on column day_proofs.day is 'by the studio''s zone and its business time';
comment on column day_proofs.state is 'waiting: not tried, or something has no answer yet; differs: a person''s question; explained: a person has answered all of them';
comment on column day_proofs.figures is 'what the last try counted and summed, money in agorot';
comment on column day_proofs.differences is 'what the last try found, the first 500: kind, id, detail';
create index day_proofs_unfinished on day_proofs (org_id, day) where state in ('waiting', 'differs');
call app.protect('day_proofs', 'select, insert, update');
-- An alarm and FitKit's own people count the days that are not proven; what differs is the studio's.
create policy system_unfinished on day_proofs for select to fitkit_system using (state in ('waiting', 'differs'));
grant select (org_id, day, state, tries, tried_at) on day_proofs to fitkit_system;

-- A proof's finding is a question too, and may hang on no attempt: the provider's own transaction, a charge, an entry.
alter table money_cases add column subject text;
alter table money_cases add column day date;
alter table money_cases add column gone boolean not null default false;
comment on column money_cases.subject is 'what a day''s proof found it on: the id of an attempt, charge, payment or entry, or the provider''s number of a transaction';
comment on column money_cases.day is 'whose proof found it';
comment on column money_cases.gone is 'closed because a later proof of its day found it no more; it is opened again when one does. What a person closed stays closed';
alter table money_cases add constraint money_cases_day foreign key (org_id, day) references day_proofs (org_id, day) not valid;
alter table money_cases validate constraint money_cases_day;
alter table money_cases add constraint money_cases_finding check ((subject is null) = (day is null)) not valid;
alter table money_cases validate constraint money_cases_finding;
-- contract: the release before writes no subject, so it refuses none of its rows
create unique index money_cases_finding_once on money_cases (org_id, kind, subject) where state = 'open' and subject is not null;
grant select (subject, day) on money_cases to fitkit_system;
-- More kinds of a person's questions; what is allowed stays allowed.
-- +goose StatementBegin
do $$
declare allowed text := (select pg_get_expr(conbin, conrelid) from pg_constraint where conname = 'money_cases_kind' and conrelid = 'money_cases'::regclass);
begin
  alter table money_cases drop constraint money_cases_kind;
  execute format('alter table money_cases add constraint money_cases_kind check (%s or subject is not null and kind in (''not_in_books'', ''amount_differs'',
    ''currency_differs'', ''listed_twice'', ''not_at_provider'', ''terminal_replaced'', ''charge_not_paid'', ''payment_differs'', ''allocation_differs'',
    ''ledger_differs'', ''payment_without_approval'', ''paid_without_payment'', ''entry_without_payment''))', allowed);
end $$;
-- +goose StatementEnd

-- +goose Down
alter table money_cases no force row level security;
delete from money_cases where subject is not null;
alter table money_cases force row level security;
alter table money_cases drop constraint money_cases_kind;
alter table money_cases add constraint money_cases_kind check (kind in ('unknown_attempt', 'amount_mismatch', 'partial_approval', 'unmapped_code',
  'provider_duplicate', 'refund_due', 'charges_paused')) not valid;
revoke select (subject, day) on money_cases from fitkit_system;
alter table money_cases drop constraint money_cases_day, drop constraint money_cases_finding;
alter table money_cases drop column subject, drop column day, drop column gone;
drop table day_proofs;
