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
select coalesce((figures->>'unread')::int, 0) from day_proofs where org_id = app.org() and day = $1 and state in ('waiting', 'differs') for update`
	// sqlMayBeOurs: a transaction that nobody owns may belong to an attempt that is still under way or being asked about, or was approved meanwhile.
	sqlMayBeOurs = `
select exists (select from payment_attempts a where a.org_id = app.org()
    and (a.state in ('claimed', 'sent') or a.state = 'unknown' and a.next_lookup_at is not null))
  or exists (select from unnest($1::uuid[], $2::text[]) f (gateway, txn) join payment_attempts a
    on a.org_id = app.org() and a.gateway_id = f.gateway and a.provider_txn = f.txn and a.state = 'approved')`
	// sqlCloseGone leaves open what only a list tells ($5), when one was not read.
	sqlCloseGone = `
update money_cases k set state = 'closed', closed_at = now(), gone = true
where k.org_id = app.org() and k.day = $1 and k.state = 'open' and k.kind <> all($5::text[])
  and not exists (select from unnest($2::text[], $3::text[], $4::text[]) f (kind, subject, detail)
    where f.kind = k.kind and f.subject = k.subject and f.detail = k.detail)`
	// sqlOpenFindings: a finding is asked once while it is open, and never again after a person closed it; another sum is another finding.
	sqlOpenFindings = `
insert into money_cases (org_id, kind, subject, day, detail)
select app.org(), f.kind, f.subject, $1, f.detail
from unnest($2::text[], $3::text[], $4::text[]) with ordinality f (kind, subject, detail, n)
where f.kind <> all($6::text[]) and not exists (select from money_cases k where k.org_id = app.org() and k.kind = f.kind and k.subject = f.subject
    and (k.state = 'open' or k.detail = f.detail and not k.gone))
order by f.n limit $5
on conflict (org_id, kind, subject) where state = 'open' and subject is not null do nothing`
	// sqlKeepProof: a day is explained when a person has closed the case of everything that was found, and every other case of the day.
	sqlKeepProof = `
update day_proofs p set tries = tries + 1, tried_at = now(), figures = $2, differences = $3, state = case when $4 then 'waiting'
  when exists (select from unnest($5::text[], $6::text[], $7::text[]) f (kind, subject, detail)
    where not exists (select from money_cases k where k.org_id = p.org_id and k.kind = f.kind
      and k.subject = f.subject and k.detail = f.detail and k.state = 'closed' and not k.gone)) then 'differs'
  when exists (select from money_cases k where k.org_id = p.org_id and k.day = p.day and k.state = 'open') then 'differs'
  when cardinality($5) > 0 then 'explained' else 'proven' end
where p.org_id = app.org() and p.day = $1`
)

// ofTheList are the kinds of findings that a provider's list tells, or its lack.
var ofTheList = []string{"not_in_books", "amount_differs", "currency_differs", "listed_twice", "not_at_provider", "terminal_replaced", "list_unread"}

// ProveDay proves a finished day and keeps what came of it. What differs is a person's question, asked once; what has no answer yet
// leaves the day to the next night, and credentials that the list refuses pause the studio. A day that the schedule did not find, or that is
// proven, is left as it is: a repeat does nothing.
func (s *Collector) ProveDay(ctx context.Context, c tenancy.Caller, m ProveDay) error {
	p, err := s.Proof(ctx, c, m.Day)
	if err != nil {
		return fail.Wrap(err, "prove %s", m.Day)
	}
	obs.Add(ctx, "differences", len(p.Differences))
	for _, g := range p.refused {
		if err := s.pauseRefused(ctx, c, g); err != nil {
			return fail.Wrap(err, "pause the studio whose list of %s was refused", m.Day)
		}
	}
	return fail.Wrap(s.keep(ctx, c, p), "keep the proof of %s", m.Day)
}

func (s *Collector) keep(ctx context.Context, c tenancy.Caller, p Proof) error {
	f := findingsOf(p)
	differences, err := json.Marshal(append([]Difference{}, p.Differences[:min(len(p.Differences), maxKept)]...)) // never null
	if err != nil {
		return err
	}
	return s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		var unread int
		if err := tx.QueryRow(ctx, sqlHoldDay, p.Day).Scan(&unread); postgres.NoRows(err) {
			return queue.Done(ctx, tx)
		} else if err != nil {
			return err
		}
		if unread++; len(f.unreadBy) == 0 {
			unread = 0
		}
		f.addUnread(unread, p)
		figures, err := json.Marshal(newFigures(p, unread))
		if err != nil {
			return err
		}
		if err := f.settle(ctx, tx, p); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlKeepProof, p.Day, string(figures), string(differences), f.waits, f.kinds, f.subjects, f.details); err != nil {
			return err
		}
		return queue.Done(ctx, tx)
	})
}

// settle closes the day's cases that are gone or say something else by now, and opens those of what is new. Transactions that may yet be
// an attempt's are no question tonight, and the day waits for them.
func (f *findings) settle(ctx context.Context, tx postgres.Tx, p Proof) error {
	keep, later := []string{}, []string{}
	if p.unread {
		keep = ofTheList
	}
	if len(f.txns) > 0 {
		var ours bool
		if err := tx.QueryRow(ctx, sqlMayBeOurs, f.gateways, f.txns).Scan(&ours); err != nil {
			return err
		}
		if ours {
			f.waits, later = true, []string{"not_in_books"}
		}
	}
	if _, err := tx.Exec(ctx, sqlCloseGone, p.Day, f.kinds, f.subjects, f.details, keep); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqlOpenFindings, p.Day, f.kinds, f.subjects, f.details, maxAsked, later)
	return err
}

// figures is day_proofs.figures; the names are those of GET /v1/billing/proof, and the last two the nights' own.
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
	Unread      int          `json:"unread"`      // nights in a row that could not read a list
	MovesMoney  bool         `json:"moves_money"` // not every terminal of the day's attempts is a test terminal
}

func newFigures(p Proof, unread int) figures {
	c, s := p.Charges, p.Sums
	return figures{c.Due, c.FirstTry, c.Recovered, c.Declined, c.Unknown, c.NotTried, s.Approved, s.Attempts, s.Payments, s.Allocations, s.Ledger,
		s.Provider, len(p.Differences), unread, p.movesMoney}
}
