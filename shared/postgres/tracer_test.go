package postgres_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
)

// Not parallel: the log goes where the whole process writes it. It went red without the batch's time, without the query's,
// and when the organisation of a person was not told.
func TestAnEventTellsTheOrganisationAndTheDatabasesTime(t *testing.T) {
	d := postgrestest.New(t)
	org := id.New[id.Org]()
	d.Exec(t, "insert into orgs (id, clerk_org_id, name, slug) values ($1, 'org_1', 'סטודיו', 'studio')", org)
	person := tenancy.Caller{UserID: "user_1", ClerkOrg: "org_1", ClerkRole: "admin", Allowed: []tenancy.Role{tenancy.Owner}}
	const sleep = "select pg_sleep(0.05)"
	for name, tc := range map[string]struct {
		caller tenancy.Caller
		org    string
		run    func(ctx context.Context, c tenancy.Caller) error
	}{
		"a person's batch": {person, org.String(), func(ctx context.Context, c tenancy.Caller) error {
			b := &postgres.Batch{}
			b.Queue(sleep)
			_, err := d.DB.ReadInOrg(ctx, c, b)
			return err
		}},
		"a person's transaction": {person, org.String(), func(ctx context.Context, c tenancy.Caller) error {
			return d.DB.InOrg(ctx, c, func(tx postgres.Tx) error {
				_, err := tx.Enter(ctx)
				_, e2 := tx.Exec(ctx, sleep)
				return errors.Join(err, e2)
			})
		}},
		"our own work, whose edge names the organisation": {tenancy.ForOrg(org, "job:example-settle"), "", func(ctx context.Context, c tenancy.Caller) error {
			return d.DB.InOrg(ctx, c, func(tx postgres.Tx) error { _, err := tx.Exec(ctx, sleep); return err })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			obs.Redirect(&log)
			t.Cleanup(func() { obs.Redirect(os.Stdout) })
			ctx, wide := obs.Start(t.Context(), "api-example-say", "1")
			if err := tc.run(ctx, tc.caller); err != nil {
				t.Fatal(err)
			}
			wide.End(ctx)
			var event struct {
				Org string  `json:"org"`
				DB  float64 `json:"db_ms"`
				All float64 `json:"ms"`
			}
			if err := json.Unmarshal(log.Bytes(), &event); err != nil || event.Org != tc.org || event.DB < 50 || event.DB > event.All {
				t.Errorf("%v: %+v in %s", err, event, log.String())
			}
		})
	}
}
