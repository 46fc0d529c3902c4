package midway

import (
	"fitkit/shared/api"
	"fitkit/shared/id"
	"fitkit/shared/platform"
	"fitkit/shared/platform/discard"
	"fitkit/shared/platform/platformapi"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/rotation"
	"fitkit/shared/rotation/rotationapi"
	"fitkit/shared/run"
	"fitkit/shared/testhooks/studiotest"
	"fitkit/shared/testhooks/testhooksapi"
)

// ownFlows are what FitKit's own people write, and the frontends' tests.
var ownFlows = map[string][]flow{
	"api-platform-discard-job": {write(platformapi.DiscardJobOp, func(w *world, app *run.App) api.Endpoint {
		return platformapi.DiscardJob(discard.NewStore(w.system(app)))
	},
		func(w *world) asked {
			job := postgrestest.Get[id.Job](w.t, w.Database, `insert into jobs (org_id, queue, dedupe_key, payload, state, finished_at)
					values ($1, 'org-apply-clerk-event', app.uuidv7()::text, '{}', 'dead', now()) returning id`, w.Org)
			return asked{path: job.String(), body: body{"org_id": w.Org, "reason": "of a studio that left"}}
		})},
	"api-platform-redrive-jobs": {write(platformapi.RedriveJobsOp, func(w *world, app *run.App) api.Endpoint {
		return platformapi.RedriveJobs(platform.NewOverview(w.system(app)))
	},
		func(w *world) asked {
			w.Exec(w.t, `insert into jobs (id, org_id, queue, dedupe_key, payload, state, finished_at)
					values ($1::uuid, $2, 'billing-execute-charge', $1::uuid::text, '{}', 'dead', now())`, id.New[id.Job](), w.Org)
			return asked{body: body{"queue": "billing-execute-charge"}}
		})},
	"api-platform-rotate-keys": {write(rotationapi.RotateKeysOp, func(w *world, app *run.App) api.Endpoint {
		return rotationapi.RotateKeys(rotation.NewStore(w.system(app), w.rings()))
	},
		func(w *world) asked {
			w.Exec(w.t, "delete from key_rotations")
			w.Exec(w.t, "delete from jobs")
			return asked{body: body{"ring": "payment_credentials"}}
		})},
	// A seed is many transactions, and one that was cut short is finished by the next.
	"api-testhooks-seed-studio": {steps(`select exists (select from orgs o where o.name = 'סטודיו ' || $1 and o.test_now is not null
			and (select count(distinct role) from staff s where s.org_id = o.id and s.status = 'active') = 4
			and (select count(*) from plans p join plan_versions v on v.plan_id = p.id where p.org_id = o.id) = 3
			and (select count(*) from members m where m.org_id = o.id) = 1 and exists (select from members m where m.org_id = o.id and m.clerk_user_id is not null))`,
		write(testhooksapi.SeedStudioOp, func(_ *world, app *run.App) api.Endpoint { return testhooksapi.SeedStudio(studiotest.SeederFrom(app)) },
			func(*world) asked {
				key := id.New[id.Event]().String()
				return asked{subject: key, body: body{"key": key, "members": 1}, header: map[string]string{"FitKit-Seed-Secret": seedSecret}}
			}))},
	"api-testhooks-reset-studio": {write(testhooksapi.ResetStudioOp, func(_ *world, app *run.App) api.Endpoint {
		return testhooksapi.ResetStudio(studiotest.ResetterFrom(app))
	},
		func(w *world) asked {
			studio := id.New[id.Org]()
			w.Exec(w.t, `insert into orgs (id, clerk_org_id, name, slug, test_mode, test_now)
					values ($1::uuid, 'org_seed_' || $1::uuid, 'סטודיו', $1::uuid::text, true, now())`, studio)
			return asked{body: body{"org_id": studio}, header: map[string]string{"FitKit-Seed-Secret": seedSecret}}
		})},
}
