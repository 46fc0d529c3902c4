package billing

import (
	"context"
	"errors"

	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/tenancy"
)

// The transactions of Execute one by one, for the tests that fail each of their statements.

// Claim takes the charge's next attempt; a refusal to is an error.
func (s *Collector) Claim(ctx context.Context, c tenancy.Caller, charge id.Charge) (id.Attempt, error) {
	cl, reason, err := s.claim(ctx, c, ExecuteCharge{ChargeID: charge})
	if err == nil && reason != claimed {
		err = errors.New(string(reason))
	}
	return cl.Attempt, err
}

// WaitForMethod is what follows a claim that found no card.
func (s *Collector) WaitForMethod(ctx context.Context, c tenancy.Caller, charge id.Charge) error {
	return s.waitForMethod(ctx, c, charge, "no_payment_method")
}

// Record writes down what the provider answered.
func (s *Collector) Record(ctx context.Context, c tenancy.Caller, a id.Attempt, o payment.Outcome) error {
	return s.record(ctx, c, a, o)
}
