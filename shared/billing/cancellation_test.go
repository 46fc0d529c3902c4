package billing_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"fitkit/shared/billing/billingtest"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
)

const (
	notAfterCancellation = "charges_not_after_cancellation"

	sqlInsertPeriodCharge = `
insert into charges (org_id, id, member_id, membership_id, kind, period, amount, description, due_at)
select app.org(), $1, payer_id, id, 'period', daterange($3::date, ($3::date + interval '1 month')::date), price, 'test', app.business_now() from memberships where id = $2`
	sqlCancelFrom = `update memberships set cancel_notice_at = now(), cancel_effective_on = $2::date where org_id = app.org() and id = $1`
)

// write runs one statement in a transaction of the studio, as a function does.
func (s studio) write(sql string, args ...any) error {
	return s.DB.InOrg(context.Background(), s.Caller, func(tx postgres.Tx) error {
		_, err := tx.Exec(context.Background(), sql, args...)
		return err
	})
}

func (s studio) periodCharge(ms id.Membership, first string) (id.Charge, error) {
	c := id.New[id.Charge]()
	return c, s.write(sqlInsertPeriodCharge, c, ms, first)
}

func TestNothingIsChargedForAPeriodFromTheCancellationsDayOn(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	membership := func(t *testing.T) id.Membership { return s.Membership(t, s.Member(t), billingtest.Start, 24900) }

	t.Run("a charge comes after the cancellation", func(t *testing.T) {
		ms := membership(t)
		if err := s.write(sqlCancelFrom, ms, "2026-05-01"); err != nil {
			t.Fatal(err)
		}
		for _, first := range []string{"2026-05-01", "2026-05-02", "2026-06-01"} {
			if _, err := s.periodCharge(ms, first); !postgres.Violates(err, notAfterCancellation) {
				t.Errorf("a period from %s: %v", first, err)
			}
		}
		if _, err := s.periodCharge(ms, "2026-04-01"); err != nil {
			t.Errorf("the period before was refused: %v", err)
		}
	})
	t.Run("the cancellation comes after a charge, and takes it back", func(t *testing.T) {
		ms := membership(t)
		c, err := s.periodCharge(ms, "2026-05-01")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.write(sqlCancelFrom, ms, "2026-05-02"); err != nil || s.State(t, c) != "due" {
			t.Fatalf("a cancellation within the period: %v, the charge is %s", err, s.State(t, c))
		}
		if err := s.write(sqlCancelFrom, ms, "2026-05-01"); err != nil || s.State(t, c) != "void" {
			t.Fatalf("a cancellation from the period's day on: %v, the charge is %s", err, s.State(t, c))
		}
	})
	t.Run("both come at once, and the cancellation waits and takes the charge back", func(t *testing.T) {
		ms, c := membership(t), id.New[id.Charge]()
		err := s.DB.InOrg(context.Background(), s.Caller, func(tx postgres.Tx) error {
			if _, err := tx.Exec(context.Background(), sqlInsertPeriodCharge, c, ms, "2026-05-01"); err != nil {
				return err
			}
			if err := s.hasty(sqlCancelFrom, ms, "2026-05-01"); !isLockTimeout(err) {
				t.Errorf("the cancellation did not wait for the charge: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.write(sqlCancelFrom, ms, "2026-05-01"); err != nil || s.State(t, c) != "void" {
			t.Fatalf("%v, the charge is %s", err, s.State(t, c))
		}
	})
	t.Run("a charge of such a period that slipped in is taken back by its job and not collected", func(t *testing.T) {
		ms := membership(t)
		c, err := s.periodCharge(ms, "2026-05-01")
		if err != nil {
			t.Fatal(err)
		}
		s.Exec(t, "set session_replication_role = replica")
		s.Exec(t, "update memberships set cancel_notice_at = now(), cancel_effective_on = '2026-05-01' where id = $1", ms)
		s.Exec(t, "set session_replication_role = origin")
		s.Execute(t, c)
		reason := postgrestest.Get[string](t, s.Database, "select void_reason from charges where id = $1", c)
		if s.State(t, c) != "void" || reason != "membership_cancelled" || s.Provider.Asked != 0 {
			t.Fatalf("%s (%s) after %d requests", s.State(t, c), reason, s.Provider.Asked)
		}
	})
}

// hasty is write that gives up when it must wait for another transaction.
func (s studio) hasty(sql string, args ...any) error {
	return s.DB.InOrg(context.Background(), s.Caller, func(tx postgres.Tx) error {
		if _, err := tx.Exec(context.Background(), "set local lock_timeout = '300ms'"); err != nil {
			return err
		}
		_, err := tx.Exec(context.Background(), sql, args...)
		return err
	})
}

func isLockTimeout(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "55P03"
}
