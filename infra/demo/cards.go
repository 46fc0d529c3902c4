package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"fitkit/infra/local/seed"
)

// mix is the cards that members save, in parts of a thousand. Nine in ten are approved at the first try.
var mix = []struct {
	parts int
	card  string
}{
	{900, seed.CardApproves},
	{12, "4580000000000104"}, // 004 on the first try of each charge
	{10, "4580000000000204"}, // on the first two
	{8, "4580000000000304"},  // on the first three
	{8, "4580000000000004"},  // always
	{7, "4580000000000036"},  // hard: expired
	{5, "4580000000000001"},  // hard: blocked
	{6, "4580000000000006"},  // the payer must act
	{5, "4580000000000017"},  // no instalments
	{5, "4580000000000109"},  // 009, the money was taken
	{4, "4580000000000399"},  // a code in no table
	{8, "4580000000009023"},  // no answer, the money was taken
	{6, "4580000000009013"},  // no answer, nothing was taken
	{5, "4580000000009033"},  // half an answer
	{4, "4580000000009043"},  // a page of HTML
	{3, "4580000000009053"},  // 504
	{2, "4580000000009063"},  // an answer without a code
	{2, "4580000000009073"},  // 429
}

func (d *demo) anyCard() string {
	at := d.random.IntN(1000)
	for _, m := range mix {
		if at -= m.parts; at < 0 {
			return m.card
		}
	}
	return seed.CardApproves
}

func (d *demo) saveCards(ctx context.Context) error {
	err := each(ctx, len(d.members), func(ctx context.Context, i int) error { return d.saveCard(ctx, d.members[i], d.members[i].card) })
	if err != nil {
		return err
	}
	// Pages whose notice never comes are read by the sweep ten business minutes after they were opened.
	return d.advance(ctx, d.clock.Add(15*time.Minute))
}

// saveCard opens the provider's page for a member and fills it in as the member would.
func (d *demo) saveCard(ctx context.Context, m *member, card string) error {
	var session struct{ URL string }
	if err := d.owner.Do(ctx, http.MethodPost, "/v1/card-sessions", newKey(), map[string]any{"member_id": m.id}, &session); err != nil {
		return err
	}
	return seed.SaveCard(ctx, session.URL, card, seed.NationalID(m.n))
}

func post(ctx context.Context, url string, in any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	return exchange(req, nil)
}

func get(ctx context.Context, url string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	return exchange(req, out)
}

func exchange(req *http.Request, out any) error {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s was answered %d", req.Method, req.URL.Path, res.StatusCode)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(out)
}
