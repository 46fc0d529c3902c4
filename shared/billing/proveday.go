package billing

import (
	"context"
	"encoding/json"

	"fitkit/shared/fail"
	"fitkit/shared/money"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/tenancy"
)

const (
	// maxKept and maxAsked bound what a day that went very wrong leaves behind: lines in its row, and a person's new cases of one
	// night. What is left out is found again the next night.
	maxKept  = 500
	maxAsked = 200
)

const (
	sqlHoldDay = `
select true from day_proofs where org_id = app.org() and day = $1 and state in ('waiting', 'differs') for update`
	// sqlOpenFindings: a finding is asked once while it is open, and never again after a person closed it; another sum is another
	// finding. A transaction that nobody owns may belong to an attempt that is still under way or being asked about; then it waits.
	sqlOpenFindings = `
insert into money_cases (org_id, kind, subject, day, detail)
select app.org(), f.kind, f.subject, $1, f.detail
from unnest($2::text[], $3::text[], $4::text[]) with ordinality f (kind, subject, detail, n)
where not exists (select from money_cases k where k.org_id = app.org() and k.kind = f.kind and k.subject = f.subject
    and (k.state = 'open' or k.detail = f.detail and not k.gone))
  and (f.kind <> 'not_in_books' or not exists (select from payment_attempts a where a.org_id = app.org()
    and (a.state in ('claimed', 'sent') or a.state = 'unknown' and a.next_lookup_at is not null or a.state = 'approved' and a.provider_txn = f.subject)))
order by f.n limit $5
on conflict (org_id, kind, subject) where state = 'open' and subject is not null do nothing`
	sqlCloseGone = `
update money_cases k set state = 'closed', closed_at = now(), gone = true
where k.org_id = app.org() and k.day = $1 and k.state = 'open'
  and not exists (select from unnest($2::text[], $3::text[]) f (kind, subject) where f.kind = k.kind and f.subject = k.subject)`
	// sqlKeepProof: a day is explained when a person has closed the case of everything that was found.
	sqlKeepProof = `
update day_proofs p set tries = tries + 1, tried_at = now(), figures = $2, differences = $3, state = case when $4 then 'waiting'
  when exists (select from unnest($5::text[], $6::text[], $7::text[]) f (kind, subject, detail) where not exists (select from money_cases k
    where k.org_id = p.org_id and k.kind = f.kind and k.subject = f.subject and k.detail = f.detail and k.state = 'closed' and not k.gone)) then 'differs'
  when cardinality($5) > 0 then 'explained' else 'proven' end
where p.org_id = app.org() and p.day = $1`
)

// ProveDay proves a finished day and keeps what came of it. What differs is a person's question, asked once; what has no answer yet
// leaves the day to the next night. A day that the schedule did not find, or that is proven, is left as it is: a repeat does nothing.
func (s *Collector) ProveDay(ctx context.Context, c tenancy.Caller, m ProveDay) error {
	p, err := s.Proof(ctx, c, m.Day)
	if err != nil {
		return fail.Wrap(err, "prove %s", m.Day)
	}
	obs.Add(ctx, "differences", len(p.Differences))
	return fail.Wrap(s.keep(ctx, c, p), "keep the proof of %s", m.Day)
}

func (s *Collector) keep(ctx context.Context, c tenancy.Caller, p Proof) error {
	f := findingsOf(p)
	figures, err := json.Marshal(newFigures(p))
	if err != nil {
		return err
	}
	differences, err := json.Marshal(append([]Difference{}, p.Differences[:min(len(p.Differences), maxKept)]...)) // never null
	if err != nil {
		return err
	}
	return s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		var held bool
		if err := tx.QueryRow(ctx, sqlHoldDay, p.Day).Scan(&held); postgres.NoRows(err) {
			return queue.Done(ctx, tx)
		} else if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlOpenFindings, p.Day, f.kinds, f.subjects, f.details, maxAsked); err != nil {
			return err
		}
		if !f.unreachable {
			if _, err := tx.Exec(ctx, sqlCloseGone, p.Day, f.kinds, f.subjects); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, sqlKeepProof, p.Day, string(figures), string(differences), f.waits, f.kinds, f.subjects, f.details); err != nil {
			return err
		}
		return queue.Done(ctx, tx)
	})
}

// findings is what a proof asks a person, in columns, and whether anything in it may yet answer itself.
type findings struct {
	kinds, subjects, details []string
	waits, unreachable       bool
}

func findingsOf(p Proof) (f findings) {
	f.kinds, f.subjects, f.details = []string{}, []string{}, []string{}
	for _, d := range p.Differences {
		switch d.Kind {
		case "unanswered": // its look-ups go on, and end in a case of their own
			f.waits = true
			continue
		case "provider_unreachable":
			f.waits, f.unreachable = true, true
			continue
		case "terminal_replaced": // the gateway is the same on every such day
			d.ID += " " + p.Day.String()
		}
		f.kinds, f.subjects, f.details = append(f.kinds, d.Kind), append(f.subjects, d.ID), append(f.details, d.Detail)
	}
	return f
}

// figures is day_proofs.figures; the names are those of GET /v1/billing/proof.
type figures struct {
	Due         int          `json:"charges_due"`
	FirstTry    int          `json:"approved_first_try"`
	Recovered   int          `json:"recovered"`
	Declined    int          `json:"declined"`
	Unknown     int          `json:"unknown"`
	NotTried    int          `json:"not_tried"`
	Approved    int          `json:"approved_attempts"`
	Attempts    money.Agorot `json:"attempts_agorot"`
	Payments    money.Agorot `json:"payments_agorot"`
	Allocations money.Agorot `json:"allocations_agorot"`
	Ledger      money.Agorot `json:"ledger_agorot"`
	Provider    money.Agorot `json:"provider_agorot"`
	Differences int          `json:"differences_total"`
}

func newFigures(p Proof) figures {
	c, s := p.Charges, p.Sums
	return figures{c.Due, c.FirstTry, c.Recovered, c.Declined, c.Unknown, c.NotTried, s.Approved, s.Attempts, s.Payments, s.Allocations, s.Ledger,
		s.Provider, len(p.Differences)}
}
