-- +goose Up
-- What a hosted page was opened for, so that the provider's notice goes on under the id that the request began with.
alter table card_sessions add column correlation text not null default '';
comment on column card_sessions.correlation is 'the correlation id of the request that opened the page; in logs only';

-- FitKit's own people see which questions about money are open, in whatever studio, and no word of what they are about.
create policy system_count on money_cases for select to fitkit_system using (state = 'open');
grant select (org_id, id, kind, attempt_id, state, opened_at) on money_cases to fitkit_system;

-- Dead jobs are few; the list of them is read across studios.
create index jobs_dead on jobs (queue, finished_at) where state = 'dead';

-- +goose Down
drop index jobs_dead;
revoke select on money_cases from fitkit_system;
drop policy system_count on money_cases;
alter table card_sessions drop column correlation;
