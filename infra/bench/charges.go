package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"fitkit/shared/cardcom"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/seal"
	"fitkit/shared/secret"
)

// chargeStudios is over how many organisations the charges are spread.
const chargeStudios = 20

// due is a charge that waits to be collected, with its job.
type due struct {
	org, gateway, member, method, charge, job string
}

const sqlChargeStudios = `
with o as (
  insert into orgs (id, clerk_org_id, name, slug, test_mode) select u.id, 'org_' || u.id, 'סטודיו', u.id::text, true from unnest($1::uuid[]) u (id)
)
insert into gateways (org_id, id, provider, mode, terminal, creds_ct, key_id, hook_token, verified_at)
select org, gateway, 'cardcom', 'test', $4, creds, $5, gateway::text, now()
from unnest($1::uuid[], $2::uuid[], $3::bytea[]) u (org, gateway, creds)`

const sqlCharges = `
with u as (
  select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bytea[]) u (org, gateway, member, method, charge, job, token)
), m as (
  insert into members (org_id, id, name, search_key) select org, member, 'נועה לוי', 'נועה לוי' from u
), pm as (
  insert into payment_methods (org_id, id, member_id, gateway_id, token_ct, key_id, last4, exp_month, exp_year, is_default)
  select org, method, member, gateway, token, $8, '0000', 12, 2030, true from u
), c as (
  insert into charges (org_id, id, member_id, kind, amount, description, due_at) select org, charge, member, 'one_off', 25000, 'bench', now() from u
)
insert into jobs (org_id, id, queue, dedupe_key, payload, sent_at)
select org, job, 'billing-execute-charge', 'charge:' || charge || ':0', jsonb_build_object('charge_id', charge), now() from u`

// till makes charges that are due, of studios with a terminal and members with one saved card each.
type till struct {
	s        *system
	ring     *seal.Ring
	card     secret.Secret // the token of the provider's that every member's saved card stands for
	orgs     []string
	gateways []string
}

func newTill(ctx context.Context, s *system) (*till, error) {
	ring, err := seal.NewRing(secret.Secret(s.Variables["PAYMENT_CREDENTIALS_ENCRYPTION_KEY"]), nil)
	if err != nil {
		return nil, err
	}
	t := &till{s: s, ring: ring}
	if t.card, err = s.saveCard(ctx); err != nil {
		return nil, fmt.Errorf("save a card at the provider: %w", err)
	}
	if err := s.empty(ctx); err != nil {
		return nil, err
	}
	return t, t.openStudios(ctx)
}

func (t *till) openStudios(ctx context.Context) error {
	at := t.s.Secrets.Cardcom
	plain := []byte(fmt.Sprintf(`{"api_name":%q,"api_password":%q}`, at.APIName, at.APIPassword))
	var creds [][]byte
	for range chargeStudios {
		org, gateway := id.New[id.Org]().String(), id.New[id.Gateway]().String()
		t.orgs, t.gateways = append(t.orgs, org), append(t.gateways, gateway)
		creds = append(creds, t.ring.Seal(plain, seal.Place{Org: org, Table: "gateways", Column: "creds_ct", Row: gateway}))
	}
	key := t.ring.ActiveKey()
	_, err := t.s.admin.Exec(ctx, sqlChargeStudios, t.orgs, t.gateways, creds, strconv.Itoa(at.Number), key[:])
	return err
}

// make makes n due charges of members of their own, with the jobs that collect them.
func (t *till) make(ctx context.Context, n int) ([]due, error) {
	list := make([]due, n)
	columns := make([][]string, 6)
	var tokens [][]byte
	for i := range list {
		studio := i * chargeStudios / n // one after the other, as plan-charges queues them
		d := due{org: t.orgs[studio], gateway: t.gateways[studio], member: id.New[id.Member]().String(),
			method: id.New[id.PaymentMethod]().String(), charge: id.New[id.Charge]().String(), job: id.New[id.Job]().String()}
		for c, value := range []string{d.org, d.gateway, d.member, d.method, d.charge, d.job} {
			columns[c] = append(columns[c], value)
		}
		tokens = append(tokens, t.ring.Seal([]byte(t.card.Reveal()), seal.Place{Org: d.org, Table: "payment_methods", Column: "token_ct", Row: d.method}))
		list[i] = d
	}
	key := t.ring.ActiveKey()
	_, err := t.s.admin.Exec(ctx, sqlCharges, columns[0], columns[1], columns[2], columns[3], columns[4], columns[5], tokens, key[:])
	if err != nil {
		return nil, fmt.Errorf("make due charges: %w", err)
	}
	return list, t.s.ready(ctx)
}

// staged is the charge's job as it is sent to queue.
func (d due) staged(queue string) (postgres.Staged, error) {
	job, err1 := id.Parse[id.Job](d.job)
	org, err2 := id.Parse[id.Org](d.org)
	return postgres.Staged{ID: job, Org: org, Queue: queue, Payload: []byte(`{"charge_id":"` + d.charge + `"}`)}, errors.Join(err1, err2)
}

// saveCard types a card that approves into the sandbox's hosted page and answers its token.
func (s *system) saveCard(ctx context.Context) (secret.Secret, error) {
	at := s.Secrets.Cardcom
	creds := payment.Credentials{Terminal: at.Number, Name: secret.Secret(at.APIName), Password: secret.Secret(at.APIPassword)}
	client := cardcom.New(s.Addresses.Cardcom, 10*time.Second)
	reference := id.New[id.CardSession]().String()
	page, err := client.OpenCheckout(ctx, creds, payment.CheckoutRequest{Reference: reference, Amount: 100, SuccessURL: s.Addresses.API + "/saved",
		FailURL: s.Addresses.API + "/failed", NotifyURL: s.Addresses.API + "/notified", Language: "he", PayerName: "נועה לוי"})
	if err != nil {
		return "", err
	}
	form := url.Values{"CardNumber": {"4580000000000000"}, "CardMonth": {"12"}, "CardYear": {"2030"}, "Cvv": {"123"}, "CardOwnerId": {"000000018"}}
	browser := http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.PostForm(page.URL, form)
	if err != nil {
		return "", err
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusSeeOther {
		return "", errors.Join(fmt.Errorf("the hosted page answered %s", answer.Status), err)
	}
	outcome, err := client.FetchCheckout(ctx, creds, page.Ref, reference)
	if err != nil || outcome.Card == nil {
		return "", errors.Join(errors.New("the hosted page saved no card"), err)
	}
	return outcome.Card.Token, nil
}
