package billing

import (
	"context"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/crash"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/tenancy"
)

// recordEach writes down answers: first the approvals, in one commit or one by one when that fails, then every other by itself.
func (s *Collector) recordEach(got []answer) {
	crash.At("before result commit")
	var paid, other []answer
	for _, a := range got {
		switch {
		case a.none:
		case a.State == payment.Paid:
			paid = append(paid, a)
		default:
			other = append(other, a)
		}
	}
	s.approveEach(paid)
	for _, a := range other {
		a.alone(func() error {
			return fail.Wrap(s.record(a.Ctx, a.Caller, a.attempt, a.Outcome), "record attempt %s", a.attempt)
		})
	}
	crash.At("after result commit")
}

func (s *Collector) approveEach(paid []answer) {
	if len(paid) == 0 {
		return
	}
	list := make([]approval, len(paid))
	for i, a := range paid {
		list[i] = approval{a.Ctx, a.attempt, a.Outcome}
	}
	err := s.approve(paid[0].Caller, list)
	if len(paid) == 1 {
		paid[0].Err = fail.Wrap(err, "record attempt %s", paid[0].attempt)
		return
	}
	if err != nil {
		for i := range paid {
			s.approveEach(paid[i : i+1])
		}
	}
}

// approval is an attempt whose money the provider has taken.
type approval struct {
	ctx     context.Context
	attempt id.Attempt
	payment.Outcome
}

// approve settles attempts of one studio and ends their jobs, in one commit: all or none.
func (s *Collector) approve(c tenancy.Caller, list []approval) error {
	b, first := &postgres.Batch{}, false
	attempts := queueApprovals(b, list)
	b.Queue(sqlIsFirst, attempts).QueryRow(func(row pgx.Row) error { return row.Scan(&first) })
	working := make([]context.Context, len(list))
	for i, a := range list {
		working[i] = a.ctx
	}
	queue.DoneBatch(&b.Batch, working...)
	e, err := s.db.WriteInOrg(working[0], c, b)
	if err == nil && first && !e.TestMode {
		obs.Capture(working[0], obs.Product{Event: "first_charge_approved", ID: attempts[0], Org: e.Org.String()})
	}
	return err
}

// sqlIsFirst says whether the studio was never paid before these attempts: it is now a customer who earns by FitKit.
const sqlIsFirst = `
select coalesce(bool_and(attempt_id = any($1::uuid[])), false)
from (select attempt_id from payments where org_id = app.org() limit cardinality($1::uuid[]) + 1) p`

// sqlFoundTooLate runs after sqlApprove, and sees what that left: money of an attempt that has another outcome, or another
// transaction, is nobody's in the books. A person decides whether it goes back.
const sqlFoundTooLate = `
insert into money_cases (org_id, kind, attempt_id, detail)
select app.org(), 'provider_duplicate', a.id, 'the provider took ' || w.amount || ' as ' || w.provider_txn || ', and the attempt is ' || a.state
from unnest($1::uuid[], $2::text[], $3::text[]) as w (attempt_id, provider_txn, amount)
join payment_attempts a on a.org_id = app.org() and a.id = w.attempt_id
where a.state in ('declined', 'failed') or a.state = 'approved' and a.provider_txn <> w.provider_txn
on conflict (org_id, kind, attempt_id) where state = 'open' do nothing`

func queueApprovals(b *postgres.Batch, list []approval) (attempts []string) {
	var txns, codes, texts []string
	var amounts []int64
	for _, a := range list {
		attempts, txns, codes = append(attempts, a.attempt.String()), append(txns, a.ProviderTxn), append(codes, a.Code)
		amounts, texts = append(amounts, int64(a.Amount)), append(texts, a.Amount.String())
	}
	b.Queue(sqlApprove, attempts, txns, codes, amounts)
	b.Queue(sqlFoundTooLate, attempts, txns, texts)
	return attempts
}
