package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"fitkit/infra/local/sandbox/internal/journal"
)

// terminal is a merchant's account at the gateway.
type terminal struct {
	Number      int    `json:"terminal"`
	APIName     string `json:"apiName"`
	APIPassword string `json:"apiPassword"`
}

func (t terminal) check() error {
	if t.Number <= 0 || t.APIName == "" || t.APIPassword == "" {
		return errors.New("a terminal needs a positive number, an apiName and an apiPassword")
	}
	return nil
}

// card is a stored card: what the token stands for.
type card struct {
	Token       string       `json:"token"`
	Terminal    int          `json:"terminal"`
	Last4       string       `json:"last4"`
	ExpMonth    int          `json:"expMonth"`
	ExpYear     int          `json:"expYear"` // four digits
	Scenario    scenario     `json:"scenario"`
	Tries       tries        `json:"tries,omitzero"`
	Replacement *replacement `json:"replacement,omitempty"`
}

// replacement is a line of the card-replacement feed: 1 new card, 2 cancelled, 3 chargeback,
// 4 the holder asked to cancel.
type replacement struct {
	Status   int       `json:"status"`
	Last4    string    `json:"last4,omitempty"`
	ExpMonth int       `json:"expMonth,omitempty"`
	ExpYear  int       `json:"expYear,omitempty"`
	At       time.Time `json:"at"`
}

// kind says what a transaction did.
type kind string

const (
	kindCharge kind = "charge"
	kindRefund kind = "refund"
	kindCheck  kind = "check" // J2: the card was verified, code 700
	kindHold   kind = "hold"  // J5: the amount is held, code 701
)

// tran is one answered transaction, approved or refused.
type tran struct {
	ID           int64     `json:"tranzactionId"`
	Kind         kind      `json:"kind"`
	ExternalID   string    `json:"externalUniqTranId,omitempty"`
	Token        string    `json:"token,omitempty"`
	Amount       agorot    `json:"amountAgorot"`
	Terminal     int       `json:"terminal"`
	At           time.Time `json:"at"`
	Refunded     agorot    `json:"refunded"`
	Code         int       `json:"responseCode"`
	Payments     int       `json:"payments,omitempty"`
	Coin         int       `json:"coin,omitempty"`
	Last4        string    `json:"last4,omitempty"`
	ExpMonth     int       `json:"expMonth,omitempty"`
	ExpYear      int       `json:"expYear,omitempty"`
	RefundOf     int64     `json:"refundOf,omitempty"`
	LowProfileID string    `json:"lowProfileId,omitempty"`
	DocumentType string    `json:"documentType,omitempty"`

	commit *journal.Commit
}

// captured reports whether the transaction moved the studio's money in.
func (t tran) captured() bool { return t.Kind == kindCharge && t.Code == 0 }

// key is where an ExternalUniqTranId is unique.
type key struct {
	Terminal int    `json:"terminal"`
	ID       string `json:"id"`
}

// event is one line of the journal. All its parts happen together or not at all.
type event struct {
	Terminal *terminal `json:"terminal,omitempty"`
	Card     *card     `json:"card,omitempty"`
	Page     *page     `json:"page,omitempty"`
	Tran     *tran     `json:"tran,omitempty"`
	Seen     *key      `json:"seen,omitempty"`
}

// calls counts what was asked of the gateway since the process started or was reset.
type calls struct {
	Transactions      int `json:"transactions"`
	Captured          int `json:"captured"`
	Declined          int `json:"declined"`
	Replays           int `json:"replays"`
	DuplicatesRefused int `json:"duplicatesRefused"`
	Throttled         int `json:"throttled"`
	TimeoutsBefore    int `json:"timeoutsBefore"`
	AnswersLost       int `json:"answersLost"`
	Lookups           int `json:"lookups"`
	Unauthorized      int `json:"unauthorized"`
	Invalid           int `json:"invalid"`
}

// ledger is the gateway's memory. Every change goes to the journal in the order in which memory
// took it, under one lock; who answers about a change waits for its line first.
type ledger struct {
	journal *journal.Journal

	mu        sync.Mutex
	terminals map[int]terminal
	cards     map[string]*card
	pages     map[string]*page
	trans     []*tran
	byID      map[int64]*tran
	taken     map[key]*tran // captures and refunds by their ExternalUniqTranId
	seen      map[key]bool  // keys that a scripted card met
	calls     calls
}

// firstTran is the number before the first transaction's.
const firstTran = 260700000

func openLedger(path string, sync bool) (*ledger, error) {
	l := &ledger{terminals: map[int]terminal{}}
	l.clear()
	var err error
	l.journal, err = journal.Open(path, sync, func(line []byte) error {
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		l.apply(e, nil)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	return l, nil
}

func (l *ledger) clear() {
	l.cards, l.pages = map[string]*card{}, map[string]*page{}
	l.trans, l.byID = nil, map[int64]*tran{}
	l.taken, l.seen = map[key]*tran{}, map[key]bool{}
	l.calls = calls{}
}

func (l *ledger) close() {
	if err := l.journal.Close(); err != nil {
		slog.Error("close ledger", "error", err)
	}
}

// put applies e to memory and hands its line to the journal. The caller holds the lock and waits
// for the commit after giving it back.
func (l *ledger) put(e event) (*journal.Commit, error) {
	line, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode ledger line: %w", err)
	}
	commit := l.journal.Append(line)
	l.apply(e, commit)
	return commit, nil
}

func (l *ledger) apply(e event, commit *journal.Commit) {
	if e.Terminal != nil {
		l.terminals[e.Terminal.Number] = *e.Terminal
	}
	if e.Card != nil {
		l.cards[e.Card.Token] = e.Card
	}
	if e.Page != nil {
		l.pages[e.Page.ID] = e.Page
	}
	if e.Seen != nil {
		l.seen[*e.Seen] = true
	}
	if e.Tran != nil {
		e.Tran.commit = commit
		l.applyTran(e.Tran)
	}
}

func (l *ledger) applyTran(t *tran) {
	l.trans = append(l.trans, t)
	l.byID[t.ID] = t
	if t.Code == 0 && t.ExternalID != "" {
		l.taken[key{t.Terminal, t.ExternalID}] = t
	}
	if original := l.byID[t.RefundOf]; t.Kind == kindRefund && t.Code == 0 && original != nil {
		original.Refunded += t.Amount
	}
}

// nextID is the number of the transaction about to be put. The caller holds the lock.
func (l *ledger) nextID() int64 { return firstTran + int64(len(l.trans)) + 1 }

// putTerminal adds a terminal or gives a known one new credentials.
func (l *ledger) putTerminal(t terminal) error {
	l.mu.Lock()
	commit, err := l.put(event{Terminal: &t})
	l.mu.Unlock()
	if err != nil {
		return err
	}
	return commit.Wait()
}

// reset forgets cards, pages, transactions and counters; terminals stay.
func (l *ledger) reset() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.journal.Truncate(); err != nil {
		return err
	}
	l.clear()
	var last *journal.Commit
	for _, t := range l.terminals {
		commit, err := l.put(event{Terminal: &t})
		if err != nil {
			return err
		}
		last = commit
	}
	return last.Wait()
}

// count changes the statistics under the lock.
func (l *ledger) count(change func(*calls)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.calls)
}
