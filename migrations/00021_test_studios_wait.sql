-- +goose Up
-- A studio that becomes a test and its gateway that goes live at the same instant wait for each other: each would have seen the
-- other as it was before.
-- +goose StatementBegin
create or replace function app.gateway_mode() returns trigger language plpgsql as $$
begin
  if new.mode = 'live' then
    perform from orgs where id = new.org_id for share;
  end if;
  if new.mode = 'live' and exists (select from orgs where id = new.org_id and test_mode) then
    raise exception 'a test organisation cannot have a live gateway' using errcode = '23514', constraint = 'gateways_test_org_not_live';
  end if;
  return new;
end $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
create or replace function app.gateway_mode() returns trigger language plpgsql as $$
begin
  if new.mode = 'live' and exists (select from orgs where id = new.org_id and test_mode) then
    raise exception 'a test organisation cannot have a live gateway' using errcode = '23514', constraint = 'gateways_test_org_not_live';
  end if;
  return new;
end $$;
-- +goose StatementEnd
