package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"fitkit/infra/local/sandbox/internal/process"
)

// controlRoutes are for developers and proofs. They work during an outage.
func (s *server) controlRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /_sandbox/ledger", s.showLedger)
	mux.HandleFunc("GET /_sandbox/pages", s.showPages)
	mux.HandleFunc("POST /_sandbox/reset", s.reset)
	mux.HandleFunc("POST /_sandbox/terminals", s.addTerminal)
	mux.HandleFunc("GET /_sandbox/cards", func(w http.ResponseWriter, _ *http.Request) {
		process.WriteJSON(w, http.StatusOK, testCards)
	})
	mux.HandleFunc("POST /_sandbox/tokens/{token}", s.scriptToken)
	mux.HandleFunc("POST /_sandbox/outage", s.setOutage)
	mux.HandleFunc("GET /_sandbox/webhooks", s.showWebhooks)
	mux.HandleFunc("POST /_sandbox/webhooks", s.setWebhooks)
}

// problem answers a control request that cannot be served.
func problem(w http.ResponseWriter, status int, err error) {
	process.WriteJSON(w, status, map[string]string{"error": err.Error()})
}

func done(w http.ResponseWriter, err error) {
	if err != nil {
		problem(w, http.StatusInternalServerError, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// ledgerReport is what a proof compares with FitKit's ledger. Amounts are agorot.
type ledgerReport struct {
	Transactions []tran `json:"transactions"` // captures only
	Refunds      []tran `json:"refunds"`
	Totals       totals `json:"totals"`
	Calls        calls  `json:"calls"`
}

type totals struct {
	Captured          int    `json:"captured"`
	CapturedAgorot    agorot `json:"capturedAgorot"`
	RefundedAgorot    agorot `json:"refundedAgorot"`
	MaxCapturesPerKey int    `json:"maxCapturesPerExternalUniqTranId"`
}

func (s *server) showLedger(w http.ResponseWriter, r *http.Request) {
	match, err := parseFilter(r.URL.Query())
	if err != nil {
		problem(w, http.StatusBadRequest, err)
		return
	}
	process.WriteJSON(w, http.StatusOK, s.book.audit(match))
}

// parseFilter reads from and to (RFC 3339; to is not included) and terminal.
func parseFilter(q url.Values) (func(*tran) bool, error) {
	from, until, terminal := time.Time{}, time.Time{}, 0
	var err error
	for name, target := range map[string]*time.Time{"from": &from, "to": &until} {
		if text := q.Get(name); text != "" {
			if *target, err = time.Parse(time.RFC3339, text); err != nil {
				return nil, fmt.Errorf("%s is an RFC 3339 instant: %w", name, err)
			}
		}
	}
	if text := q.Get("terminal"); text != "" {
		if terminal, err = strconv.Atoi(text); err != nil {
			return nil, fmt.Errorf("terminal is a number: %w", err)
		}
	}
	return func(t *tran) bool {
		return !t.At.Before(from) && (until.IsZero() || t.At.Before(until)) && (terminal == 0 || terminal == t.Terminal)
	}, nil
}

// audit counts from the transactions themselves, not from the index that keeps keys unique, so
// that a fault in the index would show.
func (l *ledger) audit(match func(*tran) bool) ledgerReport {
	out := ledgerReport{Transactions: []tran{}, Refunds: []tran{}}
	perKey := map[key]int{}
	for _, t := range l.transactions(match) {
		switch {
		case t.captured():
			out.Transactions = append(out.Transactions, t)
			out.Totals.CapturedAgorot += t.Amount
			if k := (key{t.Terminal, t.ExternalID}); t.ExternalID != "" {
				perKey[k]++
				out.Totals.MaxCapturesPerKey = max(out.Totals.MaxCapturesPerKey, perKey[k])
			}
		case t.Kind == kindRefund && t.Code == 0:
			out.Refunds = append(out.Refunds, t)
			out.Totals.RefundedAgorot += t.Amount
		}
	}
	out.Totals.Captured = len(out.Transactions)
	l.count(func(c *calls) { out.Calls = *c })
	return out
}

func (s *server) reset(w http.ResponseWriter, _ *http.Request) { done(w, s.book.reset()) }

func (s *server) addTerminal(w http.ResponseWriter, r *http.Request) {
	var t terminal
	if err := process.ReadJSON(r, &t); err != nil {
		problem(w, http.StatusBadRequest, err)
		return
	}
	if err := t.check(); err != nil {
		problem(w, http.StatusBadRequest, err)
		return
	}
	done(w, s.book.putTerminal(t))
}

// tokenChange gives a stored card another script, a line in the replacement feed, or both.
type tokenChange struct {
	Scenario    *scenario    `json:"scenario"`
	Replacement *replacement `json:"replacement"`
}

func (s *server) scriptToken(w http.ResponseWriter, r *http.Request) {
	var in tokenChange
	if err := process.ReadJSON(r, &in); err != nil {
		problem(w, http.StatusBadRequest, err)
		return
	}
	found, err := s.book.changeCard(strings.ToLower(r.PathValue("token")), func(c *card) {
		if in.Scenario != nil {
			c.Scenario, c.Tries = *in.Scenario, tries{}
		}
		if in.Replacement != nil {
			in.Replacement.At = s.now()
			c.Replacement = in.Replacement
		}
	})
	if !found {
		problem(w, http.StatusNotFound, fmt.Errorf("no such token"))
		return
	}
	done(w, err)
}

func (l *ledger) changeCard(token string, change func(*card)) (bool, error) {
	l.mu.Lock()
	known := l.cards[token]
	if known == nil {
		l.mu.Unlock()
		return false, nil
	}
	c := *known
	change(&c)
	commit, err := l.put(event{Card: &c})
	l.mu.Unlock()
	if err != nil {
		return true, err
	}
	return true, commit.Wait()
}

func (s *server) setOutage(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Mode outage `json:"mode"`
	}
	if err := process.ReadJSON(r, &in); err != nil {
		problem(w, http.StatusBadRequest, err)
		return
	}
	if !slices.Contains([]outage{outageOff, outageTimeout, outageRefuse, outage502}, in.Mode) {
		problem(w, http.StatusBadRequest, fmt.Errorf("mode is timeout, refuse, 502 or off"))
		return
	}
	s.outage.Store(in.Mode)
	w.WriteHeader(http.StatusNoContent)
}
