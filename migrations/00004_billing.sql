-- +goose Up
create table gateways (
  org_id      uuid not null references orgs,
  id          uuid not null,
  provider    text not null,
  mode        text not null,
  state       text not null default 'active',
  terminal    text not null,
  creds_ct    bytea not null,
  key_id      bytea not null,
  settings    jsonb not null default '{}',
  hook_token  text not null,
  verified_at timestamptz not null,
  problem     text not null default '',
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  primary key (org_id, id),
  constraint gateways_provider check (provider in ('cardcom', 'icredit', 'morning')),
  constraint gateways_mode check (mode in ('live', 'test')),
  constraint gateways_state check (state in ('active', 'misconfigured', 'paused')),
  constraint gateways_hook_token_once unique (hook_token),
  constraint gateways_provider_once unique (org_id, provider)
);
call app.protect('gateways', 'select, insert, update');
create policy gate on gateways for select to fitkit_gate using (true);
grant select on gateways to fitkit_gate;

-- A test organisation never moves real money, and a live gateway never obeys a test clock.
-- +goose StatementBegin
create function app.gateway_mode() returns trigger language plpgsql as $$
begin
  if new.mode = 'live' and exists (select from orgs where id = new.org_id and test_mode) then
    raise exception 'a test organisation cannot have a live gateway' using errcode = '23514', constraint = 'gateways_test_org_not_live';
  end if;
  return new;
end $$;
create function app.org_test_mode() returns trigger language plpgsql as $$
begin
  if new.test_mode and exists (select from gateways where org_id = new.id and mode = 'live') then
    raise exception 'an organisation with a live gateway cannot become a test organisation' using errcode = '23514', constraint = 'gateways_test_org_not_live';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger gateways_mode before insert or update on gateways for each row execute function app.gateway_mode();
create trigger orgs_test_mode before update of test_mode on orgs for each row execute function app.org_test_mode();

