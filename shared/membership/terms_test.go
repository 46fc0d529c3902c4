package membership_test

import (
	"errors"
	"slices"
	"testing"

	"fitkit/shared/fail"
	"fitkit/shared/membership"
)

func TestTermsFitTheirType(t *testing.T) {
	type terms = membership.Terms
	for name, tc := range map[string]struct {
		plan  membership.Type
		terms terms
		wrong []string // the fields that are pointed at
	}{
		"a recurring plan is paid monthly":           {membership.Recurring, terms{Price: 24900, PayMode: "monthly"}, nil},
		"a recurring plan may limit entries a month": {membership.Recurring, terms{Price: 24900, PayMode: "monthly", Entries: 8}, nil},
		"a recurring plan may be free":               {membership.Recurring, terms{PayMode: "monthly"}, nil},
		"a recurring plan is not paid upfront":       {membership.Recurring, terms{Price: 24900, PayMode: "upfront"}, []string{"pay_mode"}},
		"a recurring plan has no term":               {membership.Recurring, terms{Price: 24900, PayMode: "monthly", TermMonths: 12}, []string{"term_months"}},
		"a recurring plan does not expire":           {membership.Recurring, terms{Price: 24900, PayMode: "monthly", ValidityDays: 30}, []string{"validity_days"}},
		"only a term has a price without commitment": {membership.Recurring, terms{Price: 24900, PayMode: "monthly", BasePrice: 34900}, []string{"base_price_agorot"}},

		"a fixed term is paid monthly":                   {membership.FixedTerm, terms{Price: 24900, PayMode: "monthly", TermMonths: 12}, nil},
		"a fixed term discloses the base price":          {membership.FixedTerm, terms{Price: 24900, PayMode: "monthly", TermMonths: 12, BasePrice: 34900}, nil},
		"a fixed term is paid upfront":                   {membership.FixedTerm, terms{Price: 249000, PayMode: "upfront", TermMonths: 12}, nil},
		"a fixed term is paid off at the card company":   {membership.FixedTerm, terms{Price: 249000, PayMode: "issuer_installments", TermMonths: 12, Installments: 2}, nil},
		"the card company offers 36 payments":            {membership.FixedTerm, terms{Price: 249000, PayMode: "issuer_installments", TermMonths: 12, Installments: 36}, nil},
		"the card company does not offer 37":             {membership.FixedTerm, terms{Price: 249000, PayMode: "issuer_installments", TermMonths: 12, Installments: 37}, []string{"installments"}},
		"one payment is no installments":                 {membership.FixedTerm, terms{Price: 249000, PayMode: "issuer_installments", TermMonths: 12, Installments: 1}, []string{"installments"}},
		"installments have a number":                     {membership.FixedTerm, terms{Price: 249000, PayMode: "issuer_installments", TermMonths: 12}, []string{"installments"}},
		"nothing is not paid in installments":            {membership.FixedTerm, terms{PayMode: "issuer_installments", TermMonths: 12, Installments: 2}, []string{"installments"}},
		"one payment may take their place":               {membership.FixedTerm, terms{Price: 249000, PayMode: "issuer_installments", TermMonths: 12, Installments: 2, SinglePayment: true}, nil},
		"it takes the place of nothing else":             {membership.FixedTerm, terms{Price: 249000, PayMode: "upfront", TermMonths: 12, SinglePayment: true}, []string{"installments"}},
		"monthly charges are no installments":            {membership.FixedTerm, terms{Price: 24900, PayMode: "monthly", TermMonths: 12, Installments: 12}, []string{"installments"}},
		"a fixed term has a length":                      {membership.FixedTerm, terms{Price: 24900, PayMode: "monthly"}, []string{"term_months"}},
		"a fixed term ends with its months, not by days": {membership.FixedTerm, terms{Price: 24900, PayMode: "monthly", TermMonths: 1, ValidityDays: 9}, []string{"validity_days"}},

		"a pack has entries and days":          {membership.Pack, terms{Price: 60000, PayMode: "upfront", Entries: 10, ValidityDays: 90}, nil},
		"a pack without either":                {membership.Pack, terms{Price: 60000, PayMode: "upfront"}, []string{"entries", "validity_days"}},
		"a pack is not paid monthly":           {membership.Pack, terms{Price: 60000, PayMode: "monthly", Entries: 10, ValidityDays: 90}, []string{"pay_mode"}},
		"a pack has no term":                   {membership.Pack, terms{Price: 60000, PayMode: "upfront", Entries: 10, ValidityDays: 90, TermMonths: 3}, []string{"term_months"}},
		"a trial may be free":                  {membership.Trial, terms{PayMode: "upfront", ValidityDays: 7}, nil},
		"a trial may cost and count":           {membership.Trial, terms{Price: 5000, PayMode: "upfront", ValidityDays: 7, Entries: 2}, nil},
		"a trial ends":                         {membership.Trial, terms{PayMode: "upfront"}, []string{"validity_days"}},
		"a drop-in is one entry, paid at once": {membership.DropIn, terms{Price: 7000, PayMode: "upfront"}, nil},
		"a drop-in does not count entries":     {membership.DropIn, terms{Price: 7000, PayMode: "upfront", Entries: 1}, []string{"entries"}},
		"a drop-in is not for nothing to pay":  {membership.DropIn, terms{Price: 7000, PayMode: "none"}, []string{"pay_mode"}},
		"a partner pays for an external plan":  {membership.External, terms{PayMode: "none"}, nil},
		"an external plan has no price":        {membership.External, terms{Price: 100, PayMode: "none"}, []string{"price_agorot"}},
		"an external plan is not charged":      {membership.External, terms{PayMode: "monthly"}, []string{"pay_mode"}},
		"a plan has one of the known types":    {"lifetime", terms{PayMode: "upfront"}, []string{"pay_mode"}},

		"limits that agree":                 {membership.Recurring, terms{PayMode: "monthly", Limits: membership.Limits{PerDay: 1, PerWeek: 3, PerMonth: 12, Weekdays: []int{0, 6}, From: "06:00", Until: "16:00"}}, nil},
		"more a day than a week":            {membership.Recurring, terms{PayMode: "monthly", Limits: membership.Limits{PerDay: 4, PerWeek: 3}}, []string{"limits.per_day"}},
		"more a week than a month":          {membership.Recurring, terms{PayMode: "monthly", Limits: membership.Limits{PerWeek: 5, PerMonth: 4}}, []string{"limits.per_month"}},
		"an eighth day of the week":         {membership.Recurring, terms{PayMode: "monthly", Limits: membership.Limits{Weekdays: []int{7}}}, []string{"limits.weekdays"}},
		"a day of the week twice":           {membership.Recurring, terms{PayMode: "monthly", Limits: membership.Limits{Weekdays: []int{6, 1, 6}}}, []string{"limits.weekdays"}},
		"hours that end when they begin":    {membership.Recurring, terms{PayMode: "monthly", Limits: membership.Limits{From: "09:00", Until: "09:00"}}, []string{"limits.until"}},
		"hours that end before they begin":  {membership.Recurring, terms{PayMode: "monthly", Limits: membership.Limits{From: "16:00", Until: "09:00"}}, []string{"limits.until"}},
		"everything wrong is named at once": {membership.Pack, terms{PayMode: "none", TermMonths: 2, Limits: membership.Limits{PerDay: 4, PerWeek: 3}}, []string{"pay_mode", "term_months", "entries", "validity_days", "limits.per_day"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.terms.Check(tc.plan)
			if len(tc.wrong) == 0 {
				if err != nil {
					t.Fatalf("refused: %v %v", err, fail.From(err).Fields)
				}
				return
			}
			if !errors.Is(err, membership.ErrTerms) {
				t.Fatalf("got %v", err)
			}
			var got []string
			for _, f := range fail.From(err).Fields {
				got = append(got, f.Location[len("body."):])
			}
			if !slices.Equal(got, tc.wrong) {
				t.Fatalf("pointed at %v, want %v", got, tc.wrong)
			}
		})
	}
}
