package billing

import (
	"context"
	"errors"
	"sync"
	"time"

	"fitkit/shared/crash"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/payment"
	"fitkit/shared/run"
	"fitkit/shared/seal"
)

// Execute collects charges of one studio, each once: claim and commit → provider → record and commit. They are claimed in one
// commit, sent side by side, and recorded as they are answered. A message seen twice finds the charge in flight or settled and ends
// quietly. A crash anywhere leaves attempts whose lease runs out; the sweep makes them unknown, and unknown is asked about, never
// repeated. What became of each is in its Err.
func (s *Collector) Execute(work []*DueCharge) {
	var slowest time.Duration
	for len(work) > 0 {
		began := time.Now()
		later := s.round(work)
		slowest = max(slowest, time.Since(began))
		work = s.inTime(later, slowest)
	}
}

// inTime leaves charges that wait for their card to another job where the end of this invocation might cut another round off: its
// answers would be lost, and only looked up.
func (s *Collector) inTime(later []claim, slowest time.Duration) (work []*DueCharge) {
	for _, cl := range later {
		if run.Left(cl.Ctx) > 2*slowest {
			work = append(work, cl.DueCharge)
		} else {
			cl.alone(func() error { return s.tryAfter(cl) })
		}
	}
	return work
}

// round collects at most one charge of each card, and answers the others: what the issuer says to one decides about the next (R46).
func (s *Collector) round(work []*DueCharge) (later []claim) {
	var (
		answers = make(chan answer, len(work))
		asked   int
		rest    sync.WaitGroup
		ours    = map[id.PaymentMethod]bool{} // cards that this round asks about
	)
	s.claimEach(work, func(cl claim) {
		switch {
		case cl.reason == claimed:
			asked, ours[cl.method] = asked+1, true
			go func() { answers <- s.send(cl) }()
		case cl.reason == cardBusy && ours[cl.method]:
			later = append(later, cl)
		default:
			rest.Go(func() { cl.alone(func() error { return s.unclaimed(cl) }) })
		}
	})
	for asked > 0 {
		got := arrived(answers, asked)
		asked -= len(got)
		s.recordEach(got)
	}
	rest.Wait()
	return later
}

// claimEach claims all together. When that fails it claims one by one, so that a charge that cannot be claimed, or whose job
// somebody else has, holds up no other.
func (s *Collector) claimEach(work []*DueCharge, each func(claim)) {
	if len(work) > 1 {
		if all, err := s.claim(work); err == nil {
			for _, cl := range all {
				each(cl)
			}
			return
		}
	}
	for i, w := range work {
		one, err := s.claim(work[i : i+1])
		if err != nil {
			w.Err = fail.Wrap(err, "claim charge %s", w.Message.ChargeID)
			continue
		}
		each(one[0])
	}
}

// alone does something for one charge, and its failure is that charge's, even when it panics.
func (cl claim) alone(do func() error) {
	defer func() {
		if p := recover(); p != nil {
			cl.Err = obs.Panicked(cl.Ctx)
		}
	}()
	cl.Err = do()
}

// answer is what the provider said to an attempt.
type answer struct {
	claim
	payment.Outcome
	none bool // nothing is known, and nothing is written: the attempt's lease runs out
}

// gathering is how long an answer waits for others that are asked for, to be recorded with them.
const gathering = 50 * time.Millisecond

// arrived waits for an answer and takes with it those that come right after, of so many.
func arrived(answers <-chan answer, asked int) (got []answer) {
	got = append(got, <-answers)
	enough := time.After(gathering)
	for len(got) < asked {
		select {
		case a := <-answers:
			got = append(got, a)
		case <-enough:
			return got
		}
	}
	return got
}

// send asks the provider for the money of one claim, or says why it may not be asked.
func (s *Collector) send(cl claim) answer {
	a := answer{claim: cl, none: true}
	cl.alone(func() error {
		crash.At("attempt committed")
		req, creds, err := s.request(cl)
		if err != nil {
			a.none, a.Outcome = false, unreadable(cl.Ctx, err)
			return nil
		}
		crash.At("secrets open")
		if age := cl.age(); age >= leaseMargin {
			a.none, a.Outcome = s.tooLate(cl, age)
			return nil
		}
		crash.At("before the call")
		crash.Of("before the call", cl.Message.ChargeID)
		a.none, a.Outcome = false, s.provider.Charge(cl.Ctx, creds, req)
		crash.Of("answer understood", cl.Message.ChargeID)
		obs.Add(cl.Ctx, "outcome", a.Code)
		return nil
	})
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
func (s *Collector) tooLate(cl claim, age time.Duration) (none bool, o payment.Outcome) {
	obs.Add(cl.Ctx, "outcome", "too_late_to_send")
	return age >= s.lease, payment.Outcome{State: payment.Declined, Class: payment.Transient, Code: "not_sent"}
}

// unclaimed ends a job whose charge may not be tried now, leaving behind whatever brings it back.
func (s *Collector) unclaimed(cl claim) error {
	obs.Add(cl.Ctx, "not_claimed", string(cl.reason))
	charge := cl.Message.ChargeID
	switch cl.reason {
	case cancelled:
		return s.voidCancelled(cl.Ctx, cl.Caller, charge)
	case noMethod:
		return s.waitForMethod(cl.Ctx, cl.Caller, charge, "no_payment_method")
	case cardExpired:
		return s.waitForMethod(cl.Ctx, cl.Caller, charge, "card_expired")
	case cardCooling:
		return s.postpone(cl.Ctx, cl.Caller, charge)
	case cardBusy:
		return s.tryAfter(cl)
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