-- app.enter_hook is the first statement of a provider's webhook: the path's unguessable token names the gateway.
-- +goose StatementBegin
create function app.enter_hook(p_token text, p_actor text,
  out org_id uuid, out role text, out staff_id uuid, out member_id uuid, out business_now timestamptz, out tz text, out test_mode boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare o public.orgs;
begin
  select og.* into o from public.gateways g join public.orgs og on og.id = g.org_id where g.hook_token = p_token and og.status <> 'deleted';
  if not found then raise exception 'no such hook' using errcode = 'FK404'; end if;
  org_id := o.id; role := 'system'; business_now := coalesce(o.test_now, now()); tz := o.tz; test_mode := o.test_mode;
  perform set_config('app.org_id', o.id::text, true), set_config('app.actor', p_actor, true), set_config('app.role', 'system', true);
end $$;
-- +goose StatementEnd
alter function app.enter_hook owner to fitkit_gate;
revoke execute on function app.enter_hook from public;
grant execute on function app.enter_hook to fitkit_app;
revoke create on schema app from fitkit_gate;

create table payment_methods (
  org_id     uuid not null,
  id         uuid not null,
  member_id  uuid not null,
  gateway_id uuid not null,
  kind       text not null default 'card',
  token_ct   bytea not null,
  key_id     bytea not null,
  brand      text not null default '',
  last4      text not null,
  exp_month  int not null,
  exp_year   int not null,
  status     text not null default 'active',
  is_default boolean not null default false,
  created_at timestamptz not null default now(),
  removed_at timestamptz,
  primary key (org_id, id),
  foreign key (org_id, member_id) references members (org_id, id),
  foreign key (org_id, gateway_id) references gateways (org_id, id),
  constraint payment_methods_kind check (kind in ('card', 'masav')),
  constraint payment_methods_status check (status in ('active', 'blocked', 'removed')),
  constraint payment_methods_last4 check (last4 ~ '^[0-9]{4}$'),
  constraint payment_methods_expiry check (exp_month between 1 and 12 and exp_year between 2000 and 2100),
  constraint payment_methods_default_is_active check (not is_default or status = 'active'),
  constraint payment_methods_removed_has_no_token check (status <> 'removed' or (octet_length(token_ct) = 0 and removed_at is not null))
);
comment on column payment_methods.token_ct is 'sealed; of a removed method nothing is left but zero bytes of it';
create unique index payment_methods_one_default on payment_methods (org_id, member_id) where is_default;
create index payment_methods_by_member on payment_methods (org_id, member_id);
call app.protect('payment_methods', 'select, insert, update');

-- One visit to the provider's hosted page. Persisted before the provider is asked, so that nothing it answers is lost.
create table card_sessions (
  org_id         uuid not null,
  id             uuid not null,
  member_id      uuid not null,
  gateway_id     uuid not null,
  state          text not null default 'creating',
  provider_ref   text,
  url            text,
  amount         bigint not null,
  payment_method_id uuid,
  last_code      text not null default '',
  created_at     timestamptz not null default now(),
  created_business timestamptz not null default app.business_now(),
  expires_at     timestamptz not null,
  next_poll_at   timestamptz,
  polls          int not null default 0,
  primary key (org_id, id),
  foreign key (org_id, member_id) references members (org_id, id),
  foreign key (org_id, gateway_id) references gateways (org_id, id),
  foreign key (org_id, payment_method_id) references payment_methods (org_id, id),
  constraint card_sessions_state check (state in ('creating', 'open', 'saved', 'expired')),
  constraint card_sessions_saved_has_method check ((state = 'saved') = (payment_method_id is not null)),
  constraint card_sessions_provider_ref_once unique (org_id, gateway_id, provider_ref)
);
create index card_sessions_to_poll on card_sessions (next_poll_at) where state = 'open' and next_poll_at is not null;
call app.protect('card_sessions', 'select, insert, update');
create policy system_poll on card_sessions for select to fitkit_system using (state = 'open');
grant select on card_sessions to fitkit_system;

create table billing_periods (
  org_id        uuid not null,
  membership_id uuid not null,
  seq           int not null,
  period        daterange not null,
  primary key (org_id, membership_id, seq),
  foreign key (org_id, membership_id) references memberships (org_id, id),
  constraint billing_periods_no_overlap exclude using gist (org_id with =, membership_id with =, period with &&)
);
call app.protect('billing_periods', 'select, insert');
create policy system_plan on billing_periods to fitkit_system using (true) with check (true);
grant select, insert on billing_periods to fitkit_system;

create table charges (
  org_id        uuid not null,
  id            uuid not null,
  member_id     uuid not null,
  membership_id uuid,
  kind          text not null,
  period        daterange,
  amount        bigint not null,
  currency      text not null default 'ILS',
  description   text not null,
  installments  int not null default 1,
  state         text not null default 'due',
  due_at        timestamptz not null,
  paid_at       timestamptz,
  void_reason   text not null default '',
  created_by    text not null default app.actor(),
  created_at    timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, member_id) references members (org_id, id),
  foreign key (org_id, membership_id) references memberships (org_id, id),
  constraint charges_kind check (kind in ('period', 'one_off', 'fee', 'registration', 'cancellation_fee')),
  constraint charges_state check (state in ('due', 'in_flight', 'paid', 'failed', 'void', 'written_off')),
  constraint charges_amount check (amount > 0),
  constraint charges_currency check (currency = 'ILS'),
  constraint charges_installments check (installments between 1 and 36),
  constraint charges_period_needs_membership check (kind <> 'period' or (membership_id is not null and period is not null)),
  constraint charges_paid_has_time check ((state = 'paid') = (paid_at is not null))
);
create unique index charges_period_once on charges (org_id, membership_id, kind, lower(period)) where state <> 'void' and period is not null;
create unique index charges_cancellation_fee_once on charges (org_id, membership_id) where kind = 'cancellation_fee' and state <> 'void';
create index charges_by_member on charges (org_id, member_id, due_at desc, id desc);
create index charges_recent on charges (org_id, due_at desc, id desc);
create index charges_open on charges (org_id, due_at) where state in ('due', 'in_flight', 'failed');
create index charges_due on charges (due_at) where state = 'due';
call app.protect('charges', 'select, insert, update');
create policy system_plan on charges to fitkit_system using (true) with check (state = 'due');
grant select, insert on charges to fitkit_system;

