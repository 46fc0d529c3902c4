package billingapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fitkit/shared/api/apitest"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/tenancy"
)

type arrearsBody struct {
	Items []struct {
		ChargeID    id.Charge `json:"charge_id"`
		State       string
		DaysOverdue int `json:"days_overdue"`
		Bucket      string
		Rung        int
		Reason      string
	}
	Totals struct {
		Charges int
		Amount  money.Agorot `json:"amount_agorot"`
		Buckets []struct {
			Bucket           string
			Charges, Members int
			Amount           money.Agorot `json:"amount_agorot"`
		}
	}
	NextCursor string `json:"next_cursor"`
}

func arrears(t testing.TB, c *apitest.Client, query string) (b arrearsBody) {
	t.Helper()
	c.Get("/v1/arrears" + query).Want(200).Into(&b)
	return b
}

const aDay = 24 * time.Hour

func TestListArrears(t *testing.T) {
	t.Run("debts are listed the oldest first, each in the bucket of its age, with totals that do not depend on the page", func(t *testing.T) {
		f := newFixture(t)
		m := f.memberWithCard(t, f.A)
		ages := []int{61, 60, 31, 30, 15, 14, 8, 7, 1}
		for _, days := range ages {
			f.charge(t, f.A, m, 100, time.Duration(days)*aDay)
		}
		const totals = "0-7: 2 of 1, 200; 8-14: 2 of 1, 200; 15-30: 2 of 1, 200; 31-60: 2 of 1, 200; 60+: 1 of 1, 100"
		buckets := []string{"60+", "31-60", "31-60", "15-30", "15-30", "8-14", "8-14", "0-7", "0-7"}
		seen, query := 0, "?limit=4"
		for page := arrears(t, f.owner(t), query); ; page = arrears(t, f.owner(t), query+"&cursor="+page.NextCursor) {
			if page.Totals.Charges != 9 || page.Totals.Amount != 900 || bucketText(page) != totals {
				t.Fatalf("%+v", page.Totals)
			}
			for _, a := range page.Items {
				if seen == len(ages) || a.DaysOverdue != ages[seen] || a.Bucket != buckets[seen] || a.State != "due" {
					t.Fatalf("item %d is %+v", seen, a)
				}
				seen++
			}
			if page.NextCursor == "" {
				break
			}
		}
		if seen != len(ages) {
			t.Fatalf("%d listed", seen)
		}
	})
	t.Run("who may read it", func(t *testing.T) {
		f := newFixture(t)
		m := f.memberWithCard(t, f.A)
		f.charge(t, f.A, m, 100, 2*aDay)
		for _, role := range []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk} {
			if got := arrears(t, f.A.As(t, role), ""); len(got.Items) != 1 {
				t.Errorf("%s: %+v", role, got)
			}
		}
		refused(t, f.A, "GET", "/v1/arrears", nil, tenancy.Coach)
		as(t, f.A, m).Get("/v1/arrears").Want(403, "auth.role_not_allowed")
		f.Anonymous(t).Get("/v1/arrears").Want(401)
		if got := arrears(t, f.B.As(t, tenancy.Owner), ""); len(got.Items) != 0 || got.Totals.Charges != 0 || len(got.Totals.Buckets) != 5 {
			t.Fatalf("the second studio: %+v", got)
		}
		for _, query := range []string{"?limit=0", "?limit=101", "?cursor=x"} {
			f.owner(t).Get("/v1/arrears"+query).Want(422, "request.invalid")
		}
	})
	t.Run("a debt is one after a day, or from its first decline", func(t *testing.T) {
		f := newFixture(t)
		m := f.memberWithCard(t, f.A)
		f.charge(t, f.A, m, 100, aDay-time.Second)
		f.charge(t, f.A, m, 100, -aDay)
		late, refused := f.charge(t, f.A, m, 100, aDay), f.charge(t, f.A, m, 100, 0)
		f.answers(declined)
		f.execute(t, f.A, refused)
		got := arrears(t, f.owner(t), "")
		if len(got.Items) != 2 || got.Items[0].ChargeID != late || got.Items[1].ChargeID != refused || got.Items[1].Rung != 1 || got.Items[1].Reason != "soft_decline" {
			t.Fatalf("%+v", got.Items)
		}
	})
	t.Run("a debt whose answer is lost is being checked, and one that was paid or taken back is none", func(t *testing.T) {
		f := newFixture(t)
		checked := f.charge(t, f.A, f.memberWithCard(t, f.A), 100, 3*aDay)
		f.answers(lost)
		f.execute(t, f.A, checked)
		f.provider.Answer = nil
		f.execute(t, f.A, f.charge(t, f.A, f.memberWithCard(t, f.A), 100, 3*aDay))
		f.Exec(t, "update charges set state = 'void' where id = $1", f.charge(t, f.A, f.member(t, f.A), 100, 3*aDay))
		got := arrears(t, f.owner(t), "")
		if len(got.Items) != 1 || got.Items[0].ChargeID != checked || got.Items[0].State != "being_checked" {
			t.Fatalf("%+v", got.Items)
		}
	})
}

func bucketText(b arrearsBody) string {
	var rows []string
	for _, x := range b.Totals.Buckets {
		rows = append(rows, fmt.Sprintf("%s: %d of %d, %d", x.Bucket, x.Charges, x.Members, int64(x.Amount)))
	}
	return strings.Join(rows, "; ")
}
