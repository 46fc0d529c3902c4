-- +goose Up
-- FitKit's own work may enter a studio that has been deleted: what was begun there, money under way before all, must be written
-- down. Whatever begins something asks for an active studio itself. People and webhooks still find no such studio.
-- +goose StatementBegin
create or replace function app.enter_org(p_org uuid, p_actor text,
  out org_id uuid, out role text, out staff_id uuid, out member_id uuid, out business_now timestamptz, out tz text, out test_mode boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare o public.orgs;
begin
  select * into o from public.orgs where id = p_org;
  if not found then raise exception 'no such organisation' using errcode = 'FK404'; end if;
  org_id := o.id; role := 'system'; business_now := coalesce(o.test_now, now()); tz := o.tz; test_mode := o.test_mode;
  perform set_config('app.org_id', o.id::text, true), set_config('app.actor', p_actor, true), set_config('app.role', 'system', true);
end $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
create or replace function app.enter_org(p_org uuid, p_actor text,
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
