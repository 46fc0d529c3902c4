package billingapi_test

import (
	"bytes"
	"maps"
	"strings"
	"testing"
	"time"

	"fitkit/shared/api/apitest"
	"fitkit/shared/cardcom"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
)

const gatewayPath = "/v1/gateways/cardcom"

// terminal is the body of a connection, with other fields over it.
func terminal(over map[string]any) map[string]any {
	body := map[string]any{"terminal_number": 1000, "api_name": "our-name", "api_password": "our-password", "mode": "test"}
	maps.Copy(body, over)
	return body
}

type gatewayBody struct {
	ID             id.Gateway
	State, Mode    string
	Terminal       string
	ChargesResumed int        `json:"charges_resumed"`
	FormerUntil    *time.Time `json:"former_notice_address_until"`
}

// row is all that is kept of a studio's gateway.
func (f *fixture) row(t testing.TB, studio apitest.Studio) string {
	t.Helper()
	return postgrestest.Get[string](t, f.Database, "select coalesce(string_agg(g::text, '|'), '') from gateways g where org_id = $1", studio.Org)
}

func TestConnectGateway(t *testing.T) {
	f := newFixture(t)

	t.Run("only an owner may, and nobody else's guess reaches the provider", func(t *testing.T) {
		refused(t, f.A, "PUT", gatewayPath, terminal(nil), tenancy.Manager, tenancy.FrontDesk, tenancy.Coach)
		as(t, f.A, f.member(t, f.A)).Put(gatewayPath, terminal(nil)).Want(403, "auth.role_not_allowed")
		f.Anonymous(t).Put(gatewayPath, terminal(nil)).Want(401)
		if len(f.provider.probed) != 0 {
			t.Fatal("the provider was asked")
		}
	})
	t.Run("what was typed is tried at the provider, sealed, and in the trail; the address of notices stays", func(t *testing.T) {
		token, other := f.gateways[f.A.Org].String(), f.row(t, f.B)
		var got gatewayBody
		answer := f.owner(t).Put(gatewayPath, terminal(map[string]any{"terminal_number": 2000})).Want(200)
		answer.Into(&got)
		if got.ID != f.gateways[f.A.Org] || got.State != "active" || got.Mode != "test" || got.Terminal != "2000" || got.ChargesResumed != 0 {
			t.Fatalf("%+v", got)
		}
		if c := f.provider.probed[len(f.provider.probed)-1]; c.Terminal != 2000 || c.Name.Reveal() != "our-name" || c.Password.Reveal() != "our-password" {
			t.Fatal("the provider was asked about something else")
		}
		kept := postgrestest.Get[[]byte](t, f.Database, "select creds_ct from gateways where id = $1", got.ID)
		if bytes.Contains(kept, []byte("our-")) || strings.Contains(string(answer.Body), "our-") {
			t.Fatal("the credentials can be read")
		}
		if now := postgrestest.Get[string](t, f.Database, "select hook_token from gateways where id = $1", got.ID); now != token {
			t.Fatal("the address of notices changed")
		}
		if n := f.count(t, "audit_log where action = 'gateway.connected' and object_id = $1 and data::text not like '%our-%'", got.ID); n != 1 {
			t.Fatalf("%d lines in the audit log", n)
		}
		if f.row(t, f.B) != other {
			t.Fatal("the second studio's gateway changed")
		}
	})
	t.Run("a wrong terminal password connects nothing and changes nothing", func(t *testing.T) {
		before := f.row(t, f.A)
		f.provider.refuses = payment.ErrCredentials
		f.owner(t).Put(gatewayPath, terminal(nil)).Want(422, "gateway.credentials_refused")
		f.provider.refuses = cardcom.ErrUnreachable
		f.owner(t).Put(gatewayPath, terminal(nil)).Want(503, "gateway.unreachable")
		f.provider.refuses = nil
		if f.row(t, f.A) != before {
			t.Fatal("the gateway changed")
		}
	})
	// Red while a step did not make sure of its key: the terminal of the first request took the place of the one that was connected last.
	t.Run("a worker that hung at the provider until others had taken over changes nothing", func(t *testing.T) {
		client := f.owner(t)
		client.Headers["Idempotency-Key"] = "hangs"
		var taken string
		f.provider.meanwhile = func() {
			f.Exec(t, "update idempotency_keys set lease_until = now() - interval '1 second' where key = 'hangs'")
			taken = string(client.Put(gatewayPath, terminal(map[string]any{"terminal_number": 2000})).Want(200).Body)
			f.owner(t).Put(gatewayPath, terminal(map[string]any{"terminal_number": 3000})).Want(200)
		}
		client.Put(gatewayPath, terminal(map[string]any{"terminal_number": 2000})).Want(409, "idempotency.in_progress")
		if now := postgrestest.Get[string](t, f.Database, "select terminal from gateways where org_id = $1", f.A.Org); now != "3000" {
			t.Errorf("terminal %s is connected", now)
		}
		if again := client.Put(gatewayPath, terminal(map[string]any{"terminal_number": 2000})).Want(200); string(again.Body) != taken {
			t.Errorf("a repeat is told %s, not %s", again.Body, taken)
		}
		f.owner(t).Put(gatewayPath, terminal(map[string]any{"terminal_number": 2000})).Want(200)
	})
	t.Run("a test studio may not connect a live terminal, and the provider is not asked", func(t *testing.T) {
		before, asked := f.row(t, f.A), len(f.provider.probed)
		f.owner(t).Put(gatewayPath, terminal(map[string]any{"mode": "live"})).Want(409, "billing.test_org_not_live")
		if f.row(t, f.A) != before || len(f.provider.probed) != asked {
			t.Fatal("it went further")
		}
	})
	t.Run("a new address for notices says until when the former is taken, and is in the trail", func(t *testing.T) {
		var got gatewayBody
		f.owner(t).Put(gatewayPath, terminal(map[string]any{"new_notice_address": true})).Want(200).Into(&got)
		former := postgrestest.Get[time.Time](t, f.Database, "select former_hook_until from gateways where id = $1 and former_hook_token = $2 and hook_token <> $2",
			got.ID, f.gateways[f.A.Org].String())
		if got.FormerUntil == nil || !got.FormerUntil.Equal(former) {
			t.Fatalf("said %v, and it is until %s", got.FormerUntil, former)
		}
		if n := f.count(t, "audit_log where action = 'gateway.connected' and object_id = $1 and (data->>'new_hook')::boolean", got.ID); n != 1 {
			t.Fatalf("%d lines in the audit log", n)
		}
	})
	t.Run("what is no connection is refused", func(t *testing.T) {
		for name, over := range map[string]map[string]any{
			"no terminal": {"terminal_number": 0}, "a terminal in letters": {"terminal_number": "x"}, "an unknown mode": {"mode": "real"},
			"no name": {"api_name": ""}, "no password": {"api_password": ""}, "a long password": {"api_password": strings.Repeat("x", 101)},
			"a field of ours": {"hook_token": "x"},
		} {
			if got := f.owner(t).Put(gatewayPath, terminal(over)); got.Status != 422 {
				t.Errorf("%s: %d %s", name, got.Status, got.Body)
			}
		}
		f.owner(t).Put("/v1/gateways/other", terminal(nil)).Want(422, "request.invalid")
	})
	t.Run("a live studio connects its first, live terminal", func(t *testing.T) {
		f.Exec(t, "delete from gateways where org_id = $1", f.B.Org)
		f.Exec(t, "update orgs set test_mode = false, test_now = null where id = $1", f.B.Org)
		var got gatewayBody
		f.B.As(t, tenancy.Owner).Put(gatewayPath, terminal(map[string]any{"mode": "live"})).Want(200).Into(&got)
		if got.Mode != "live" || f.count(t, "gateways where org_id = $1 and id = $2 and octet_length(hook_token) >= 32", f.B.Org, got.ID) != 1 {
			t.Fatalf("%+v", got)
		}
	})
}

