package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"fitkit/infra/local/seed"
)

// plan is something members buy.
type plan struct {
	name    string
	kind    string
	version map[string]any
	share   int // in a hundred members
	id      string
	monthly bool
	term    int
}

func (p plan) price() int { n, _ := p.version["price_agorot"].(int); return n }

// catalogue has every type of plan that charges a card.
func catalogue() []plan {
	return []plan{
		{name: "חופשי חודשי", kind: "recurring", share: 50, monthly: true, version: map[string]any{"price_agorot": 24900, "pay_mode": "monthly"}},
		{name: "שנתי בתשלום חודשי", kind: "fixed_term", share: 25, monthly: true, term: 12,
			version: map[string]any{"price_agorot": 21900, "base_price_agorot": 34900, "pay_mode": "monthly", "term_months": 12}},
		{name: "חצי שנה מראש", kind: "fixed_term", share: 5, version: map[string]any{"price_agorot": 120000, "base_price_agorot": 34900, "pay_mode": "upfront", "term_months": 6}},
		{name: "שנתי ב-12 תשלומים", kind: "fixed_term", share: 5,
			version: map[string]any{"price_agorot": 298800, "base_price_agorot": 34900, "pay_mode": "issuer_installments", "term_months": 12, "installments": 12}},
		{name: "כרטיסייה 10", kind: "pack", share: 10, version: map[string]any{"price_agorot": 55000, "pay_mode": "upfront", "entries": 10, "validity_days": 120}},
		{name: "היכרות", kind: "trial", share: 3, version: map[string]any{"price_agorot": 5000, "pay_mode": "upfront", "entries": 2, "validity_days": 14}},
		{name: "כניסה בודדת", kind: "drop_in", share: 2, version: map[string]any{"price_agorot": 6500, "pay_mode": "upfront"}},
	}
}

func (d *demo) publishPlans(ctx context.Context) error {
	d.plans = catalogue()
	for i := range d.plans {
		p := &d.plans[i]
		var made struct{ ID string }
		if err := d.owner.Do(ctx, http.MethodPost, "/v1/plans", newKey(), map[string]any{"name": p.name, "type": p.kind}, &made); err != nil {
			return err
		}
		p.id = made.ID
		if err := d.owner.Do(ctx, http.MethodPost, "/v1/plans/"+p.id+"/versions", newKey(), p.version, nil); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) createMembers(ctx context.Context) error {
	d.members = make([]*member, d.settings.members)
	for i := range d.members {
		d.members[i] = &member{n: i, card: d.anyCard(), plan: d.anyPlan()}
	}
	return each(ctx, len(d.members), func(ctx context.Context, i int) error {
		person := seed.MemberAt(i)
		var made struct{ ID string }
		err := d.owner.Do(ctx, http.MethodPost, "/v1/members", newKey(), map[string]any{
			"name": person.Name, "phone": person.Phone, "email": person.Email, "birth_date": person.BirthDate}, &made)
		if err != nil {
			return err
		}
		d.members[i].id = made.ID
		return d.owner.Do(ctx, http.MethodPut, "/v1/members/"+made.ID+"/national-id", newKey(), map[string]any{"number": person.NationalID}, nil)
	})
}

func (d *demo) anyPlan() plan {
	at := d.random.IntN(100)
	for _, p := range d.plans {
		if at -= p.share; at < 0 {
			return p
		}
	}
	return d.plans[0]
}

// startDays spreads starts over the first days, so that a month has quiet days and a rush.
const startDays = 4

func (d *demo) sell(ctx context.Context) error {
	for _, m := range d.members {
		m.start = opening.AddDate(0, 0, 1+d.random.IntN(startDays))
	}
	return each(ctx, len(d.members), func(ctx context.Context, i int) error {
		m := d.members[i]
		err := d.owner.Do(ctx, http.MethodPost, "/v1/sales", newKey(), map[string]any{
			"member_id": m.id, "plan_id": m.plan.id, "start_on": m.start.Format(time.DateOnly), "price_agorot": m.plan.price()}, nil)
		if err != nil {
			return fmt.Errorf("sell %s: %w", m.plan.kind, err)
		}
		return nil
	})
}
