package membership

import (
	"fmt"
	"slices"

	"fitkit/shared/fail"
	"fitkit/shared/money"
)

// PayMode is how a plan's price is collected.
type PayMode string

// The pay modes.
const (
	Monthly            PayMode = "monthly"             // one charge each month in advance
	Upfront            PayMode = "upfront"             // one charge at the sale
	IssuerInstallments PayMode = "issuer_installments" // one charge at the sale, paid off at the card company (R2)
	NoPay              PayMode = "none"                // never charged
)

// Terms is what a plan version promises and asks for. A zero means that the version does not have it.
type Terms struct {
	Price         money.Agorot // a month's when PayMode is Monthly, else the whole deal's; VAT included
	BasePrice     money.Agorot // a month's without commitment; a fixed term without it earns no cancellation fee (R20)
	PayMode       PayMode
	TermMonths    int  // a fixed term's length
	Installments  int  // with issuer_installments: how many
	SinglePayment bool // with issuer_installments: the whole price at once where the card company refuses them (R45)
	Entries       int  // a pack's, trial's or drop-in's number; else how many each month, none: unlimited
	ValidityDays  int  // a pack's or trial's, from the day it starts
	Limits        Limits
}

// PaidMonthly says whether the price is charged each month.
func (t Terms) PaidMonthly() bool { return t.PayMode == Monthly }

// The range of installments that card companies offer.
const (
	minInstallments = 2
	maxInstallments = 36
)

type presence int

const (
	forbidden presence = iota
	optional
	needed
)

// shapes is what the versions of each type need and forbid (domain rules, "Membership types").
var shapes = map[Type]struct {
	modes                                []PayMode
	price, base, term, entries, validity presence
}{
	Recurring: {modes: []PayMode{Monthly}, price: optional, entries: optional},
	FixedTerm: {modes: []PayMode{Monthly, Upfront, IssuerInstallments}, price: optional, base: optional, term: needed, entries: optional},
	Pack:      {modes: []PayMode{Upfront}, price: optional, entries: needed, validity: needed},
	Trial:     {modes: []PayMode{Upfront}, price: optional, entries: optional, validity: needed},
	DropIn:    {modes: []PayMode{Upfront}, price: optional},
	External:  {modes: []PayMode{NoPay}, entries: optional},
}

// Check says whether a plan of type p may have a version with these terms. ErrTerms points at every field that is
// missing or does not belong.
func (t Terms) Check(p Type) error {
	shape := shapes[p]
	var wrong []fail.Field
	say := func(field, message, hebrew string) {
		wrong = append(wrong, fail.At("body."+field, message, hebrew))
	}
	check := func(field string, want presence, have bool) {
		switch {
		case want == needed && !have:
			say(field, fmt.Sprintf("a %s plan needs it", p), fmt.Sprintf("נדרש בתוכנית מסוג %s", p))
		case want == forbidden && have:
			say(field, fmt.Sprintf("a %s plan does not have it", p), fmt.Sprintf("אינו קיים בתוכנית מסוג %s", p))
		}
	}
	if !slices.Contains(shape.modes, t.PayMode) {
		say("pay_mode", fmt.Sprintf("a %s plan is paid %v", p, shape.modes), fmt.Sprintf("תוכנית מסוג %s משולמת באופן %v", p, shape.modes))
	}
	check("price_agorot", shape.price, t.Price != 0)
	check("base_price_agorot", shape.base, t.BasePrice != 0)
	check("term_months", shape.term, t.TermMonths != 0)
	check("entries", shape.entries, t.Entries != 0)
	check("validity_days", shape.validity, t.ValidityDays != 0)
	if message, hebrew := t.installmentsWrong(); message != "" {
		say("installments", message, hebrew)
	}
	wrong = append(wrong, t.Limits.wrong()...)
	if len(wrong) > 0 {
		return ErrTerms.WithFields(wrong...)
	}
	return nil
}

func (t Terms) installmentsWrong() (english, hebrew string) {
	switch {
	case t.PayMode != IssuerInstallments && t.SinglePayment:
		return "only issuer_installments has single_payment_allowed", "רק ל-issuer_installments יש single_payment_allowed"
	case t.PayMode != IssuerInstallments && t.Installments != 0:
		return "only issuer_installments has it", "קיים רק ב-issuer_installments"
	case t.PayMode == IssuerInstallments && (t.Installments < minInstallments || t.Installments > maxInstallments):
		return fmt.Sprintf("issuer_installments needs %d to %d", minInstallments, maxInstallments),
			fmt.Sprintf("ב-issuer_installments נדרשים %d עד %d", minInstallments, maxInstallments)
	case t.PayMode == IssuerInstallments && t.Price == 0:
		return "a price of zero cannot be paid in installments", "מחיר אפס אינו ניתן לתשלומים"
	}
	return "", ""
}