-- R26(a): nothing is charged for a period that begins on or after the day a cancellation takes effect; both directions.
-- A new charge locks its membership before it looks, so a cancellation at the same time waits and then finds the charge.
-- +goose StatementBegin
create function app.no_charge_after_cancellation() returns trigger language plpgsql as $$
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
create function app.no_cancellation_before_charge() returns trigger language plpgsql as $$
begin
  if new.cancel_effective_on is not null and exists (select from charges c where c.org_id = new.org_id and c.membership_id = new.id
      and c.kind = 'period' and c.state <> 'void' and lower(c.period) >= new.cancel_effective_on) then
    raise exception 'charges of later periods must be void first' using errcode = '23514', constraint = 'charges_not_after_cancellation';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger charges_not_after_cancellation before insert or update of period on charges for each row execute function app.no_charge_after_cancellation();
-- Recording money that has moved is never refused, so the way into flight is guarded and the way out of it is not.
create trigger charges_not_collected_after_cancellation before update of state on charges for each row
  when (new.state = 'in_flight') execute function app.no_charge_after_cancellation();
create trigger memberships_not_before_charge after update of cancel_effective_on on memberships for each row execute function app.no_cancellation_before_charge();

-- A paid or void charge stays so; nothing in flight is voided.
-- +goose StatementBegin
create function app.charge_transition() returns trigger language plpgsql as $$
begin
  if new.state <> old.state and not (old.state, new.state) in (
    ('due', 'in_flight'), ('due', 'void'), ('due', 'failed'), ('due', 'written_off'), ('in_flight', 'due'), ('in_flight', 'paid'),
    ('in_flight', 'failed'), ('failed', 'in_flight'), ('failed', 'due'), ('failed', 'void'), ('failed', 'written_off')) then
    raise exception 'charge cannot go from % to %', old.state, new.state using errcode = '23514', constraint = 'charges_transition';
  end if;
  if new.amount <> old.amount then
    raise exception 'the amount of a charge does not change' using errcode = '23514', constraint = 'charges_amount_fixed';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger charges_transition before update on charges for each row execute function app.charge_transition();

-- Every money action has its row before the provider hears of it (docs/ARCHITECTURE.md, "Money").
create table payment_attempts (
  org_id            uuid not null,
  id                uuid not null,
  charge_id         uuid not null,
  n                 int not null,
  gateway_id        uuid not null,
  payment_method_id uuid not null,
  amount            bigint not null,
  installments      int not null default 1,
  provider_key      text not null,
  state             text not null default 'claimed',
  decline_class     text,
  code              text not null default '',
  provider_txn      text,
  lease_until       timestamptz not null,
  claimed_at        timestamptz not null default now(),
  business_at       timestamptz not null,
  sent_at           timestamptz,
  unknown_at        timestamptz,
  settled_at        timestamptz,
  next_lookup_at    timestamptz,
  lookups           int not null default 0,
  primary key (org_id, id),
  foreign key (org_id, charge_id) references charges (org_id, id),
  foreign key (org_id, gateway_id) references gateways (org_id, id),
  foreign key (org_id, payment_method_id) references payment_methods (org_id, id),
  constraint payment_attempts_state check (state in ('claimed', 'sent', 'unknown', 'approved', 'declined', 'failed')),
  constraint payment_attempts_amount check (amount > 0),
  constraint payment_attempts_provider_key_once unique (org_id, gateway_id, provider_key),
  constraint payment_attempts_number_once unique (org_id, charge_id, n),
  constraint payment_attempts_sent_once check (sent_at is not null or state in ('claimed', 'unknown', 'failed')),
  constraint payment_attempts_settled check ((state in ('approved', 'declined', 'failed')) = (settled_at is not null)),
  constraint payment_attempts_approved_has_txn check (state <> 'approved' or provider_txn is not null)
);
-- The heart of exactly-once (R46): a charge has at most one attempt that is under way, unanswered or approved.
create unique index payment_attempts_one_live on payment_attempts (org_id, charge_id) where state in ('claimed', 'sent', 'unknown', 'approved');
create unique index payment_attempts_txn_once on payment_attempts (org_id, gateway_id, provider_txn) where state = 'approved';
create index payment_attempts_leases on payment_attempts (lease_until) where state in ('claimed', 'sent');
create index payment_attempts_lookups on payment_attempts (next_lookup_at) where state = 'unknown' and next_lookup_at is not null;
create index payment_attempts_by_card on payment_attempts (org_id, payment_method_id, business_at);
create index payment_attempts_by_day on payment_attempts (org_id, business_at);
call app.protect('payment_attempts', 'select, insert, update');
create policy system_sweep on payment_attempts for select to fitkit_system using (state in ('claimed', 'sent', 'unknown'));
grant select on payment_attempts to fitkit_system;

