-- +goose Up
-- A month's charge stands on its payer's timeline from the moment it is planned, like every other charge.
create policy system_plan on member_events for insert to fitkit_system with check (kind = 'charge.created');
grant insert on member_events to fitkit_system;

-- +goose Down
revoke insert on member_events from fitkit_system;
drop policy system_plan on member_events;
