package billingapi_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/tenancy"
)

// chargeBody is a charge as the endpoints answer it.
type chargeBody struct {
	ID          id.Charge
	MemberID    id.Member `json:"member_id"`
	Kind        string
	Description string
	Amount      money.Agorot `json:"amount_agorot"`
	State       string
	DueAt       time.Time `json:"due_at"`
	Tries       int
	VoidReason  string `json:"void_reason"`
}

// fee is the body of a charge of a member, with other fields over it.
func fee(m id.Member, over map[string]any) map[string]any {
	body := map[string]any{"member_id": m, "kind": "fee", "amount_agorot": 5000, "description": "ביטול מאוחר"}
	maps.Copy(body, over)
	return body
}

func TestCreateCharge(t *testing.T) {
	f := newFixture(t)
	m := f.memberWithCard(t, f.A)
	jobs := func(c id.Charge) int {
		return f.count(t, "jobs where queue = 'billing-execute-charge' and payload->>'charge_id' = $1", c.String())
	}

	t.Run("everyone who handles money may, and the charge is due now, sent to be collected and in the member's history", func(t *testing.T) {
		for _, role := range []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk} {
			var got chargeBody
			f.A.As(t, role).Post("/v1/charges", fee(m, nil)).Want(201).Into(&got)
			if got.State != "due" || got.Amount != 5000 || got.MemberID != m || got.Kind != "fee" || !got.DueAt.Equal(billingtest.Start) {
				t.Errorf("%s: %+v", role, got)
			}
			if n := jobs(got.ID); n != 1 {
				t.Errorf("%s: %d jobs", role, n)
			}
			if n := f.count(t, "member_events where member_id = $1 and kind = 'charge.created' and data->>'charge_id' = $2", m, got.ID.String()); n != 1 {
				t.Errorf("%s: %d events", role, n)
			}
		}
	})
	t.Run("a coach, a member and a stranger may not", func(t *testing.T) {
		refused(t, f.A, "POST", "/v1/charges", fee(m, nil), tenancy.Coach)
		as(t, f.A, m).Post("/v1/charges", fee(m, nil)).Want(403, "auth.role_not_allowed")
		f.Anonymous(t).Post("/v1/charges", fee(m, nil)).Want(401)
	})
	t.Run("another studio's, an archived and a made-up member are the same nobody", func(t *testing.T) {
		archived := f.member(t, f.A)
		f.Exec(t, "update members set status = 'archived' where id = $1", archived)
		f.B.As(t, tenancy.Owner).Post("/v1/charges", fee(m, nil)).Want(404, "billing.member_not_found")
		f.owner(t).Post("/v1/charges", fee(archived, nil)).Want(404, "billing.member_not_found")
		f.owner(t).Post("/v1/charges", fee(id.New[id.Member](), nil)).Want(404, "billing.member_not_found")
	})
	t.Run("what cannot be charged is refused and leaves no charge", func(t *testing.T) {
		before := f.count(t, "charges")
		for name, over := range map[string]map[string]any{
			"nothing":                                {"amount_agorot": 0},
			"less than nothing":                      {"amount_agorot": -1},
			"half an agora":                          {"amount_agorot": 0.5},
			"more than a million shekels":            {"amount_agorot": 100_000_001},
			"a period, which the planner makes":      {"kind": "period"},
			"an unknown kind":                        {"kind": "gift"},
			"no description":                         {"description": ""},
			"a description of blanks":                {"description": "   "},
			"a description with a control character": {"description": "a\x07b"},
			"a description of 121 letters":           {"description": strings.Repeat("א", 121)},
			"no instalments":                         {"installments": 0},
			"too many instalments":                   {"installments": 37},
			"a day beyond twelve months":             {"due_at": billingtest.Start.AddDate(1, 0, 1)},
			"a due time that is none":                {"due_at": "tomorrow"},
			"a member that is no id":                 {"member_id": "1"},
			"a field that says it is paid":           {"state": "paid"},
			"another studio's id":                    {"org_id": f.B.Org},
		} {
			if got := f.owner(t).Post("/v1/charges", fee(m, over)); got.Status != 422 {
				t.Errorf("%s: %d %s", name, got.Status, got.Body)
			}
		}
		if n := f.count(t, "charges"); n != before {
			t.Fatalf("%d charges were made", n-before)
		}
	})
	t.Run("a description of 120 Hebrew letters fits", func(t *testing.T) {
		f.owner(t).Post("/v1/charges", fee(m, map[string]any{"description": strings.Repeat("א", 120)})).Want(201)
	})
	t.Run("a charge for a past day is due now", func(t *testing.T) {
		var got chargeBody
		f.owner(t).Post("/v1/charges", fee(m, map[string]any{"due_at": billingtest.Start.AddDate(0, -1, 0)})).Want(201).Into(&got)
		if !got.DueAt.Equal(billingtest.Start) {
			t.Fatalf("due %s", got.DueAt)
		}
	})
	t.Run("the same request again makes no second charge", func(t *testing.T) {
		client, before := f.A.As(t, tenancy.FrontDesk), f.count(t, "charges")
		client.Headers["Idempotency-Key"] = "once"
		a, b := client.Post("/v1/charges", fee(m, nil)).Want(201), client.Post("/v1/charges", fee(m, nil)).Want(201)
		if n := f.count(t, "charges") - before; n != 1 || string(a.Body) != string(b.Body) {
			t.Fatalf("%d charges\n%s\n%s", n, a.Body, b.Body)
		}
	})
	t.Run("a charge for a later day is sent to be collected on that day, once", func(t *testing.T) {
		var got chargeBody
		f.owner(t).Post("/v1/charges", fee(m, map[string]any{"due_at": billingtest.Start.Add(48 * time.Hour)})).Want(201).Into(&got)
		collect := func() {
			if _, err := f.collector.CollectDueOrg(context.Background(), tenancy.ForOrg(f.A.Org, "test")); err != nil {
				t.Fatal(err)
			}
		}
		if collect(); jobs(got.ID) != 0 {
			t.Fatal("it was sent before its day")
		}
		f.wait(t, f.A, 48*time.Hour)
		collect()
		if collect(); jobs(got.ID) != 1 {
			t.Fatalf("%d jobs on its day", jobs(got.ID))
		}
	})
}
