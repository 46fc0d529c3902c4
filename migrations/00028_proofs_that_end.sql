-- +goose Up
-- A day's proof can always be brought to an end: a list that no night could read becomes a person's question, and days whose
-- charges moved no money ring no alarm.
comment on column day_proofs.figures is 'what the last try counted and summed, money in agorot; unread: nights in a row that could not read a list; moves_money: false when every terminal of the day''s attempts is a test terminal';
grant select (figures) on day_proofs to fitkit_system;
-- One more kind of a person's questions; what is allowed stays allowed.
-- +goose StatementBegin
do $$
declare allowed text := (select pg_get_expr(conbin, conrelid) from pg_constraint where conname = 'money_cases_kind' and conrelid = 'money_cases'::regclass);
begin
  alter table money_cases drop constraint money_cases_kind;
  execute format('alter table money_cases add constraint money_cases_kind check (%s or subject is not null and kind = ''list_unread'')', allowed);
end $$;
-- +goose StatementEnd

-- +goose Down
alter table money_cases no force row level security;
delete from money_cases where kind = 'list_unread';
alter table money_cases force row level security;
alter table money_cases drop constraint money_cases_kind;
alter table money_cases add constraint money_cases_kind check (kind in ('unknown_attempt', 'amount_mismatch', 'partial_approval', 'unmapped_code',
  'provider_duplicate', 'refund_due', 'charges_paused') or subject is not null and kind in ('not_in_books', 'amount_differs', 'currency_differs',
  'listed_twice', 'not_at_provider', 'terminal_replaced', 'charge_not_paid', 'payment_differs', 'allocation_differs', 'ledger_differs',
  'payment_without_approval', 'paid_without_payment', 'entry_without_payment')) not valid;
revoke select (figures) on day_proofs from fitkit_system;
comment on column day_proofs.figures is 'what the last try counted and summed, money in agorot';
