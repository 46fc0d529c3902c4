// Package billingtest is a card provider of a few lines, with a ledger of its own, and a studio ready to charge.
package billingtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"fitkit/shared/money"
	"fitkit/shared/payment"
)

// Provider answers as told. It books what it captures under the key, as a provider does, whatever it then answers.
type Provider struct {
	mu       sync.Mutex
	Arrive   func()                                        // called as a charge arrives, of many at once; may be nil
	Answer   func(r payment.ChargeRequest) payment.Outcome // nil: everything is approved
	Capture  bool                                          // book although the answer is unknown
	Booked   map[string]payment.Transaction                // by key
	Asked    int                                           // charges that arrived
	LookupBy func(key string) (payment.Outcome, bool)
	Pages    map[string]payment.Outcome
	Notify   map[string]string // the address that each page's notices go to
	ListErr  error             // why the list cannot be read
	ListSlow bool              // the list does not end within the caller's time
}

// New is a provider that approves.
func New() *Provider {
	return &Provider{Booked: map[string]payment.Transaction{}, Pages: map[string]payment.Outcome{}, Notify: map[string]string{}}
}

// Charge implements payment.Provider.
func (p *Provider) Charge(_ context.Context, _ payment.Credentials, r payment.ChargeRequest) payment.Outcome {
	if p.Arrive != nil {
		p.Arrive()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Asked++
	o := payment.Outcome{State: payment.Paid, Code: "000"}
	if p.Answer != nil {
		o = p.Answer(r)
	}
	if o.State == payment.Paid || o.State == payment.Unknown && p.Capture {
		t := payment.Transaction{ProviderTxn: fmt.Sprint(260000000 + p.Asked), Amount: r.Amount}
		p.Booked[r.Key] = t
		if o.State == payment.Paid {
			o.ProviderTxn, o.Amount = t.ProviderTxn, r.Amount
		}
	}
	return o
}

// Lookup implements payment.Provider.
func (p *Provider) Lookup(_ context.Context, _ payment.Credentials, key string) payment.Outcome {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.LookupBy != nil {
		if o, ok := p.LookupBy(key); ok {
			return o
		}
	}
	if t, ok := p.Booked[key]; ok {
		return payment.Outcome{State: payment.Paid, Code: "000", ProviderTxn: t.ProviderTxn, Amount: t.Amount}
	}
	return payment.Outcome{State: payment.NotFound, Code: "5000"}
}

// OpenCheckout implements payment.Provider.
func (p *Provider) OpenCheckout(_ context.Context, _ payment.Credentials, r payment.CheckoutRequest) (payment.Checkout, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ref := "00000000-0000-4000-8000-" + r.Reference[24:]
	p.Notify[ref] = r.NotifyURL
	return payment.Checkout{Ref: ref, URL: "https://pages.example/" + ref}, nil
}

// FetchCheckout implements payment.Provider.
func (p *Provider) FetchCheckout(_ context.Context, _ payment.Credentials, ref, _ string) (payment.Outcome, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o, ok := p.Pages[ref]; ok {
		return o, nil
	}
	return payment.Outcome{State: payment.Pending, Code: "5119"}, nil
}

// MovesMoney implements payment.Provider.
func (p *Provider) MovesMoney(terminal int) bool { return terminal == RealTerminal }

// Shared implements payment.Provider.
func (p *Provider) Shared(terminal int) bool { return terminal == SharedTerminal }

// Probe implements payment.Provider.
func (p *Provider) Probe(context.Context, payment.Credentials) error { return nil }

// List implements payment.Provider.
func (p *Provider) List(ctx context.Context, _ payment.Credentials, _, _ time.Time) (list []payment.Transaction, _ error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ListSlow {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if p.ListErr != nil {
		return nil, p.ListErr
	}
	for _, t := range p.Booked {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b payment.Transaction) int { return strings.Compare(a.ProviderTxn, b.ProviderTxn) })
	return list, nil
}

// Sum is what the provider's ledger holds.
func (p *Provider) Sum() (n int, sum money.Agorot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.Booked {
		n, sum = n+1, sum+t.Amount
	}
	return n, sum
}