func TestReconnectingResumesPausedCharges(t *testing.T) {
	f := newFixture(t)
	first, second := f.charge(t, f.A, f.memberWithCard(t, f.A), 100, 0), f.charge(t, f.A, f.memberWithCard(t, f.A), 100, 0)
	later := f.charge(t, f.A, f.memberWithCard(t, f.A), 100, -aDay)
	theirs := f.charge(t, f.B, f.memberWithCard(t, f.B), 100, 0)
	f.answers(payment.Outcome{State: payment.Declined, Class: payment.ConfigError, Code: "603"})
	f.execute(t, f.A, first)
	f.provider.Answer = nil
	f.execute(t, f.A, second)
	if f.provider.Asked != 1 || f.state(t, first) != "due" || f.state(t, second) != "due" {
		t.Fatalf("a wrong terminal did not pause the studio: %s, %s after %d requests", f.state(t, first), f.state(t, second), f.provider.Asked)
	}
	f.owner(t).Post("/v1/charges/"+second.String()+"/retry", nil).Want(409, "billing.no_gateway")

	var got gatewayBody
	f.owner(t).Put(gatewayPath, terminal(nil)).Want(200).Into(&got)
	if got.State != "active" || got.ChargesResumed != 2 {
		t.Fatalf("%+v", got)
	}
	resumed := func(c id.Charge) int {
		return f.count(t, "jobs where queue = 'billing-execute-charge' and dedupe_key like 'charge:' || $1 || ':resume:%'", c.String())
	}
	if resumed(first) != 1 || resumed(second) != 1 || resumed(later) != 0 || resumed(theirs) != 0 {
		t.Fatal("other charges were resumed")
	}
	f.execute(t, f.A, first)
	f.execute(t, f.A, second)
	if f.state(t, first) != "paid" || f.state(t, second) != "paid" {
		t.Fatalf("%s, %s after the connection", f.state(t, first), f.state(t, second))
	}
}
