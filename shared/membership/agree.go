package membership

import (
	"context"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

const (
	// The rows are held until commit, so that nobody is archived while a sale to them is being made.
	sqlHoldPeople = `
select id, status, coalesce(phone, '') from members where org_id = app.org() and id = any($1::uuid[]) order by id for share`
	// Two people with one phone number wait here for each other, so that the second sees what the first bought.
	sqlHoldPhone = `select pg_advisory_xact_lock(hashtextextended(app.org()::text || $1::text, 0))`
	sqlTrialUsed = `
select exists (select from memberships t join members m on m.org_id = t.org_id and m.id = t.member_id
  where t.org_id = app.org() and t.type = 'trial' and m.phone = nullif($1::text, ''))`
)

// agree reads what is offered and to whom, and gives the quote if the sale may be made. phone is the member's.
func agree(ctx context.Context, tx postgres.Tx, sale Sale) (q Quote, phone string, err error) {
	var o Offer
	people := map[id.Member]person{}
	b := &pgx.Batch{}
	queuePeople(b, people, sale.MemberID, sale.PayerID)
	queueOffer(b, sale.PlanID, &o)
	if err := tx.Send(ctx, b); postgres.NoRows(err) {
		return q, "", ErrPlanNotFound
	} else if err != nil {
		return q, "", err
	}
	if err := sale.between(people, tx.Entered()); err != nil {
		return q, "", err
	}
	if err := o.openTo(tx.Entered().Role); err != nil {
		return q, "", err
	}
	q, err = o.Quote(sale.StartOn, tx.Now())
	if err == nil && q.Version.Price != sale.Price {
		err = ErrPriceChanged
	}
	return q, people[sale.MemberID].phone, err
}

type person struct {
	archived bool
	phone    string
}

func queuePeople(b *pgx.Batch, into map[id.Member]person, ids ...id.Member) {
	texts := make([]string, len(ids))
	for i, one := range ids {
		texts[i] = one.String()
	}
	b.Queue(sqlHoldPeople, texts).Query(func(rows pgx.Rows) error {
		var member id.Member
		var status, phone string
		_, err := pgx.ForEachRow(rows, []any{&member, &status, &phone}, func() error {
			into[member] = person{status == "archived", phone}
			return nil
		})
		return err
	})
}

// between says whether these people may make this deal.
func (sale Sale) between(people map[id.Member]person, e tenancy.Entered) error {
	member, found := people[sale.MemberID]
	payer, payerFound := people[sale.PayerID]
	self := e.Role == tenancy.Member
	switch {
	case !found || self && sale.MemberID != e.MemberID:
		return ErrMemberNotFound
	case !payerFound || self && sale.PayerID != e.MemberID:
		return ErrPayerNotFound
	case member.archived:
		return ErrMemberArchived
	case payer.archived:
		return ErrPayerArchived
	}
	return nil
}

// firstTrial refuses a second trial on one phone number; a second one of the same member breaks memberships_trial_once.
func firstTrial(ctx context.Context, tx postgres.Tx, phone string) error {
	var used bool
	b := &pgx.Batch{}
	b.Queue(sqlHoldPhone, phone)
	b.Queue(sqlTrialUsed, phone).QueryRow(func(row pgx.Row) error { return row.Scan(&used) })
	if err := tx.Send(ctx, b); err != nil {
		return err
	}
	if used {
		return ErrTrialUsed
	}
	return nil
}
