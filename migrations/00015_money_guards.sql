-- +goose Up
-- The terminal that an attempt was sent to, that a card was saved at, that a page was opened on. A gateway's row keeps its id
-- when its studio connects another terminal, so the row alone cannot say who would know about what was done before.
alter table payment_attempts add column terminal text;
alter table payment_methods add column terminal text;
alter table card_sessions add column terminal text;

-- The owner of the tables is no superuser and their policies are forced on it too: without this it would see no row.
alter table gateways no force row level security;
alter table payment_attempts no force row level security;
alter table payment_methods no force row level security;
alter table card_sessions no force row level security;
update payment_attempts x set terminal = g.terminal from gateways g where g.org_id = x.org_id and g.id = x.gateway_id;
update payment_methods x set terminal = g.terminal from gateways g where g.org_id = x.org_id and g.id = x.gateway_id;
update card_sessions x set terminal = g.terminal from gateways g where g.org_id = x.org_id and g.id = x.gateway_id;
-- contract: this file lifted it above, for its own update
alter table gateways force row level security;
-- contract: this file lifted it above, for its own update
alter table payment_attempts force row level security;
-- contract: this file lifted it above, for its own update
alter table payment_methods force row level security;
-- contract: this file lifted it above, for its own update
alter table card_sessions force row level security;

-- The code before this migration names no terminal; the gateway's is the only one it knows.
-- +goose StatementBegin
create function app.keep_terminal() returns trigger language plpgsql as $$
begin
  if new.terminal is null then
    select g.terminal into new.terminal from gateways g where g.org_id = new.org_id and g.id = new.gateway_id;
  end if;
  return new;
end $$;

-- An attempt is for the terminal that is connected, and while one has no answer nobody connects another: only its own terminal
-- can say what became of it. The lock makes a connection at the same time wait for the claim, and the claim for the connection.
create function app.attempt_terminal() returns trigger language plpgsql as $$
declare connected text;
begin
  select g.terminal into connected from gateways g where g.org_id = new.org_id and g.id = new.gateway_id for share;
  new.terminal := coalesce(new.terminal, connected);
  if new.terminal <> connected then
    raise exception 'another terminal was connected' using errcode = '23514', constraint = 'payment_attempts_terminal_is_connected';
  end if;
  return new;
end $$;
create function app.gateway_terminal() returns trigger language plpgsql as $$
begin
  if exists (select from payment_attempts a where a.org_id = new.org_id and a.gateway_id = new.id and a.state in ('claimed', 'sent', 'unknown')) then
    raise exception 'an attempt of this terminal has no answer yet' using errcode = '23514', constraint = 'gateways_terminal_has_no_open_attempt';
  end if;
  return new;
end $$;
-- +goose StatementEnd
-- contract: it fills in what the release before leaves out
create trigger payment_methods_keep_terminal before insert on payment_methods for each row execute function app.keep_terminal();
-- contract: it fills in what the release before leaves out
create trigger card_sessions_keep_terminal before insert on card_sessions for each row execute function app.keep_terminal();
-- contract: it refuses only a charge at a terminal that is connected no more
create trigger payment_attempts_terminal before insert on payment_attempts for each row execute function app.attempt_terminal();
-- contract: it refuses only what would lose the answer to a charge
create trigger gateways_terminal before update of terminal on gateways for each row
  when (new.terminal <> old.terminal) execute function app.gateway_terminal();
-- contract: no stage holds data yet, so the index is made at once
create index payment_attempts_open on payment_attempts (org_id, gateway_id) where state in ('claimed', 'sent', 'unknown');

-- +goose Down
drop index payment_attempts_open;
drop trigger gateways_terminal on gateways;
drop trigger payment_attempts_terminal on payment_attempts;
drop trigger card_sessions_keep_terminal on card_sessions;
drop trigger payment_methods_keep_terminal on payment_methods;
drop function app.gateway_terminal, app.attempt_terminal, app.keep_terminal;
alter table card_sessions drop column terminal;
alter table payment_methods drop column terminal;
alter table payment_attempts drop column terminal;
