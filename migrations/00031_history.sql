-- +goose Up
-- What is over is kept for 90 days and then removed (docs/decisions/033). That nothing younger goes, and no job that somebody has
-- to look at, is held here, whatever the statement says.
grant delete on jobs, cron_runs to fitkit_system;
-- contract: no release before deletes these rows
create policy system_expire on jobs as restrictive for delete to fitkit_system
  using (state not in ('ready', 'dead') and finished_at < now() - interval '90 days');
-- contract: no release before deletes these rows
create policy system_expire on cron_runs as restrictive for delete to fitkit_system using (started_at < now() - interval '90 days');
-- contract: no release before deletes these rows
create policy system_expire on inbox as restrictive for delete to fitkit_system using (received_at < now() - interval '90 days');
create policy system_delete on inbox for delete to fitkit_system using (true);
create policy system_see_expired on inbox for select to fitkit_system using (received_at < now() - interval '90 days');
grant delete on inbox to fitkit_system;

-- +goose Down
drop policy system_see_expired on inbox;
drop policy system_delete on inbox;
drop policy system_expire on inbox;
drop policy system_expire on cron_runs;
drop policy system_expire on jobs;
revoke delete on jobs, cron_runs, inbox from fitkit_system;
