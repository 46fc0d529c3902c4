package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// ledger is the provider's own book of this run's terminal.
type ledger struct {
	Totals struct {
		Captured int   `json:"captured"`
		Agorot   int64 `json:"capturedAgorot"`
		MaxByKey int   `json:"maxCapturesPerExternalUniqTranId"`
	} `json:"totals"`
	Calls map[string]any `json:"calls"`
}

// charge is one of GET /v1/charges.
type charge struct {
	ID           string `json:"id"`
	MembershipID string `json:"membership_id"`
	Kind         string `json:"kind"`
	PeriodFrom   string `json:"period_from"`
	Amount       int64  `json:"amount_agorot"`
	State        string `json:"state"`
}

// dayProof is GET /v1/billing/proof.
type dayProof struct {
	Day         string `json:"day"`
	Proven      bool   `json:"proven"`
	Due         int    `json:"charges_due"`
	FirstTry    int    `json:"approved_first_try"`
	Recovered   int    `json:"recovered"`
	Declined    int    `json:"declined"`
	Unknown     int    `json:"unknown"`
	NotTried    int    `json:"not_tried"`
	Approved    int    `json:"approved_attempts"`
	Ledger      int64  `json:"ledger_agorot"`
	Differences []struct {
		Kind, ID, Detail string
	} `json:"differences"`
}

// prove reads both books through HTTP, prints the table, and fails when they differ in anything.
func (d *demo) prove(ctx context.Context) error {
	var book ledger
	if err := get(ctx, fmt.Sprintf("%s/_sandbox/ledger?terminal=%d", d.at.Cardcom, d.terminal), &book); err != nil {
		return err
	}
	charges, err := d.allCharges(ctx)
	if err != nil {
		return err
	}
	days, err := d.allProofs(ctx)
	if err != nil {
		return err
	}
	t := tally(charges, days)
	t.expected = d.expected()
	t.print(book, d.killed())
	return t.verdict(book)
}

func (d *demo) allCharges(ctx context.Context) (all []charge, err error) {
	for cursor := ""; ; {
		var page struct {
			Items []charge `json:"items"`
			Next  string   `json:"next_cursor"`
		}
		if err := d.owner.Do(ctx, http.MethodGet, "/v1/charges?limit=100&cursor="+cursor, "", nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all, nil
		}
	}
}

func (d *demo) allProofs(ctx context.Context) (all []dayProof, err error) {
	for day := opening; !day.After(d.clock); day = day.AddDate(0, 0, 1) {
		var p dayProof
		if err := d.owner.Do(ctx, http.MethodGet, "/v1/billing/proof?day="+day.Format(time.DateOnly), "", nil, &p); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// expected is how many charges there must be: one for each month that began, or one for the whole deal.
func (d *demo) expected() (n int) {
	for _, m := range d.members {
		if !m.plan.monthly {
			n++
			continue
		}
		for k := 0; !m.start.AddDate(0, k, 0).After(d.clock); k++ {
			n++
		}
	}
	return n
}

type table struct {
	dayProof        // summed over the days
	expected, found int
	paid, doubled   int
	paidSum         int64
	open, failed    int
	unknown         int
	unproven        []dayProof
}

func tally(charges []charge, days []dayProof) (t table) {
	t.found = len(charges)
	paidOnce := map[string]bool{}
	for _, c := range charges {
		switch c.State {
		case "paid":
			t.paid, t.paidSum = t.paid+1, t.paidSum+c.Amount
			period := c.MembershipID + c.Kind + c.PeriodFrom
			if c.PeriodFrom != "" && paidOnce[period] {
				t.doubled++
			}
			paidOnce[period] = true
		case "in_flight", "being_checked":
			t.unknown++
		case "failed":
			t.failed++
		case "due":
			t.open++
		}
	}
	for _, p := range days {
		t.Due, t.FirstTry, t.Recovered, t.Approved, t.Ledger = t.Due+p.Due, t.FirstTry+p.FirstTry, t.Recovered+p.Recovered, t.Approved+p.Approved, t.Ledger+p.Ledger
		if !p.Proven {
			t.unproven = append(t.unproven, p)
		}
	}
	return t
}

func (t table) print(book ledger, killed string) {
	say("")
	say("  charges due              %8d   (expected %d)", t.Due, t.expected)
	say("  approved at first try    %8d   %5.1f %%", t.FirstTry, percent(t.FirstTry, t.Due))
	say("  recovered later          %8d   %5.1f %% of the rest", t.Recovered, percent(t.Recovered, t.Due-t.FirstTry))
	say("  in arrears               %8d   (%d at the end of their ladder, %d still climbing it)", t.open+t.failed, t.failed, t.open)
	say("  unknown                  %8d", t.unknown)
	say("")
	say("  provider's ledger        %8d captures  %14.2f ILS", book.Totals.Captured, float64(book.Totals.Agorot)/100)
	say("  FitKit's paid charges    %8d           %14.2f ILS", t.paid, float64(t.paidSum)/100)
	say("  FitKit's ledger          %8d attempts  %14.2f ILS%s", t.Approved, float64(t.Ledger)/100, killed)
	say("")
}

func percent(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}

func (t table) verdict(book ledger) error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(t.expected > 0, "nothing was to fall due, so nothing is proven")
	check(book.Totals.MaxByKey <= 1, "the provider captured %d times under one key", book.Totals.MaxByKey)
	check(t.doubled == 0, "%d periods are paid twice", t.doubled)
	check(book.Totals.Captured == t.paid && book.Totals.Agorot == t.paidSum, "the provider's ledger and the paid charges differ")
	check(t.Approved == t.paid && t.Ledger == t.paidSum, "FitKit's ledger and the paid charges differ")
	check(t.found == t.expected && t.Due == t.expected, "%d charges exist and %d fell due where %d were expected", t.found, t.Due, t.expected)
	check(t.unknown == 0, "%d charges have no answer yet", t.unknown)
	check(t.paid+t.open+t.failed == t.found, "%d charges are in no known state", t.found-t.paid-t.open-t.failed)
	for _, p := range t.unproven[:min(len(t.unproven), 3)] {
		check(false, "the proof of %s fails with %d differences, such as %+v", p.Day, len(p.Differences), p.Differences[:min(len(p.Differences), 2)])
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	say("  PROVEN: the ledgers agree to the agora, 0 double charges, 0 lost, 0 unknown.")
	return nil
}
