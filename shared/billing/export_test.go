package billing

import (
	"context"
	"errors"

	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/tenancy"
)

// AccessChunk is how many members one transaction settles.
const AccessChunk = accessChunk

// The transactions of Execute one by one, for the tests that fail each of their statements.

// Claim takes the charge's next attempt; a refusal to is an error.
func (s *Collector) Claim(ctx context.Context, c tenancy.Caller, charge id.Charge) (id.Attempt, error) {
	claims, err := s.claim([]*DueCharge{{Ctx: ctx, Caller: c, Message: ExecuteCharge{ChargeID: charge}}})
	if err != nil {
		return id.Attempt{}, err
	}
	if claims[0].reason != claimed {
		err = errors.New(string(claims[0].reason))
	}
	return claims[0].attempt, err
}

// WaitForMethod is what follows a claim that found no card.
func (s *Collector) WaitForMethod(ctx context.Context, c tenancy.Caller, charge id.Charge) error {
	return s.waitForMethod(ctx, c, charge, "no_payment_method")
}

// Approve writes down, in one commit, that the provider took what the attempts asked for.
func (s *Collector) Approve(ctx context.Context, c tenancy.Caller, attempts map[id.Attempt]payment.Outcome) error {
	var list []approval
	for a, o := range attempts {
		list = append(list, approval{ctx, a, o})
	}
	return s.approve(c, list)
}

// Record writes down what the provider answered.
func (s *Collector) Record(ctx context.Context, c tenancy.Caller, a id.Attempt, o payment.Outcome) error {
	return s.record(ctx, c, a, o)
}
