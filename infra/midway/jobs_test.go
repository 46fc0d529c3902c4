package midway

import (
	"strings"
	"time"

	"fitkit/shared/backup"
	"fitkit/shared/backup/backupfile"
	"fitkit/shared/backup/backupjob"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingjob"
	"fitkit/shared/blob"
	"fitkit/shared/id"
	"fitkit/shared/job"
	"fitkit/shared/membership"
	"fitkit/shared/org"
	"fitkit/shared/org/orgjob"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/rotation"
	"fitkit/shared/rotation/rotationjob"
	"fitkit/shared/run"
	"fitkit/shared/seal"
	"fitkit/shared/testclock"
	"fitkit/shared/testclock/testclockjob"
)

// jobFlows are the jobs, besides those that collect (chargeFlows).
var jobFlows = map[string][]flow{
	"job-billing-process-inbox-event": {
		named("a card for what waits for one", work(billingjob.ProcessInboxEventOp, reading, func(w *world) (any, any) {
			session, _ := w.page(w.declined())
			return billing.ProcessInboxEvent{CardSessionID: session}, nil
		})),
		named("a page that nobody has used", steps(`select last_code <> '' and state = 'open' from card_sessions where id = $1`, work(billingjob.ProcessInboxEventOp, reading,
			func(w *world) (any, any) {
				session, ref := w.page(w.Member(w.t))
				delete(w.Provider.Pages, ref)
				return billing.ProcessInboxEvent{CardSessionID: session}, session
			}))),
	},
	"job-billing-run-dunning-step": {work(billingjob.RunDunningStepOp, func(w *world, app *run.App) job.Handler {
		return billingjob.RunDunningStep(billing.NewStore(w.db(app)))
	},
		func(w *world) (any, any) {
			c := postgrestest.Get[id.DunningCase](w.t, w.Database, `update dunning_cases set next_at = (select test_now from orgs where id = org_id)
					where member_id = $1 returning id`, w.declined())
			return billing.DunningStep{CaseID: c, Rung: 1}, nil
		})},
	"job-org-advance-test-clock": {work(testclockjob.AdvanceOp, func(w *world, app *run.App) job.Handler {
		db := w.db(app)
		return testclockjob.Advance(testclock.NewAdvancer(db, billing.NewStore(db), membership.NewStore(db)))
	}, func(w *world) (any, any) {
		w.Exec(w.t, "update orgs set test_target = test_now + interval '1 hour'")
		return testclock.Step{}, nil
	})},
	"job-org-apply-clerk-event": {
		named("a studio", work(orgjob.ApplyClerkEventOp, applying, func(w *world) (any, any) {
			return w.receive(w.event("org_"+id.New[id.Event]().String(), "organization.created")), nil
		})),
		named("somebody of its staff", work(orgjob.ApplyClerkEventOp, applying, func(w *world) (any, any) {
			return w.receive(w.event("org_"+w.Org.String(), "organizationMembership.created")), nil
		})),
		named("somebody leaves it", work(orgjob.ApplyClerkEventOp, applying, func(w *world) (any, any) {
			e := w.event("org_"+w.Org.String(), "organizationMembership.deleted")
			w.Exec(w.t, "insert into staff (org_id, clerk_user_id, role) values ($1, $2, 'coach')", w.Org, e.UserID)
			return w.receive(e), nil
		})),
		named("somebody's new name", work(orgjob.ApplyClerkEventOp, applying, func(w *world) (any, any) {
			e := w.event("", "user.updated")
			w.Exec(w.t, "insert into staff (org_id, clerk_user_id, role) values ($1, $2, 'coach')", w.Org, e.UserID)
			return w.receive(e), nil
		})),
		named("somebody's end", work(orgjob.ApplyClerkEventOp, applying, func(w *world) (any, any) {
			e := w.event("", "user.deleted")
			w.Exec(w.t, "insert into staff (org_id, clerk_user_id, role) values ($1, $2, 'coach')", w.Org, e.UserID)
			w.Exec(w.t, "update members set clerk_user_id = $2 where id = $1", w.Member(w.t), e.UserID)
			return w.receive(e), nil
		})),
		named("its end", work(orgjob.ApplyClerkEventOp, applying, func(w *world) (any, any) {
			clerk := "org_" + id.New[id.Event]().String()
			w.Exec(w.t, "insert into orgs (id, clerk_org_id, name, slug) values ($1, $2, 'סטודיו', $2)", id.New[id.Org](), clerk)
			return w.receive(w.event(clerk, "organization.deleted")), nil
		})),
	},
	"job-platform-export-org": {reads("its files are in the object store; of rows it ends its own job alone", work(backupjob.ExportOp,
		func(w *world, app *run.App) job.Handler {
			return backupjob.Export(backupfile.NewExporter(w.db(app), blob.From(app)))
		},
		func(*world) (any, any) {
			return backup.Message{Day: time.Date(2026, 1, int(made.Add(1)), 0, 0, 0, 0, time.UTC).Format(backup.DayLayout)}, nil
		}))},
	// A rotation commits batch by batch and goes on where it stopped.
	"job-platform-reencrypt": {steps(`select state = 'done' and not exists (select from payment_methods p where p.key_id <> r.target_key)
					and not exists (select from gateways g where g.key_id <> r.target_key)
			from key_rotations r where r.id = $1`,
		work(rotationjob.ReencryptOp, func(w *world, app *run.App) job.Handler {
			return rotationjob.Reencrypt(rotation.NewStore(w.system(app), w.rings()))
		},
			func(w *world) (any, any) {
				w.Exec(w.t, "delete from key_rotations")
				w.Exec(w.t, "delete from jobs where queue = 'platform-reencrypt'")
				w.Member(w.t) // with a card under the former key
				r := must[rotation.Rotation](w)(rotation.NewStore(w.System, w.rings()).Start(w.t.Context(), seal.PaymentCredentials, admin))
				return rotation.Step{Rotation: r.ID, Chain: id.New[id.Event]()}, r.ID
			}))},
}

func applying(w *world, app *run.App) job.Handler {
	return orgjob.ApplyClerkEvent(org.NewClerk(w.system(app)))
}

// event is one of Clerk's; what concerns a person concerns one of their own.
func (w *world) event(clerkOrg, kind string) org.Event {
	key, at := id.New[id.Event]().String(), time.Now()
	e := org.Event{Type: kind, OrgID: clerkOrg, OrgName: "צפון", OrgSlug: key, At: at, UpdatedAt: at}
	if !strings.HasPrefix(kind, "organization.") {
		e.UserID, e.UserName, e.Email, e.Role = "user_"+key, "דנה כהן", "dana@example.com", "member"
	}
	return e
}

// receive stores the event, as the webhook does.
func (w *world) receive(e org.Event) org.Received {
	w.t.Helper()
	err := org.NewClerk(w.System).Receive(w.t.Context(), e.OrgSlug, e)
	return org.Received{Inbox: must[id.Event](w)(postgrestest.Get[id.Event](w.t, w.Database, "select id from inbox where event_key = $1", e.OrgSlug), err)}
}

func reading(w *world, app *run.App) job.Handler {
	return billingjob.ProcessInboxEvent(w.collector(app))
}
