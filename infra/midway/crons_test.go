package midway

import (
	"context"
	"errors"
	"time"

	"fitkit/shared/backup"
	"fitkit/shared/backup/backupcron"
	"fitkit/shared/backup/backupverify"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingcron"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/blob"
	"fitkit/shared/blob/blobcron"
	"fitkit/shared/blob/documents"
	"fitkit/shared/civil"
	"fitkit/shared/clock"
	"fitkit/shared/cron"
	"fitkit/shared/id"
	"fitkit/shared/membership"
	"fitkit/shared/membership/membershipcron"
	"fitkit/shared/neon"
	"fitkit/shared/outbox"
	"fitkit/shared/outbox/outboxcron"
	"fitkit/shared/platform"
	"fitkit/shared/platform/platformcron"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/realtime"
	"fitkit/shared/realtime/realtimecron"
	"fitkit/shared/rotation"
	"fitkit/shared/rotation/rotationcron"
	"fitkit/shared/run"
	"fitkit/shared/upload"
	"fitkit/shared/upload/uploadcron"
)

// cronFlows are the schedules.
var cronFlows = map[string][]flow{
	"cron-billing-plan-charges": {
		named("a period", planning(func(w *world) { w.Membership(w.t, w.Member(w.t), billingtest.Start, 24900) })),
		named("a charge whose day has come", planning(func(w *world) { w.Charge(w.t, w.Member(w.t), 24900) })),
		named("a charge whose job died", planning(func(w *world) {
			c := w.Charge(w.t, w.Member(w.t), 24900)
			w.Exec(w.t, `insert into jobs (org_id, queue, dedupe_key, payload, state, finished_at)
					values ($2, 'billing-execute-charge', 'charge:' || $1::uuid || ':0', jsonb_build_object('charge_id', $1::uuid), 'dead', now() - interval '7 hours')`, c, w.Org)
		})),
	},
	"cron-billing-run-dunning": {schedule(billingcron.RunDunningOp, func(w *world, app *run.App) cron.Handler { return billingcron.RunDunning(w.sweeper(app)) },
		func(w *world) any {
			w.Exec(w.t, "update dunning_cases set next_at = (select test_now from orgs where id = org_id) where member_id = $1", w.declined())
			return nil
		})},
	"cron-billing-sweep-unknown": {schedule(billingcron.SweepUnknownOp, func(w *world, app *run.App) cron.Handler { return billingcron.SweepUnknown(w.sweeper(app)) },
		func(w *world) any {
			w.dead()
			return nil
		})},
	"cron-compliance-check-lock": {reads("a look at the bucket's rules", schedule(blobcron.CheckLockOp,
		func(*world, *run.App) cron.Handler { return blobcron.CheckLock(locked{}) },
		func(*world) any { return nil }))},
	// The relay sends between two transactions, and gives up in a third.
	"cron-job-relay": {steps(`select (select sent_at is not null and state = 'ready' from jobs where id = $1)
					and (select state = 'dead' from jobs where dedupe_key = 'lost:' || $1::uuid)
			and not exists (select from idempotency_keys where key = $1::uuid::text)`,
		schedule(outboxcron.RelayOp, func(w *world, app *run.App) cron.Handler {
			return outboxcron.Relay(outbox.NewRelay(w.system(app), outbox.From(app)))
		},
			func(w *world) any {
				j := id.New[id.Job]()
				w.Exec(w.t, `insert into jobs (id, org_id, queue, dedupe_key, payload, created_at)
					values ($1::uuid, $2, 'billing-execute-charge', $1::uuid::text, '{}', now() - interval '1 minute')`, j, w.Org)
				w.Exec(w.t, `insert into jobs (org_id, queue, dedupe_key, payload, sent_at, resends, attempts)
					values ($2, 'billing-execute-charge', 'lost:' || $1::uuid, '{}', now() - interval '1 day', 3, 3)`, j, w.Org)
				w.Exec(w.t, `insert into idempotency_keys (org_id, actor, key, operation, request_sha, lease_until, created_at)
					values ($2, 'user_x', $1::uuid::text, 'x', sha256('x'), now(), now() - interval '25 hours')`, j, w.Org)
				return j
			}))},
	"cron-membership-apply-events": {schedule(membershipcron.ApplyEventsOp,
		func(w *world, app *run.App) cron.Handler {
			return membershipcron.ApplyEvents(membership.NewEnder(w.system(app), w.db(app)))
		},
		func(w *world) any {
			ms := w.Membership(w.t, w.Member(w.t), billingtest.Start, 24900)
			w.Exec(w.t, "update memberships set next_charge_at = null, term_end = start_on where id = $1", ms)
			return nil
		})},
	// A file goes between two transactions: its row last.
	"cron-org-expire-uploads": {steps(`select not exists (select from uploads where id = $1)`,
		schedule(uploadcron.ExpireOp, func(w *world, app *run.App) cron.Handler {
			return uploadcron.Expire(upload.NewExpirer(w.system(app), w.db(app), blob.From(app)))
		},
			func(w *world) any {
				u := w.upload(csv)
				w.Exec(w.t, "update uploads set created_at = now() - interval '23 hours', expires_at = now() - interval '1 hour' where id = $1", u)
				return u
			}))},
	"cron-platform-export-orgs": {schedule(backupcron.ExportOrgsOp, func(w *world, app *run.App) cron.Handler {
		return backupcron.ExportOrgs(backup.NewPlanner(w.system(app), w.db(app)))
	},
		func(w *world) any { w.Exec(w.t, "delete from jobs"); return nil })},
	"cron-platform-expire-history": {steps(`select not exists (select from jobs where id = $1) and not exists (select from inbox) and
					not exists (select from cron_runs where started_at < now() - interval '90 days')`,
		schedule(platformcron.ExpireHistoryOp, func(w *world, app *run.App) cron.Handler {
			return platformcron.ExpireHistory(platform.NewHistory(w.system(app)))
		},
			func(w *world) any {
				w.Exec(w.t, "delete from inbox")
				w.Exec(w.t, `insert into inbox (id, provider, event_key, payload, received_at)
					values ('00000000-0000-7000-8000-000000000001', 'clerk', 'old', '{}', now() - interval '91 days')`)
				w.Exec(w.t, `insert into cron_runs (name, slot, started_at, lease_until, finished_at)
					select 'cron-job-relay', at, at, at, at from (values (now() - interval '91 days')) old (at)`)
				return postgrestest.Get[string](w.t, w.Database, `insert into jobs (id, org_id, queue, dedupe_key, payload, state, finished_at)
					select '00000000-0000-7000-8000-000000000002', id, 'org-apply-clerk-event', 'old', '{}', 'done', now() - interval '91 days'
					from orgs limit 1 returning id::text`)
			}))},
	"cron-platform-watch-keys": {reads("a count of what each key has sealed", schedule(rotationcron.WatchKeysOp,
		func(w *world, app *run.App) cron.Handler {
			return rotationcron.WatchKeys(rotation.NewStore(w.system(app), w.rings()))
		},
		func(*world) any { return nil }))},
	// A proof that failed is tried again the next night, with a report of its own.
	"cron-platform-verify-backup": {steps(`select count(*) > $1::int from backup_reports`, schedule(backupcron.VerifyBackupOp,
		func(w *world, app *run.App) cron.Handler {
			system := w.system(app)
			return backupcron.VerifyBackup(&backupverify.Verifier{Production: backupverify.Database{App: w.db(app), System: system}, Vendor: away{},
				Reports:   backup.NewReports(system),
				Documents: shelf{}, Now: clock.Real})
		}, func(w *world) any {
			return postgrestest.Get[int](w.t, w.Database, "select count(*) from backup_reports")
		}))},
	// A connection is cut between two transactions: its row goes last.
	"cron-realtime-cut-connections": {steps(`select not exists (select from connections where id = $1)
					and not exists (select from socket_tickets where expires_at < now() - interval '1 hour')`,
		schedule(realtimecron.CutOp, func(w *world, app *run.App) cron.Handler {
			return realtimecron.Cut(realtime.NewCutter(w.system(app), poster{}))
		},
			func(w *world) any {
				connection := w.connected()
				w.Exec(w.t, "update connections set connected_at = now() - interval '1 hour', last_seen = now() - interval '1 hour' where id = $1", connection)
				w.Exec(w.t, `update socket_tickets set created_at = now() - interval '2 hours', used_at = now() - interval '2 hours',
					expires_at = now() - interval '2 hours' + interval '1 minute'`)
				return connection
			}))},
}

