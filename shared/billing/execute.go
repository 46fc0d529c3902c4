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

// Execute collects charges of one studio, each once: claim and commit → provider → record and commit. They are claimed in one
// commit, sent side by side, and recorded as they are answered. A message seen twice finds the charge in flight or settled and ends
// quietly. A crash anywhere leaves attempts whose lease runs out; the sweep makes them unknown, and unknown is asked about, never
// repeated. What became of each is in its Err.
func (s *Collector) Execute(work []*DueCharge) {
	claims := s.claimEach(work)
	answers, asked := make(chan answer, len(claims)), 0
	for _, cl := range claims {
		if cl.reason == claimed {
			asked++
			go func() { answers <- s.send(cl) }()
		}
	}
	for _, cl := range claims {
		if cl.reason != claimed {
			obs.Add(cl.Ctx, "not_claimed", string(cl.reason))
			cl.Err = s.unclaimed(cl.Ctx, cl.Caller, cl.Message, cl.reason)
		}
	}
	for asked > 0 {
		got := arrived(answers)
		asked -= len(got)
		s.recordEach(got)
	}
}

// claimEach claims all together. When that fails it claims one by one, so that a charge that cannot be claimed, or whose job
// somebody else has, holds up no other.
func (s *Collector) claimEach(work []*DueCharge) (claims []claim) {
	all, err := s.claim(work)
	if err == nil {
		return all
	}
	if len(work) == 1 {
		work[0].Err = fail.Wrap(err, "claim charge %s", work[0].Message.ChargeID)
		return nil
	}
	for _, w := range work {
		claims = append(claims, s.claimEach([]*DueCharge{w})...)
	}
	return claims
}

// answer is what the provider said to an attempt.
type answer struct {
	claim
	payment.Outcome
	none bool // nothing is known, and nothing is written: the attempt's lease runs out
}

// arrived waits for an answer and takes with it those that are there already.
func arrived(answers <-chan answer) (got []answer) {
	for got = append(got, <-answers); len(answers) > 0; {
		got = append(got, <-answers)
	}
	return got
}

// send asks the provider for the money of one claim, or says why it may not be asked.
func (s *Collector) send(cl claim) (a answer) {
	a.claim = cl
	defer func() {
		if p := recover(); p != nil {
			a.none, cl.Err = true, obs.Panicked(cl.Ctx)
		}
	}()
	crash.At("attempt committed")
	req, creds, err := s.request(cl)
	if err != nil {
		a.Outcome = unreadable(cl.Ctx, err)
		return a
	}
	crash.At("secrets open")
	if age := cl.age(); age >= leaseMargin {
		return s.tooLate(a, age)
	}
	crash.At("before the call")
	a.Outcome = s.provider.Charge(cl.Ctx, creds, req)
	obs.Add(cl.Ctx, "outcome", a.Code)
	return a
}

// request opens what is sealed, at the last moment before it is sent.
func (s *Collector) request(cl claim) (payment.ChargeRequest, payment.Credentials, error) {
	creds, err := cl.gateway.credentials(s.ring)
	if err != nil {
		return payment.ChargeRequest{}, creds, err
	}
	token, err := s.ring.Open(cl.tokenCT, seal.CardToken.At(cl.gateway.Org, cl.method))
	if err != nil {
		err = errors.Join(errTokenUnreadable, err)
	}
	return payment.ChargeRequest{Key: providerKey(cl.attempt), Amount: cl.amount, Installments: cl.installments, Token: secretOf(token),
		ExpMonth: cl.expMonth, ExpYear: cl.expYear, PayerName: cl.payerName}, creds, err
}

// tooLate sends nothing: the call might outlive the lease. While this worker holds it, it says so, and the charge is tried again
// within minutes. After it, somebody may be asking about the attempt, and a worker that slept so long writes nothing.
func (s *Collector) tooLate(a answer, age time.Duration) answer {
	obs.Add(a.Ctx, "outcome", "too_late_to_send")
	a.none, a.Outcome = age >= s.lease, payment.Outcome{State: payment.Declined, Class: payment.Transient, Code: "not_sent"}
	return a
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

// unreadable gives up an attempt whose call never left because its secrets do not open: an operator's matter. A gateway's stop the
// studio; one card's stop this charge until there is another card.
func unreadable(ctx context.Context, cause error) payment.Outcome {
	obs.Failed(ctx, cause)
	if errors.Is(cause, errTokenUnreadable) {
		return payment.Outcome{State: payment.Declined, Class: payment.InvalidRequest, Code: "token_unreadable"}
	}
	return payment.Outcome{State: payment.Declined, Class: payment.ConfigError, Code: "secrets_unreadable"}
}
