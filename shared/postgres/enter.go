package postgres

import (
	"github.com/jackc/pgx/v5"

	"fitkit/shared/tenancy"
)

const (
	enterColumns = "select org_id, role, staff_id, member_id, business_now, tz, test_mode from "
	sqlEnter     = enterColumns + "app.enter($1::text, $2::text, $3::text, $4::uuid, $5::text, $6::text[])"
	sqlEnterOrg  = enterColumns + "app.enter_org($1::uuid, $2::text)"
	sqlEnterHook = enterColumns + "app.enter_hook($1::text, $2::text)"

	sqlEnterTicket     = enterColumns + "app.enter_ticket($1::bytea)"
	sqlEnterConnection = enterColumns + "app.enter_connection($1::text, $2::text)"
)

// queueEnter puts the statement that establishes the organisation into b. The system role has none.
func (s *session) queueEnter(b *pgx.Batch) {
	if s.caller != nil {
		queueEnter(b, *s.caller, &s.entered)
	}
}

func queueEnter(b *pgx.Batch, c tenancy.Caller, into *tenancy.Entered) {
	var q *pgx.QueuedQuery
	switch {
	case c.HookToken != "":
		q = b.Queue(sqlEnterHook, c.HookToken, c.Actor)
	case c.Ticket != nil:
		q = b.Queue(sqlEnterTicket, c.Ticket)
	case c.Connection != "":
		q = b.Queue(sqlEnterConnection, c.Connection, nullable(c.Actor))
	case !c.Org.IsZero():
		q = b.Queue(sqlEnterOrg, c.Org, c.Actor)
	default:
		roles := make([]string, len(c.Allowed))
		for i, r := range c.Allowed {
			roles[i] = string(r)
		}
		q = b.Queue(sqlEnter, nullable(c.ClerkOrg), c.ClerkSlug, c.ClerkRole, c.HeaderOrg, c.UserID, roles)
	}
	q.QueryRow(func(row pgx.Row) error {
		return row.Scan(&into.Org, &into.Role, &into.StaffID, &into.MemberID, &into.Now, &into.Zone, &into.TestMode)
	})
}

func nullable(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
