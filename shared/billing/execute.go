package billing

import (
	"context"
	"errors"
	"time"

	"fitkit/shared/crash"
	"fitkit/shared/fail"
	"fitkit/shared/obs"
	"fitkit/shared/payment"
	"fitkit/shared/seal"
	"fitkit/shared/tenancy"
)

// Execute collects a charge once: claim and commit → provider → record and commit. A message seen twice finds the charge
// in flight or settled and ends quietly. A crash anywhere leaves an attempt whose lease runs out; the sweep makes it
// unknown, and unknown is asked about, never repeated.
func (s *Collector) Execute(ctx context.Context, c tenancy.Caller, m ExecuteCharge) error {
	cl, reason, err := s.claim(ctx, c, m)
	if err != nil {
		return fail.Wrap(err, "claim charge %s", m.ChargeID)
	}
	if reason != claimed {
		obs.Add(ctx, "not_claimed", string(reason))
		return s.unclaimed(ctx, c, m, reason)
	}
	crash.At("attempt committed")
	req, creds, err := s.request(cl)
	if err != nil {
		return s.abandon(ctx, c, cl, err)
	}
	crash.At("secrets open")
	if age := cl.age(); age >= leaseMargin {
		return s.tooLate(ctx, c, cl, age)
	}
	crash.At("before the call")
	outcome := s.provider.Charge(ctx, creds, req)
	obs.Add(ctx, "outcome", outcome.Code)
	crash.At("before result commit")
	err = s.record(ctx, c, cl.Attempt, outcome)
	crash.At("after result commit")
	return fail.Wrap(err, "record attempt %s", cl.Attempt)
}

// request opens what is sealed, at the last moment before it is sent.
func (s *Collector) request(cl claim) (payment.ChargeRequest, payment.Credentials, error) {
	creds, err := cl.Gateway.credentials(s.ring)
	if err != nil {
		return payment.ChargeRequest{}, creds, err
	}
	token, err := s.ring.Open(cl.TokenCT, seal.CardToken.At(cl.Gateway.Org, cl.Method))
	if err != nil {
		err = errors.Join(errTokenUnreadable, err)
	}
	return payment.ChargeRequest{Key: providerKey(cl.Attempt), Amount: cl.Amount, Installments: cl.Installments, Token: secretOf(token),
		ExpMonth: cl.ExpMonth, ExpYear: cl.ExpYear, PayerName: cl.PayerName}, creds, err
}

// tooLate sends nothing: the call might outlive the lease. While this worker holds it, it says so, and the charge is tried again
// within minutes. After it, somebody may be asking about the attempt, and a worker that slept so long writes nothing.
func (s *Collector) tooLate(ctx context.Context, c tenancy.Caller, cl claim, age time.Duration) error {
	obs.Add(ctx, "outcome", "too_late_to_send")
	if age >= s.lease {
		return nil
	}
	return s.record(ctx, c, cl.Attempt, payment.Outcome{State: payment.Declined, Class: payment.Transient, Code: "not_sent"})
}

// unclaimed ends a job whose charge may not be tried now, leaving behind whatever brings it back.
func (s *Collector) unclaimed(ctx context.Context, c tenancy.Caller, m ExecuteCharge, reason why) error {
	switch reason {
	case cancelled:
		return s.voidCancelled(ctx, c, m.ChargeID)
	case noMethod:
		return s.waitForMethod(ctx, c, m.ChargeID, "no_payment_method")
	case cardExpired:
		return s.waitForMethod(ctx, c, m.ChargeID, "card_expired")
	case cardCooling:
		return s.postpone(ctx, c, m.ChargeID)
	}
	return nil // paused charges come back when the gateway is connected again
}

var errTokenUnreadable = errors.New("the card's token does not open")

// abandon gives up an attempt whose call never left because its secrets do not open: an operator's matter. A gateway's stop the
// studio; one card's stop this charge until there is another card.
func (s *Collector) abandon(ctx context.Context, c tenancy.Caller, cl claim, cause error) error {
	obs.Failed(ctx, cause)
	o := payment.Outcome{State: payment.Declined, Class: payment.ConfigError, Code: "secrets_unreadable"}
	if errors.Is(cause, errTokenUnreadable) {
		o.Class, o.Code = payment.InvalidRequest, "token_unreadable"
	}
	return s.record(ctx, c, cl.Attempt, o)
}
