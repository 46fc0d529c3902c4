-- +goose NO TRANSACTION
-- +goose Up
-- What the issuer says to one charge decides whether the card may be tried for the next (R46), whichever workers have them: a card has
-- at most one attempt under way. A second claim waits for the first to commit, and then leaves the card alone. What is unknown is not
-- under way any more: it may stay so for a day.
set lock_timeout = 0; -- it waits for every older transaction, and nobody waits for it
-- contract: only what a try that was given up left behind
drop index concurrently if exists payment_attempts_one_of_card;
-- contract: the claim of a worker of the release before fails while its card is tried, and its queue brings the charge again
create unique index concurrently payment_attempts_one_of_card on payment_attempts (org_id, payment_method_id) where state in ('claimed', 'sent');
reset lock_timeout;

-- +goose Down
drop index concurrently payment_attempts_one_of_card;
