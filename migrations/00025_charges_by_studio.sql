-- +goose NO TRANSACTION
-- +goose Up
-- What is due at the same moment is planned studio by studio, so that ten charges of a batch are mostly one studio's and are
-- collected together (docs/decisions/029).
create index concurrently memberships_due_by_studio on memberships (next_charge_at, org_id)
  where next_charge_at is not null and state in ('active', 'pending_payment', 'cancel_pending');
-- contract: whatever used the old index uses the new one, which begins alike
drop index concurrently memberships_due;

-- +goose Down
create index concurrently memberships_due on memberships (next_charge_at)
  where next_charge_at is not null and state in ('active', 'pending_payment', 'cancel_pending');
drop index concurrently memberships_due_by_studio;
