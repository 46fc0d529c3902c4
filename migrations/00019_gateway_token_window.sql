-- +goose Up
-- The address that a provider posts a studio's notices to can be renewed: pages that are open have the former one, which is
-- taken for a while longer. Real time, as for all tokens.
alter table gateways
  add column former_hook_token text,
  add column former_hook_until timestamptz,
  add constraint gateways_former_hook_token_once unique (former_hook_token),
  add constraint gateways_former_hook_has_end check (num_nonnulls(former_hook_token, former_hook_until) in (0, 2)),
  add constraint gateways_former_hook_is_another check (former_hook_token <> hook_token);

-- +goose StatementBegin
create or replace function app.enter_hook(p_token text, p_actor text,
  out org_id uuid, out role text, out staff_id uuid, out member_id uuid, out business_now timestamptz, out tz text, out test_mode boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare o public.orgs;
begin
  select og.* into o from public.gateways g join public.orgs og on og.id = g.org_id
  where (g.hook_token = p_token or g.former_hook_token = p_token and g.former_hook_until > now()) and og.status <> 'deleted';
  if not found then raise exception 'no such hook' using errcode = 'FK404'; end if;
  org_id := o.id; role := 'system'; business_now := coalesce(o.test_now, now()); tz := o.tz; test_mode := o.test_mode;
  perform set_config('app.org_id', o.id::text, true), set_config('app.actor', p_actor, true), set_config('app.role', 'system', true);
end $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
create or replace function app.enter_hook(p_token text, p_actor text,
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
alter table gateways drop column former_hook_token, drop column former_hook_until;
