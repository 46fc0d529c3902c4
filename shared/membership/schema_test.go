package membership_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/id"
	"fitkit/shared/membership"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
)

// shelf is a studio with a member and a plan of two versions, [1 Jan 2026, 1 Mar 2026) and from 1 Mar on.
type shelf struct {
	conn                          *pgx.Conn
	org, member, plan, old, fresh string
}

func stock(t *testing.T) *shelf {
	t.Helper()
	d := postgrestest.New(t)
	conn, err := pgx.Connect(context.Background(), d.AdminURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	s := &shelf{conn, id.New[id.Org]().String(), id.New[id.Member]().String(), id.New[id.Plan]().String(), id.New[id.PlanVersion]().String(),
		id.New[id.PlanVersion]().String()}
	for _, err := range []error{
		s.do("insert into orgs (id, clerk_org_id, name, slug) values ($1, 'org_1', 'סטודיו', '')", s.org),
		s.do("insert into members (org_id, id, name, search_key) values ($1, $2, 'דנה', '')", s.org, s.member),
		s.do("insert into plans (org_id, id, name, type, status) values ($1, $2, 'חופשי', 'recurring', 'published')", s.org, s.plan),
		s.version(s.old, 1, "[2026-01-01,2026-03-01)"), s.version(s.fresh, 2, "[2026-03-01,)"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *shelf) do(sql string, args ...any) error {
	_, err := s.conn.Exec(context.Background(), sql, args...)
	return err
}

func (s *shelf) version(versionID string, n int, effective string) error {
	return s.do(`insert into plan_versions (org_id, id, plan_id, version, price, pay_mode, effective, published_at)
values ($1, $2, $3, $4, 24900, 'monthly', $5, now())`, s.org, versionID, s.plan, n, effective)
}

// hold puts a membership in a state, past the trigger.
func (s *shelf) hold(state membership.State) (membershipID string, err error) {
	membershipID = id.New[id.Membership]().String()
	return membershipID, s.do(`insert into memberships (org_id, id, member_id, plan_version_id, payer_id, type, state, price, pay_mode, start_on, anchor_day)
values ($1, $2, $3, $4, $3, 'recurring', $5, 24900, 'monthly', '2026-01-01', 1)`, s.org, membershipID, s.member, s.old, state)
}

func TestAMembershipGoesOnlyTheWaysOfRuleR3(t *testing.T) {
	t.Parallel()
	s := stock(t)
	states := []membership.State{membership.PendingPayment, membership.Active, membership.Frozen, membership.CancelPending, membership.Ended}
	ways := map[membership.State][]membership.State{
		membership.PendingPayment: {membership.Active, membership.CancelPending, membership.Ended},
		membership.Active:         {membership.Frozen, membership.CancelPending, membership.Ended},
		membership.Frozen:         {membership.Active, membership.CancelPending, membership.Ended},
		membership.CancelPending:  {membership.Active, membership.Ended}, // notice is withdrawn, or takes effect
		membership.Ended:          {},
	}
	for _, from := range states {
		for _, to := range states {
			allowed := from == to || slices.Contains(ways[from], to)
			t.Run(fmt.Sprintf("%s to %s is allowed: %v", from, to, allowed), func(t *testing.T) {
				m, err := s.hold(from)
				if err != nil {
					t.Fatal(err)
				}
				err = s.do("update memberships set state = $2 where id = $1", m, to)
				if allowed && err != nil || !allowed && !postgres.Violates(err, "memberships_transition") {
					t.Fatalf("got %v", err)
				}
			})
		}
	}
	t.Run("another state does not exist", func(t *testing.T) {
		if _, err := s.hold("arrears"); !postgres.Violates(err, "memberships_state") {
			t.Fatalf("got %v", err)
		}
	})
}

func TestAPublishedVersionIsHistory(t *testing.T) {
	t.Parallel()
	s := stock(t)
	for name, change := range map[string]string{
		"its price":           "price = 19900",
		"its base price":      "base_price = 34900",
		"its pay mode":        "pay_mode = 'upfront'",
		"its entries":         "entries = 4",
		"its limits":          `limits = '{"per_week": 2}'`,
		"its number":          "version = 9",
		"its first day":       "effective = '[2026-01-02,2026-03-01)'",
		"a later end":         "effective = '[2026-01-01,2026-03-02)'",
		"no end":              "effective = '[2026-01-01,)'",
		"when it was made":    "published_at = published_at + interval '1 day'",
		"which plan it is of": "plan_id = app.uuidv7()",
	} {
		t.Run(name+" does not change", func(t *testing.T) {
			if err := s.do("update plan_versions set "+change+" where id = $1", s.old); !postgres.Violates(err, "plan_versions_immutable") {
				t.Fatalf("got %v", err)
			}
		})
	}
	t.Run("its end may come earlier", func(t *testing.T) {
		if err := s.do("update plan_versions set effective = '[2026-01-01,2026-02-01)' where id = $1", s.old); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a version that never was on sale is not revived", func(t *testing.T) {
		if err := s.do("update plan_versions set effective = 'empty' where id = $1", s.fresh); err != nil {
			t.Fatal(err)
		}
		if err := s.do("update plan_versions set effective = '[2026-03-01,)' where id = $1", s.fresh); !postgres.Violates(err, "plan_versions_immutable") {
			t.Fatalf("got %v", err)
		}
	})
}

func TestAPlanHasOneVersionOnADay(t *testing.T) {
	t.Parallel()
	s := stock(t)
	for name, tc := range map[string]struct {
		n          int
		effective  string
		constraint string
	}{
		"on one day of another": {3, "[2026-02-28,2026-03-01)", "plan_versions_no_overlap"},
		"inside an open end":    {3, "[2030-01-01,2030-02-01)", "plan_versions_no_overlap"},
		"under a used number":   {2, "[2025-01-01,2025-02-01)", "plan_versions_number_once"},
	} {
		t.Run("a version "+name+" is refused", func(t *testing.T) {
			if err := s.version(id.New[id.PlanVersion]().String(), tc.n, tc.effective); !postgres.Violates(err, tc.constraint) {
				t.Fatalf("got %v", err)
			}
		})
	}
	t.Run("a version that ends where another begins is not in its way", func(t *testing.T) {
		if err := s.version(id.New[id.PlanVersion]().String(), 3, "[2025-12-01,2026-01-01)"); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAMembersOwnRowIsFoundByAnIndexUnderRowLevelSecurity(t *testing.T) {
	t.Parallel()
	s := stock(t)
	for _, sql := range []string{"set role fitkit_app", "set enable_seqscan = off", "select set_config('app.org_id', '" + s.org + "', false)"} {
		if err := s.do(sql); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := s.conn.Query(context.Background(), "explain select id from members where org_id = app.org() and clerk_user_id = app.actor()")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(plan, func(line string) bool {
		return strings.Contains(line, "Index Cond") && strings.Contains(line, "clerk_user_id = ")
	}) {
		t.Fatalf("the database reads every member of the studio:\n%s", strings.Join(plan, "\n"))
	}
}
