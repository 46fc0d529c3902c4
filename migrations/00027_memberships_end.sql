-- +goose NO TRANSACTION
-- +goose Up
-- app.membership_ends is the first day on which a membership is over (domain rules, "Membership types"): its term, its validity or
-- its notice has run out, or the entries that a pack, a trial or a drop-in consists of are used up. Null: it goes on until somebody
-- gives notice. The entries of other types are a month's, and end nothing.
create or replace function app.membership_ends(type text, entries_left int, start_on date, term_end date, expires_on date, cancel_effective_on date)
  returns date language sql immutable parallel safe
  return least(term_end, expires_on, cancel_effective_on, case when type in ('pack', 'trial', 'drop_in') and entries_left = 0 then start_on end);
-- The schedule that ends memberships looks for those whose day has come. A frozen one waits: its freeze moves its end (R13).
create index concurrently memberships_ends on memberships
  (org_id, app.membership_ends(type, entries_left, start_on, term_end, expires_on, cancel_effective_on))
  where state in ('pending_payment', 'active', 'cancel_pending')
    and app.membership_ends(type, entries_left, start_on, term_end, expires_on, cancel_effective_on) is not null;
-- A month's charge is named after its plan, which the planner reads.
create policy system_plan on plans for select to fitkit_system using (true);
grant select (org_id, id, name) on plans to fitkit_system;
create policy system_plan on plan_versions for select to fitkit_system using (true);
grant select (org_id, id, plan_id) on plan_versions to fitkit_system;

-- +goose Down
revoke select (org_id, id, plan_id) on plan_versions from fitkit_system;
drop policy system_plan on plan_versions;
revoke select (org_id, id, name) on plans from fitkit_system;
drop policy system_plan on plans;
drop index concurrently memberships_ends;
drop function app.membership_ends;