-- An answer is final: no settled attempt changes, and the states only go forward.
-- +goose StatementBegin
create function app.attempt_transition() returns trigger language plpgsql as $$
begin
  if new.state <> old.state and not (old.state, new.state) in (
    ('claimed', 'sent'), ('claimed', 'unknown'), ('claimed', 'failed'), ('sent', 'approved'), ('sent', 'declined'), ('sent', 'failed'),
    ('sent', 'unknown'), ('unknown', 'approved'), ('unknown', 'declined'), ('unknown', 'failed')) then
    raise exception 'attempt cannot go from % to %', old.state, new.state using errcode = '23514', constraint = 'payment_attempts_transition';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger payment_attempts_transition before update of state on payment_attempts for each row execute function app.attempt_transition();

create table payments (
  org_id       uuid not null,
  id           uuid not null,
  member_id    uuid not null,
  attempt_id   uuid,
  method       text not null,
  amount       bigint not null,
  provider_txn text,
  received_at  timestamptz not null,
  created_at   timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, member_id) references members (org_id, id),
  foreign key (org_id, attempt_id) references payment_attempts (org_id, id),
  constraint payments_attempt_once unique (org_id, attempt_id),
  constraint payments_method check (method in ('card', 'cash', 'cheque', 'transfer', 'bit')),
  constraint payments_card_has_attempt check (method <> 'card' or attempt_id is not null),
  constraint payments_amount check (amount > 0)
);
create index payments_by_time on payments (org_id, received_at);
call app.protect('payments', 'select, insert');

create table allocations (
  org_id     uuid not null,
  payment_id uuid not null,
  charge_id  uuid not null,
  amount     bigint not null,
  primary key (org_id, payment_id, charge_id),
  foreign key (org_id, payment_id) references payments (org_id, id),
  foreign key (org_id, charge_id) references charges (org_id, id),
  constraint allocations_amount check (amount > 0)
);
create index allocations_by_charge on allocations (org_id, charge_id);
call app.protect('allocations', 'select, insert');

-- A charge is paid exactly when payments of its amount are allocated to it.
-- +goose StatementBegin
create function app.paid_is_allocated() returns trigger language plpgsql as $$
begin
  if new.state = 'paid' and new.amount <> (select coalesce(sum(a.amount), 0) from allocations a where a.org_id = new.org_id and a.charge_id = new.id) then
    raise exception 'paid means allocated in full' using errcode = '23514', constraint = 'charges_paid_is_allocated';
  end if;
  return null;
end $$;
create function app.allocation_within_payment() returns trigger language plpgsql as $$
begin
  if (select sum(a.amount) from allocations a where a.org_id = new.org_id and a.payment_id = new.payment_id)
      > (select p.amount from payments p where p.org_id = new.org_id and p.id = new.payment_id) then
    raise exception 'a payment cannot cover more than its amount' using errcode = '23514', constraint = 'allocations_within_payment';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger charges_paid_is_allocated after update of state on charges deferrable initially deferred for each row
  when (new.state = 'paid') execute function app.paid_is_allocated();
create constraint trigger allocations_within_payment after insert on allocations deferrable initially deferred for each row execute function app.allocation_within_payment();

-- VAT by date; a rate is law, so it is data (docs: VAT Law 5735-1975, rate 18 % since 2025-01-01).
create table vat_rates (
  effective daterange not null,
  rate_bp   int not null,
  constraint vat_rates_no_overlap exclude using gist (effective with &&)
);
grant select on vat_rates to fitkit_app, fitkit_system;
insert into vat_rates (effective, rate_bp) values ('[2015-10-01,2025-01-01)', 1700), ('[2025-01-01,)', 1800);

-- The ledger records money that moved; lines of an entry sum to zero; nothing is ever changed or deleted.
create table ledger_entries (
  org_id     uuid not null,
  id         uuid not null default app.uuidv7(),
  kind       text not null,
  payment_id uuid,
  at         timestamptz not null,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, payment_id) references payments (org_id, id),
  constraint ledger_entries_kind check (kind in ('payment', 'refund', 'correction'))
);
create unique index ledger_entries_payment_once on ledger_entries (org_id, payment_id) where kind = 'payment';
call app.protect('ledger_entries', 'select, insert');

