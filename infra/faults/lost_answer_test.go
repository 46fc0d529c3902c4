package faults

import (
	"fmt"
	"testing"
	"time"

	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/postgres/postgrestest"
)

// shape is a way to take money and lose the answer: by the card's script in the sandbox or by the line to it.
type shape struct{ name, card, toxic string }

// shapes are T2's, for answers of so many bytes. An answer after 60 s is no answer within the time limit.
func shapes(answer int) []shape {
	const approves = "4580000000000000"
	all := []shape{
		{"no answer before the time limit", "4580000000009020", ""},
		{"half the JSON, then a reset", "4580000000009030", ""},
		{"HTML with status 200", "4580000000009040", ""},
		{"504", "4580000000009050", ""},
		{"JSON without ResponseCode", "4580000000009060", ""},
		{"a reset instead of the answer", approves, toxic("reset_peer", 0)},
		{"silence instead of the answer", approves, toxic("timeout", 0)},
	}
	for _, cut := range []int{0, 1, answer / 2, answer - 1} {
		all = append(all, shape{fmt.Sprintf("the line is cut after %d bytes", cut), approves, toxic("limit_data", cut)})
	}
	for _, cut := range []int{1, answer / 2, answer - 1} {
		all = append(all, shape{fmt.Sprintf("silence after %d bytes", cut), approves, toxic("hang", cut)})
	}
	return all
}

// TestALostAnswerIsAskedForAndNeverSentAgain is T2 for Cardcom. Each shape takes the money of its charges and loses the
// answers. While nothing can be asked, for 8 days of business time, the charges are in flight, nothing is sent again
// and only look-ups are tried; when Cardcom answers again, one round of look-ups settles them all.
//
// It has been seen red with `failed` in place of unknown on a time-out.
func TestALostAnswerIsAskedForAndNeverSentAgain(t *testing.T) {
	t.Parallel()
	each := figure(20, 1000)
	var p *proxy
	r := newRig(t, options{chargeAt: func(sandbox string) string {
		p = newProxy(t, sandbox)
		return p.url()
	}})
	charging, asking := r.line(t, execute, dunning), r.line(t, resolve)
	charging.Start()
	all := shapes(r.measure(t, p, charging))
	next := money.Agorot(20_001)
	var charges []id.Charge
	for _, s := range all {
		charges = append(charges, r.lose(t, p, charging, s, each, &next)...)
	}
	p.spoil(t, "")
	lost := r.sandbox.ledger(t)
	if lost.Totals.Captured != len(charges)+1 {
		t.Fatalf("the sandbox took %d charges, want %d", lost.Totals.Captured, len(charges)+1)
	}

	r.sandbox.outage(t, "502")
	asking.Start()
	for _, after := range []time.Duration{0, 25 * time.Hour, 8 * 24 * time.Hour} {
		r.SetNow(t, billingtest.Start.Add(after))
		r.askAll(t, asking)
		r.settle(t, charging, asking)
		r.allBeingChecked(t, charges)
		if now := r.sandbox.ledger(t); now.Calls.Transactions != lost.Calls.Transactions {
			t.Fatalf("%d charges were sent again within %s", now.Calls.Transactions-lost.Calls.Transactions, after)
		}
	}

	r.sandbox.outage(t, "off")
	if tried := postgrestest.Get[int](t, r.Database, "select sum(lookups)::int from payment_attempts"); tried != 3*len(charges) {
		t.Errorf("%d look-ups in vain for %d charges, want three each", tried, len(charges))
	}
	r.SetNow(t, billingtest.Start.Add(9*24*time.Hour))
	r.askAll(t, asking)
	if asked := r.sandbox.ledger(t).Calls.Lookups - lost.Calls.Lookups; asked != len(charges) {
		t.Errorf("%d look-ups settled %d charges", asked, len(charges))
	}
	r.audit(t)
	if now := r.sandbox.ledger(t); now.Calls.Transactions != lost.Calls.Transactions || now.Calls.Replays != 0 {
		t.Errorf("charges were sent again: %+v", now.Calls)
	}
}

// measure lets one charge through and says how long its answer was.
func (r *rig) measure(t testing.TB, p *proxy, charging line) int {
	t.Helper()
	p.spoil(t, toxic("meter", 0))
	r.charge(t, r.sandbox.saveCard(t, "4580000000000000"), 10_001)
	r.run(t, relay)
	r.settle(t, charging)
	return int(metered.Load())
}

// lose takes the charges of a shape and sees that each is being checked.
func (r *rig) lose(t testing.TB, p *proxy, charging line, s shape, each int, next *money.Agorot) (charges []id.Charge) {
	t.Helper()
	p.spoil(t, s.toxic)
	card := r.sandbox.saveCard(t, s.card)
	taken := r.sandbox.ledger(t).Totals.Captured
	for range each {
		charges = append(charges, r.charge(t, card, *next))
		*next += 10 // the same number of digits, none of them a zero at the end
	}
	r.run(t, relay)
	r.settle(t, charging)
	if n := r.sandbox.ledger(t).Totals.Captured - taken; n != each {
		t.Errorf("%s: the sandbox took %d of %d charges", s.name, n, each)
	}
	r.allBeingChecked(t, charges)
	return charges
}

// allBeingChecked: neither paid nor failed nor due again, each with one attempt that is unknown.
func (r *rig) allBeingChecked(t testing.TB, charges []id.Charge) {
	t.Helper()
	ids := make([]string, len(charges))
	for i, c := range charges {
		ids[i] = c.String()
	}
	n := postgrestest.Get[int](t, r.Database, `select count(*) from charges c where c.id = any($1::uuid[]) and c.state = 'in_flight'
		and (select array_agg(a.state) from payment_attempts a where a.charge_id = c.id) = '{unknown}'`, ids)
	if n != len(charges) {
		t.Fatalf("%d of %d charges are being checked", n, len(charges))
	}
}

// askAll runs the sweep until every look-up that is due has been made.
func (r *rig) askAll(t testing.TB, asking line) {
	t.Helper()
	until(t, "no look-up is due", func() bool {
		r.run(t, sweep)
		r.settle(t, asking)
		return postgrestest.Get[bool](t, r.Database, `select not exists (select from payment_attempts a join orgs o on o.id = a.org_id
			where a.state = 'unknown' and a.next_lookup_at <= o.test_now)`)
	})
}
