-- +goose NO TRANSACTION
-- +goose Up
-- What is due at the same moment is planned studio by studio, so that ten charges of a batch are mostly one studio's and are
-- collected together (docs/decisions/029).
set lock_timeout = 0; -- it waits for every older transaction, and nobody waits for it
-- contract: only what a try that was given up left behind
drop index concurrently if exists memberships_due_by_studio;
create index concurrently memberships_due_by_studio on memberships (next_charge_at, org_id)
  where next_charge_at is not null and state in ('active', 'pending_payment', 'cancel_pending');
-- contract: whatever used the old index uses the new one, which begins alike
drop index concurrently if exists memberships_due;
reset lock_timeout;

-- +goose Down
create index concurrently memberships_due on memberships (next_charge_at)
  where next_charge_at is not null and state in ('active', 'pending_payment', 'cancel_pending');
drop index concurrently memberships_due_by_studio;