func planning(arrange func(w *world)) flow {
	return schedule(billingcron.PlanChargesOp, func(w *world, app *run.App) cron.Handler { return billingcron.PlanCharges(w.sweeper(app)) },
		func(w *world) any { arrange(w); return nil })
}

func (w *world) sweeper(app *run.App) *billing.Sweeper {
	return billing.NewSweeper(w.system(app), w.db(app))
}

// locked is a bucket whose lock is in force.
type locked struct{}

func (locked) CheckLock(context.Context) error { return nil }

// away is Neon when it does not answer: the report says that there is no copy.
type away struct{}

var errAway = errors.New("no answer")

func (away) History(context.Context) (time.Duration, error)                { return 0, errAway }
func (away) Root(context.Context) (bool, error)                            { return false, errAway }
func (away) Create(context.Context, neon.Branch) (string, error)           { return "", errAway }
func (away) Address(context.Context, string, string, bool) (string, error) { return "", errAway }
func (away) ResetPassword(context.Context, string, string) error           { return errAway }
func (away) Delete(context.Context, string, bool) error                    { return errAway }

// shelf takes every report.
type shelf struct{}

func (shelf) PutReport(_ context.Context, folder, name string, _ civil.Date, _ []byte) (documents.Receipt, error) {
	return documents.Receipt{Key: folder + "/" + name}, nil
}

// connected is an open connection of the owner.
func (w *world) connected() string {
	w.t.Helper()
	store, connection := realtime.NewStore(w.DB), id.New[id.Event]().String()
	ticket, _, err := store.CreateTicket(w.t.Context(), w.person())
	if err == nil {
		err = store.Open(w.t.Context(), ticket, connection)
	}
	return must[string](w)(connection, err)
}
