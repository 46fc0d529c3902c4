package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// shownRows bounds the tables of sandboxes; each says how many there are.
const shownRows = 200

var sandboxClient = &http.Client{Timeout: 10 * time.Second}

// ask reads what a sandbox tells.
func (s Service) ask(ctx context.Context, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		return err
	}
	if s.Key != "" {
		req.Header.Set("Authorization", "Bearer "+s.Key)
	}
	res, err := sandboxClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask the sandbox: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the sandbox answered %s with %s", path, res.Status)
	}
	return json.NewDecoder(res.Body).Decode(out)
}

func (c *Console) sandboxes(*http.Request) (view, error) {
	return view{"sandboxes", "nav.sandboxes", c}, nil
}

// newest cuts a list that is in the order of time, and turns it round.
func newest[T any](all []T) []T {
	cut := slices.Clone(all[max(0, len(all)-shownRows):])
	slices.Reverse(cut)
	return cut
}

type transaction struct {
	ID         int64     `json:"tranzactionId"`
	Kind       string    `json:"kind"`
	ExternalID string    `json:"externalUniqTranId"`
	Agorot     int64     `json:"amountAgorot"`
	Refunded   int64     `json:"refunded"`
	Terminal   int       `json:"terminal"`
	Last4      string    `json:"last4"`
	At         time.Time `json:"at"`
}

type ledger struct {
	Transactions []transaction `json:"transactions"`
	Refunds      []transaction `json:"refunds"`
	Totals       struct {
		Captured          int   `json:"captured"`
		CapturedAgorot    int64 `json:"capturedAgorot"`
		RefundedAgorot    int64 `json:"refundedAgorot"`
		MaxCapturesPerKey int   `json:"maxCapturesPerExternalUniqTranId"`
	} `json:"totals"`
	Calls struct {
		Declined    int `json:"declined"`
		AnswersLost int `json:"answersLost"`
		Lookups     int `json:"lookups"`
	} `json:"calls"`
}

type hostedPage struct {
	ID        string    `json:"lowProfileId"`
	URL       string    `json:"url"`
	Terminal  int       `json:"terminal"`
	Operation string    `json:"operation"`
	Agorot    int64     `json:"amountAgorot"`
	CreatedAt time.Time `json:"createdAt"`
	Attempts  int       `json:"attempts"`
	Done      bool      `json:"done"`
	Reported  bool      `json:"reported"`
}

// cardcom shows the ledger; of cards it knows the last four digits only.
func (c *Console) cardcom(r *http.Request) (view, error) {
	if c.Cardcom.URL == "" {
		return view{}, errNotFound
	}
	var book ledger
	var pages []hostedPage
	if err := c.Cardcom.ask(r.Context(), "/_sandbox/ledger", &book); err != nil {
		return view{}, err
	}
	err := c.Cardcom.ask(r.Context(), "/_sandbox/pages", &pages)
	moved := slices.Concat(book.Transactions, book.Refunds)
	slices.SortStableFunc(moved, func(a, b transaction) int { return a.At.Compare(b.At) })
	return view{"cardcom", "sandboxes.cardcom", struct {
		URL        string
		Book       ledger
		Moved      []transaction
		MovedCount int
		Pages      []hostedPage
		PageCount  int
	}{c.Cardcom.URL, book, newest(moved), len(moved), pages[:min(len(pages), shownRows)], len(pages)}}, err
}

type clerkUser struct {
	ID        string  `json:"id"`
	FirstName *string `json:"first_name"`
	LastName  *string `json:"last_name"`
	Emails    []struct {
		Address string `json:"email_address"`
	} `json:"email_addresses"`
	CreatedAt int64 `json:"created_at"`
}

// Name is first and last name.
func (u clerkUser) Name() string {
	var parts []string
	for _, p := range []*string{u.FirstName, u.LastName} {
		if p != nil {
			parts = append(parts, *p)
		}
	}
	return strings.Join(parts, " ")
}

// Created is when the user signed up.
func (u clerkUser) Created() time.Time { return time.UnixMilli(u.CreatedAt) }

type clerkOrg struct {
	ID, Name, Slug string
	CreatedAt      int64 `json:"created_at"`
}

// Created is when the organisation was made.
func (o clerkOrg) Created() time.Time { return time.UnixMilli(o.CreatedAt) }

type clerkDelivery struct {
	Type, Error string
	Try, Status int
	Dropped     bool
	At          time.Time
}

func (c *Console) clerk(r *http.Request) (view, error) {
	if c.Clerk.URL == "" {
		return view{}, errNotFound
	}
	var users []clerkUser
	var sent []clerkDelivery
	orgs, err := c.organisations(r.Context())
	if err != nil {
		return view{}, err
	}
	if err := c.Clerk.ask(r.Context(), "/v1/users?limit=500", &users); err != nil {
		return view{}, err
	}
	err = c.Clerk.ask(r.Context(), "/_dev/webhooks", &sent)
	return view{"clerk", "sandboxes.clerk", struct {
		URL       string
		Orgs      []clerkOrg
		Users     []clerkUser
		UserCount int
		Sent      []clerkDelivery
		SentCount int
	}{c.Clerk.URL, orgs, newest(users), len(users), newest(sent), len(sent)}}, err
}

func (c *Console) organisations(ctx context.Context) ([]clerkOrg, error) {
	var list struct{ Data []clerkOrg }
	err := c.Clerk.ask(ctx, "/v1/organizations?limit=500", &list)
	return list.Data, err
}

type branch struct {
	ID, Name string
	State    string    `json:"current_state"`
	Created  time.Time `json:"created_at"`
}

func (c *Console) neon(r *http.Request) (view, error) {
	if c.Neon.URL == "" {
		return view{}, errNotFound
	}
	var list struct{ Branches []branch }
	err := c.Neon.ask(r.Context(), "/projects/sandbox/branches", &list)
	return view{"neon", "sandboxes.neon", list.Branches}, err
}
