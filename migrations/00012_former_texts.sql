-- +goose Up
-- 00001, 00002 and 00004 were edited while there were databases already. A database has these things if it was made from the
-- newer texts, and lacks them if it was made from the older ones; from here on all are alike, and what has been applied is
-- never edited (SHA256SUMS).
-- +goose StatementBegin
do $$
begin
  if current_setting('server_version_num')::int >= 180000 then
    create or replace function app.uuidv7() returns uuid language sql volatile parallel safe return uuidv7();
  end if;
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create or replace function app.take_job(p_job uuid, p_lease interval) returns jsonb language plpgsql as $$
declare taken jsonb;
begin
  update jobs set lease_until = now() + p_lease, attempts = attempts + 1, sent_at = coalesce(sent_at, now())
    where id = p_job and state = 'ready' and (lease_until is null or lease_until < now())
    returning payload into taken;
  if found then return taken; end if;
  if exists (select from jobs where id = p_job and state <> 'ready') then
    raise exception 'the job has ended' using errcode = 'FK410';
  end if;
  raise exception 'the job is held by another worker' using errcode = 'FK409';
end $$;
-- +goose StatementEnd

create or replace trigger charges_not_after_cancellation before insert or update of period on charges
  for each row execute function app.no_charge_after_cancellation();
create or replace trigger charges_not_collected_after_cancellation before update of state on charges
  for each row when (new.state = 'in_flight') execute function app.no_charge_after_cancellation();

-- +goose Down
select 'what this made may have been there before';