create table ledger_lines (
  org_id   uuid not null,
  entry_id uuid not null,
  account  text not null,
  amount   bigint not null,
  primary key (org_id, entry_id, account),
  foreign key (org_id, entry_id) references ledger_entries (org_id, id),
  constraint ledger_lines_account check (account in ('clearing_card', 'cash', 'sales', 'vat_output'))
);
comment on column ledger_lines.amount is 'agorot; debit positive, credit negative';
call app.protect('ledger_lines', 'select, insert');
-- +goose StatementBegin
create function app.ledger_balances() returns trigger language plpgsql as $$
begin
  if (select sum(l.amount) from ledger_lines l where l.org_id = new.org_id and l.entry_id = new.entry_id) <> 0 then
    raise exception 'ledger lines must sum to zero' using errcode = '23514', constraint = 'ledger_lines_balance';
  end if;
  return null;
end $$;
-- +goose StatementEnd
create constraint trigger ledger_lines_balance after insert on ledger_lines deferrable initially deferred for each row execute function app.ledger_balances();

create table dunning_cases (
  org_id     uuid not null,
  id         uuid not null,
  charge_id  uuid not null,
  member_id  uuid not null,
  state      text not null default 'open',
  rung       int not null default 0,
  transient_tries int not null default 0,
  next_at    timestamptz,
  reason     text not null default '',
  opened_at  timestamptz not null,
  closed_at  timestamptz,
  primary key (org_id, id),
  foreign key (org_id, charge_id) references charges (org_id, id),
  foreign key (org_id, member_id) references members (org_id, id),
  constraint dunning_cases_state check (state in ('open', 'waiting_method', 'won', 'lost')),
  constraint dunning_cases_rung check (rung between 0 and 5),
  constraint dunning_cases_closed check ((state in ('won', 'lost')) = (closed_at is not null))
);
create unique index dunning_cases_one_open on dunning_cases (org_id, charge_id) where state in ('open', 'waiting_method');
create index dunning_cases_due on dunning_cases (next_at) where state in ('open', 'waiting_method') and next_at is not null;
create index dunning_cases_by_member on dunning_cases (org_id, member_id);
call app.protect('dunning_cases', 'select, insert, update');
create policy system_due on dunning_cases for select to fitkit_system using (state in ('open', 'waiting_method'));
grant select on dunning_cases to fitkit_system;

create table dunning_steps (
  org_id  uuid not null,
  case_id uuid not null,
  rung    int not null,
  at      timestamptz not null,
  action  text not null,
  message text not null default '',
  primary key (org_id, case_id, rung),
  foreign key (org_id, case_id) references dunning_cases (org_id, id)
);
call app.protect('dunning_steps', 'select, insert');

-- What a machine must not decide: a human's open questions about money.
create table money_cases (
  org_id     uuid not null references orgs,
  id         uuid not null default app.uuidv7(),
  kind       text not null,
  attempt_id uuid,
  detail     text not null,
  state      text not null default 'open',
  opened_at  timestamptz not null default now(),
  closed_at  timestamptz,
  primary key (org_id, id),
  foreign key (org_id, attempt_id) references payment_attempts (org_id, id),
  constraint money_cases_kind check (kind in ('unknown_attempt', 'amount_mismatch', 'partial_approval', 'unmapped_code', 'provider_duplicate')),
  constraint money_cases_state check (state in ('open', 'closed'))
);
create unique index money_cases_once on money_cases (org_id, kind, attempt_id) where state = 'open';
call app.protect('money_cases', 'select, insert, update');

-- Result codes by gateway and terminal type (contract of the Israeli switch, Shva); data, not code (R43).
create table result_codes (
  provider text not null,
  terminal_type text not null,
  code     text not null,
  class    text not null,
  meaning  text not null,
  primary key (provider, terminal_type, code),
  constraint result_codes_class check (class in ('approved', 'hard_decline', 'soft_decline', 'payer_action', 'terms_not_allowed', 'config_error',
    'duplicate', 'transient', 'unknown', 'invalid_request'))
);
grant select on result_codes to fitkit_app, fitkit_system;

-- +goose Down
drop table result_codes, money_cases, dunning_steps, dunning_cases, ledger_lines, ledger_entries, vat_rates, allocations, payments,
  payment_attempts, charges, billing_periods, card_sessions, payment_methods, gateways cascade;
