package main

import (
	"fmt"
	"time"

	"fitkit/infra/local/sandbox/internal/journal"
)

// Result codes of the gateway. Where the contract names none (invalid requests, unknown
// transactions, operations that are not played), the sandbox chose one in the 5000s.
const (
	codeCheckedJ2    = 700
	codeHeldJ5       = 701
	codeUnauthorized = 603
	codeDuplicate    = 608
	codeNotFound     = 5096
	codePending      = 5119
	codeInvalid      = 5001
	codeNotPlayed    = 5002
	codeRefund       = 5003
	codeInvalidCard  = 33
	codeExpired      = 36
)

// chargeOrder is one authenticated Transaction call or payment on the hosted page.
type chargeOrder struct {
	Kind         kind
	Terminal     int
	Token        string
	Amount       agorot
	ExternalID   string
	Replay       bool // answer a used ExternalUniqTranId with its transaction, not with 608
	Payments     int
	Coin         int
	ExpMonth     int
	ExpYear      int
	LowProfileID string
	DocumentType string
}

func (o chargeOrder) key() key { return key{o.Terminal, o.ExternalID} }

// verdict is what became of an order: the transaction to report and the way to report it.
type verdict struct {
	tran tran
	act  act
	code int
}

// transact decides an order and books it. Whatever it returns is in the journal already.
//
// At most one capture exists per terminal and ExternalUniqTranId: the check and the booking
// happen under one lock, and a repeat waits for the line of the first before it speaks of it.
func (l *ledger) transact(o chargeOrder, now time.Time) (verdict, error) {
	v, commit, err := l.decide(o, now)
	if err != nil {
		return v, err
	}
	if err := commit.Wait(); err != nil {
		return v, fmt.Errorf("keep transaction: %w", err)
	}
	return v, nil
}

func (l *ledger) decide(o chargeOrder, now time.Time) (verdict, *journal.Commit, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls.Transactions++
	if before := l.taken[o.key()]; o.ExternalID != "" && before != nil {
		return l.repeat(o, before), before.commit, nil
	}
	c := l.cards[o.Token]
	if c == nil || c.Terminal != o.Terminal {
		return l.book(o, card{}, verdict{act: decline, code: codeInvalidCard}, event{}, now)
	}
	if o.Kind != kindCharge {
		return l.book(o, *c, verdict{act: approve, code: o.Kind.okCode()}, event{}, now)
	}
	if expired(o, now) {
		return l.book(o, *c, verdict{act: decline, code: codeExpired}, event{}, now)
	}
	what := c.Scenario.next(c.Tries, l.seen[o.key()], o.Payments)
	e := l.remember(o, *c, what)
	if what == throttle || what == timeoutBefore {
		l.calls.countLost(what)
		commit, err := l.put(e)
		return verdict{act: what}, commit, err
	}
	code := 0
	if !what.books() || what == lineCut {
		code = c.Scenario.code
	}
	return l.book(o, *c, verdict{act: what, code: code}, e, now)
}

// okCode is the code of a transaction of the kind that went well.
func (k kind) okCode() int {
	switch k {
	case kindCheck:
		return codeCheckedJ2
	case kindHold:
		return codeHeldJ5
	}
	return 0
}

func expired(o chargeOrder, now time.Time) bool {
	return now.After(time.Date(o.ExpYear, time.Month(o.ExpMonth)+1, 1, 0, 0, 0, 0, israel))
}

// repeat answers an order whose ExternalUniqTranId was used by an approved transaction.
func (l *ledger) repeat(o chargeOrder, before *tran) verdict {
	if o.Replay {
		l.calls.Replays++
		return verdict{tran: *before, act: approve}
	}
	l.calls.DuplicatesRefused++
	return verdict{act: decline, code: codeDuplicate}
}

// remember advances the card's script. A card that always approves has none, which keeps the
// common case to one line in the journal.
func (l *ledger) remember(o chargeOrder, c card, what act) event {
	if c.Scenario.act == approve {
		return event{}
	}
	if !l.seen[o.key()] {
		c.Tries.Charges++
	}
	if what.books() {
		c.Tries.Declines = 0
	} else {
		c.Tries.Declines++
	}
	e := event{Card: &c}
	if k := o.key(); o.ExternalID != "" {
		e.Seen = &k
	}
	return e
}

// book writes the transaction of an order into e and puts it. The caller holds the lock.
func (l *ledger) book(o chargeOrder, c card, v verdict, e event, now time.Time) (verdict, *journal.Commit, error) {
	t := tran{
		ID: l.nextID(), Kind: o.Kind, ExternalID: o.ExternalID, Token: o.Token, Amount: o.Amount,
		Terminal: o.Terminal, At: now, Code: v.code, Payments: o.Payments, Coin: o.Coin, LowProfileID: o.LowProfileID,
		Last4: c.Last4, ExpMonth: c.ExpMonth, ExpYear: c.ExpYear, DocumentType: o.DocumentType,
	}
	if v.act == lineCut {
		t.Code = 0 // the ledger knows better than the answer
	}
	e.Tran = &t
	l.calls.countBooked(v.act, t)
	commit, err := l.put(e)
	v.tran = t
	v.tran.Code = v.code
	return v, commit, err
}

func (c *calls) countLost(what act) {
	if what == throttle {
		c.Throttled++
		return
	}
	c.TimeoutsBefore++
}

func (c *calls) countBooked(what act, t tran) {
	switch {
	case t.captured():
		c.Captured++
	case !what.books():
		c.Declined++
	}
	if what.books() && what != approve {
		c.AnswersLost++
	}
}
