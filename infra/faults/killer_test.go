package faults

import (
	"slices"
	"testing"
	"time"

	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/postgres/postgrestest"
)

// TestAChargeThatKillsItsWorkerTakesNoOtherAlong is T8 for money, where ten messages are one unit of work: one charge of a batch of ten ends
// its process with kill -9, each time it is about to be sent or each time its answer is understood. The other nine are looked up, tried again if
// nothing had left, and taken once. The one is found by its look-up if it was sent; if it never is, its ladder ends, and the studio has
// it among its arrears. There is no dead job: a message that comes again finds the charge in flight.
//
// It has been seen red with attempts that never happened asked about for ever, where the nine stay with the one; with tries that count
// towards no rung, where the ladder of the one never ends; and with what the look-up found not believed, where money is taken twice.
func TestAChargeThatKillsItsWorkerTakesNoOtherAlong(t *testing.T) {
	t.Parallel()
	for when, taken := range map[string]bool{"before the call": false, "answer understood": true} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			killWith(t, when, taken)
		})
	}
}

// killWith collects ten charges of which one kills then; taken says whether the provider has its money by then.
func killWith(t *testing.T, when string, taken bool) {
	const ten = 10
	r := newRig(t, options{maxTimeout: 8 * time.Second, workers: 1})
	var charges []id.Charge
	for i := range ten {
		charges = append(charges, r.charge(t, r.sandbox.saveCard(t, cards[0].number), money.Agorot(10_000+i)))
	}
	killer := charges[ten/2]
	point := when + " of " + killer.String()
	r.crashes.order(t, execute, point)
	work := r.line(t, execute, resolve, dunning)
	r.run(t, relay)
	work.Start()
	r.settle(t, work)
	const tried = "select count(distinct charge_id) from payment_attempts"
	if n, died := postgrestest.Get[int](t, r.Database, tried), r.crashes.counted(t)[point]; n != ten || died != 1 {
		t.Fatalf("%d charges were claimed together, and %d workers died of one", n, died)
	}
	r.sweepUp(t, work)

	if died := r.crashes.counted(t); len(died) != 1 || taken != (died[point] == 1) {
		t.Errorf("died: %v", died)
	}
	type end struct {
		Charge  string
		State   string
		Taken   int
		Open    int
		Ladder  string
		Payment money.Agorot
	}
	ends := postgrestest.Get[[]end](t, r.Database, `select jsonb_agg(jsonb_build_object('charge', c.id, 'state', c.state,
		'taken', (select count(*) from payment_attempts a where a.charge_id = c.id and a.state = 'approved'),
		'open', (select count(*) from payment_attempts a where a.charge_id = c.id and a.state in ('claimed', 'sent', 'unknown')),
		'ladder', (select d.state from dunning_cases d where d.charge_id = c.id),
		'payment', (select coalesce(sum(amount), 0) from allocations l where l.charge_id = c.id))) from charges c`)
	theirs, owed := r.sandbox.ledger(t), money.Agorot(0)
	for _, e := range ends {
		at := slices.IndexFunc(charges, func(c id.Charge) bool { return c.String() == e.Charge })
		want := end{Charge: e.Charge, State: "paid", Taken: 1, Payment: money.Agorot(10_000 + at)}
		if e.Ladder == "won" { // its first call had not left yet
			want.Ladder = "won"
		}
		if e.Charge == killer.String() && !taken {
			want = end{Charge: e.Charge, State: "failed", Ladder: "lost"}
		}
		if owed += want.Payment; e != want {
			t.Errorf("charge %d ended as %+v, want %+v", at, e, want)
		}
	}
	if theirs.Totals.MostByKey != 1 || theirs.Totals.Sum != owed || len(ends) != ten {
		t.Errorf("the provider took %+v for %d charges, owed are %s", theirs.Totals, len(ends), owed)
	}
	if open := postgrestest.Get[int](t, r.Database, "select count(*) from jobs where state <> 'done'"); open != 0 {
		t.Errorf("%d jobs are open or dead", open)
	}
}
