package main

import (
	"fmt"
	"time"

	"fitkit/infra/local/sandbox/internal/journal"
)

// payment is a valid submission of the card form. It ends here: neither the number nor the CVV
// goes any further.
type payment struct {
	Number   string
	ExpMonth int
	ExpYear  int
	Payments int
	Payer    payer
}

// pay tries a payment on a page and books the attempt. It returns the page as it is now, and
// false when the page had been paid before.
func (l *ledger) pay(id string, in payment, mode func() webhookMode, now time.Time) (page, bool, error) {
	p, fresh, commit, err := l.bookPayment(id, in, mode, now)
	if err != nil {
		return p, fresh, err
	}
	if err := commit.Wait(); err != nil {
		return p, fresh, fmt.Errorf("keep payment: %w", err)
	}
	return p, fresh, nil
}

func (l *ledger) bookPayment(id string, in payment, mode func() webhookMode, now time.Time) (page, bool, *journal.Commit, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := *l.pages[id]
	if p.Done {
		return p, false, nil, nil
	}
	code, script := p.verify(in)
	c := card{
		Token: newGUID(), Terminal: p.Terminal, Last4: in.Number[len(in.Number)-4:],
		ExpMonth: in.ExpMonth, ExpYear: in.ExpYear, Scenario: script,
	}
	o := chargeOrder{
		Kind: p.kind(), Terminal: p.Terminal, Amount: p.Amount, Payments: in.Payments, Coin: p.Coin,
		LowProfileID: p.ID, DocumentType: p.DocumentType,
	}
	p.Attempts, p.Payer, p.TranID = p.Attempts+1, in.Payer, l.nextID()
	v, e := verdict{act: decline, code: code}, event{Page: &p}
	if code == 0 {
		v = verdict{act: approve, code: o.Kind.okCode()}
		p.Done = true
		if p.Operation != "ChargeOnly" {
			p.Token, o.Token, e.Card = c.Token, c.Token, &c
		}
	}
	if p.Mode == "" && p.Done {
		p.Mode = mode()
	}
	_, commit, err := l.book(o, c, v, e, now)
	return p, true, commit, err
}

// kind is what a successful payment of the page is.
func (p page) kind() kind {
	switch {
	case p.Operation != "CreateTokenOnly":
		return kindCharge
	case p.Hold:
		return kindHold
	}
	return kindCheck
}

// verify returns the code of a refusal, 0 for none, and the card's script. A check accepts every
// card of the table that is not told to fail on the page, so that declining cards can be saved; a
// charge on the page declines as the card's token would.
func (p page) verify(in payment) (code int, script scenario) {
	script, known := findCard(in.Number)
	switch {
	case !known:
		return codeInvalidCard, script
	case script.act == pageDecline:
		return script.code, script
	case p.kind() != kindCharge:
		return 0, script
	}
	if what := script.next(tries{Declines: p.Attempts}, false, in.Payments); what == decline || what == instalments || what == partial {
		return script.code, script
	}
	return 0, script
}
