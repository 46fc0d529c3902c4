package billingapi_test

import (
	"slices"
	"testing"
	"time"

	"fitkit/shared/api/apitest"
	"fitkit/shared/id"
	"fitkit/shared/tenancy"
)

type chargesBody struct {
	Items      []chargeBody
	NextCursor string `json:"next_cursor"`
}

func (b chargesBody) ids() (ids []id.Charge) {
	for _, c := range b.Items {
		ids = append(ids, c.ID)
	}
	return ids
}

// charges reads one page of charges.
func charges(t testing.TB, c *apitest.Client, query string) (b chargesBody) {
	t.Helper()
	c.Get("/v1/charges" + query).Want(200).Into(&b)
	return b
}

func TestListCharges(t *testing.T) {
	f := newFixture(t)
	m, other := f.memberWithCard(t, f.A), f.memberWithCard(t, f.A)
	old, mid, fresh := f.charge(t, f.A, m, 100, 50*time.Hour), f.charge(t, f.A, m, 200, 2*time.Hour), f.charge(t, f.A, m, 300, 0)
	theirs := f.charge(t, f.A, other, 400, time.Hour)
	of := "?member_id=" + m.String()

	t.Run("those who handle money see everybody's, the latest due first", func(t *testing.T) {
		for _, role := range []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk} {
			if got := charges(t, f.A.As(t, role), "").ids(); !slices.Equal(got, []id.Charge{fresh, theirs, mid, old}) {
				t.Errorf("%s: %v", role, got)
			}
		}
	})
	t.Run("a member sees their own and nobody else's", func(t *testing.T) {
		for _, query := range []string{"", of} {
			if got := charges(t, as(t, f.A, m), query).ids(); !slices.Equal(got, []id.Charge{fresh, mid, old}) {
				t.Errorf("%q: %v", query, got)
			}
		}
		as(t, f.A, other).Get("/v1/charges"+of).Want(404, "billing.member_not_found")
	})
	t.Run("a coach and a stranger may not", func(t *testing.T) {
		refused(t, f.A, "GET", "/v1/charges", nil, tenancy.Coach)
		f.Anonymous(t).Get("/v1/charges").Want(401)
	})
	t.Run("another studio sees none of them", func(t *testing.T) {
		if got := charges(t, f.B.As(t, tenancy.Owner), "").ids(); len(got) != 0 {
			t.Errorf("%v", got)
		}
	})
	t.Run("a member of another studio and of nobody's are one answer", func(t *testing.T) { // red with either an empty list
		f.B.As(t, tenancy.Owner).Get("/v1/charges"+of).Want(404, "billing.member_not_found")
		f.owner(t).Get("/v1/charges?member_id="+id.New[id.Member]().String()).Want(404, "billing.member_not_found")
	})
	t.Run("pages follow each other, also among charges of the same instant", func(t *testing.T) {
		same := f.member(t, f.A)
		var want, got []id.Charge
		for range 5 {
			want = append(want, f.charge(t, f.A, same, 100, 0))
		}
		query := "?limit=2&member_id=" + same.String()
		page := charges(t, f.owner(t), query)
		got = append(got, page.ids()...)
		for pages := 1; page.NextCursor != ""; pages++ {
			if pages == 4 {
				t.Fatal("the pages do not end")
			}
			page = charges(t, f.owner(t), query+"&cursor="+page.NextCursor)
			got = append(got, page.ids()...)
		}
		slices.Reverse(want) // ids rise with time
		if !slices.Equal(got, want) {
			t.Fatalf("%v\n%v", got, want)
		}
	})
	t.Run("days are the studio's: half past midnight in Israel belongs to the new day", func(t *testing.T) {
		night := f.charge(t, f.A, f.member(t, f.A), 100, 7*time.Hour+30*time.Minute) // 2026-02-28T22:30Z
		if got := charges(t, f.owner(t), "?due_from=2026-03-01&due_to=2026-03-01").ids(); !slices.Contains(got, night) || slices.Contains(got, old) {
			t.Fatalf("the first of March has %v", got)
		}
		if got := charges(t, f.owner(t), "?due_to=2026-02-28").ids(); !slices.Equal(got, []id.Charge{old}) {
			t.Fatalf("until the last of February there are %v", got)
		}
	})
	t.Run("what is no filter is refused", func(t *testing.T) {
		for _, query := range []string{"?limit=0", "?limit=101", "?cursor=x", "?member_id=1", "?state=late", "?due_from=yesterday", "?due_to=2026-02-30"} {
			if got := f.owner(t).Get("/v1/charges" + query); got.Status != 422 {
				t.Errorf("%s: %d %s", query, got.Status, got.Body)
			}
		}
	})
	t.Run("a charge whose answer is lost is being checked, never failed, for staff and for the member", func(t *testing.T) {
		debtor := f.memberWithCard(t, f.A)
		c := f.charge(t, f.A, debtor, 100, 0)
		f.answers(lost)
		f.execute(t, f.A, c)
		f.provider.Answer = nil
		for name, client := range map[string]*apitest.Client{"owner": f.owner(t), "member": as(t, f.A, debtor)} {
			all := charges(t, client, "?member_id="+debtor.String())
			if len(all.Items) != 1 || all.Items[0].State != "being_checked" || all.Items[0].Tries != 1 {
				t.Errorf("%s: %+v", name, all)
			}
			if got := charges(t, client, "?state=being_checked").ids(); !slices.Equal(got, []id.Charge{c}) {
				t.Errorf("%s: being checked are %v", name, got)
			}
			for _, state := range []string{"failed", "due", "in_flight", "paid"} {
				if got := charges(t, client, "?state="+state).ids(); slices.Contains(got, c) {
					t.Errorf("%s: it is listed as %s", name, state)
				}
			}
		}
	})
	t.Run("why a charge is void is for staff only", func(t *testing.T) {
		f.owner(t).Post("/v1/charges/"+theirs.String()+"/void", map[string]any{"reason": "secret"}).Want(200)
		if got := charges(t, f.owner(t), "?state=void"); len(got.Items) != 1 || got.Items[0].VoidReason != "secret" {
			t.Fatalf("%+v", got)
		}
		if got := charges(t, as(t, f.A, other), "?state=void"); len(got.Items) != 1 || got.Items[0].VoidReason != "" {
			t.Fatalf("%+v", got)
		}
	})
}
