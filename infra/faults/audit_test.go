package faults

import (
	"fmt"
	"testing"

	"fitkit/shared/money"
	"fitkit/shared/postgres/postgrestest"
)

// audit proves that every charge of the studio was taken once: the provider's ledger and ours hold the same
// transactions with the same keys and amounts, our books sum to them, and nothing is open.
func (r *rig) audit(t testing.TB) {
	t.Helper()
	theirs := r.sandbox.ledger(t)
	ours := r.approved(t)
	for _, x := range theirs.Transactions {
		txn := fmt.Sprint(x.ID)
		if o, ok := ours[txn]; !ok || o.key != x.Key || o.amount != x.Amount {
			t.Errorf("the provider took %s (%s, %s), we have %v", x.Amount, txn, x.Key, o)
		}
		delete(ours, txn)
	}
	for txn, o := range ours {
		t.Errorf("we booked %s (%s, %s), which the provider did not take", o.amount, txn, o.key)
	}
	for what, sql := range map[string]string{
		"charges that were taken twice": `select count(*) from (select charge_id from payment_attempts where state = 'approved' group by 1 having count(*) > 1) x`,
		"charges that were not taken": `select count(*) from charges c where c.state <> 'paid'
			or not exists (select from payment_attempts a where a.charge_id = c.id and a.state = 'approved')`,
		"attempts that are unknown or under way": `select count(*) from payment_attempts where state in ('claimed', 'sent', 'unknown')`,
		"jobs that are open or dead":             `select count(*) from jobs where state <> 'done'`,
		"human questions":                        `select count(*) from money_cases where state = 'open'`,
	} {
		if n := postgrestest.Get[int](t, r.Database, sql); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	owed := r.sum(t, `select coalesce(sum(amount), 0)::bigint from charges`)
	if theirs.Totals.MostByKey > 1 || theirs.Totals.Sum != owed {
		t.Errorf("the provider took %s for %s that were owed; %d times at most under one key", theirs.Totals.Sum, owed, theirs.Totals.MostByKey)
	}
	for what, sql := range map[string]string{
		"payments":    `select coalesce(sum(amount), 0)::bigint from payments`,
		"allocations": `select coalesce(sum(amount), 0)::bigint from allocations`,
		"the ledger":  `select coalesce(sum(amount), 0)::bigint from ledger_lines where account = 'clearing_card'`,
	} {
		if got := r.sum(t, sql); got != owed {
			t.Errorf("%s sum to %s, owed were %s", what, got, owed)
		}
	}
}

func (r *rig) sum(t testing.TB, sql string) money.Agorot {
	t.Helper()
	return money.Agorot(postgrestest.Get[int64](t, r.Database, sql))
}

type booked struct {
	key    string
	amount money.Agorot
}

// approved is our attempts that took money, by the provider's transaction.
func (r *rig) approved(t testing.TB) map[string]booked {
	t.Helper()
	type row struct {
		Txn, Key string
		Amount   int64
	}
	rows := postgrestest.Get[[]row](t, r.Database, `select coalesce(jsonb_agg(jsonb_build_object('txn', a.provider_txn, 'key', a.provider_key, 'amount', p.amount)), '[]')
		from payment_attempts a join payments p on p.attempt_id = a.id where a.state = 'approved'`)
	all := map[string]booked{}
	for _, x := range rows {
		all[x.Txn] = booked{x.Key, money.Agorot(x.Amount)}
	}
	return all
}
