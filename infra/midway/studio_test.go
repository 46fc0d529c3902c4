package midway

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"fitkit/shared/api"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/blob"
	"fitkit/shared/blob/blobtest"
	"fitkit/shared/civil"
	"fitkit/shared/id"
	"fitkit/shared/member"
	"fitkit/shared/member/memberapi"
	"fitkit/shared/membership"
	"fitkit/shared/membership/membershipapi"
	"fitkit/shared/org"
	"fitkit/shared/org/orgapi"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/realtime"
	"fitkit/shared/realtime/realtimeapi"
	"fitkit/shared/rotation/rotationtest"
	"fitkit/shared/run"
	"fitkit/shared/seal"
	"fitkit/shared/secret"
	"fitkit/shared/testclock"
	"fitkit/shared/testclock/testclockapi"
	"fitkit/shared/upload"
	"fitkit/shared/upload/uploadapi"
)

// studioFlows are what people of a studio write, besides money.
var studioFlows = map[string][]flow{
	"api-member-create": {write(memberapi.CreateOp, func(w *world, app *run.App) api.Endpoint { return memberapi.Create(member.NewStore(w.db(app))) },
		func(*world) asked { return asked{body: body{"name": "נועה לוי"}} })},
	"api-member-update": {write(memberapi.UpdateOp, func(w *world, app *run.App) api.Endpoint { return memberapi.Update(member.NewStore(w.db(app))) },
		func(w *world) asked {
			return asked{path: w.Member(w.t).String(), body: body{"version": 1, "email": "noa@example.com"}}
		})},
	"api-member-archive": {write(memberapi.ArchiveOp, func(w *world, app *run.App) api.Endpoint { return memberapi.Archive(member.NewStore(w.db(app))) },
		func(w *world) asked { return asked{path: w.Member(w.t).String()} })},
	"api-member-set-national-id": {write(memberapi.SetNationalIDOp, func(w *world, app *run.App) api.Endpoint { return memberapi.SetNationalID(vault(w, app)) },
		func(w *world) asked {
			return asked{path: w.Member(w.t).String(), body: body{"kind": "passport", "country": "FR", "number": passport()}}
		})},
	"api-member-reveal-national-id": {write(memberapi.RevealNationalIDOp,
		func(w *world, app *run.App) api.Endpoint { return memberapi.RevealNationalID(vault(w, app)) },
		func(w *world) asked {
			m := w.Member(w.t)
			_, err := member.NewVault(w.DB, rotationtest.Ring(w.t, rotationtest.Old), index(w)).Set(w.t.Context(), w.person(), m,
				member.Document{Kind: "passport", Country: "FR", Number: secret.Secret(passport())})
			return asked{path: must[string](w)(m.String(), err), body: body{"reason": "invoice"}}
		})},
	"api-member-search": {reads("a search; its words are a body so that they stay out of addresses", write(memberapi.SearchOp,
		func(w *world, app *run.App) api.Endpoint {
			return memberapi.Search(member.NewFinder(w.db(app), index(w)))
		},
		func(*world) asked { return asked{body: body{"text": "נועה"}} }))},

	"api-membership-create-plan": {write(membershipapi.CreatePlanOp, func(w *world, app *run.App) api.Endpoint {
		return membershipapi.CreatePlan(membership.NewStore(w.db(app)))
	},
		func(*world) asked { return asked{body: body{"name": unique(), "type": "pack"}} })},
	"api-membership-publish-plan-version": {write(membershipapi.PublishPlanVersionOp,
		func(w *world, app *run.App) api.Endpoint {
			return membershipapi.PublishPlanVersion(membership.NewStore(w.db(app)))
		},
		func(w *world) asked {
			return asked{path: w.plan().String(), body: body{"price_agorot": 60000, "pay_mode": "upfront", "entries": 10, "validity_days": 90}}
		})},
	"api-membership-preview-sale": {reads("a reckoning of what a sale would come to", write(membershipapi.PreviewSaleOp,
		func(w *world, app *run.App) api.Endpoint {
			return membershipapi.PreviewSale(membership.NewStore(w.db(app)))
		},
		func(w *world) asked { return asked{body: body{"plan_id": w.published()}} }))},

	"api-org-update": {write(orgapi.UpdateOp, func(w *world, app *run.App) api.Endpoint { return orgapi.Update(org.NewStore(w.db(app))) },
		func(w *world) asked {
			version := postgrestest.Get[int](w.t, w.Database, "select version from orgs where id = $1", w.Org)
			return asked{body: body{"version": version, "name": unique()}}
		})},
	"api-org-update-staff": {write(orgapi.UpdateStaffOp, func(w *world, app *run.App) api.Endpoint { return orgapi.UpdateStaff(org.NewStore(w.db(app))) },
		func(w *world) asked {
			return asked{path: postgrestest.Get[id.Staff](w.t, w.Database, "update staff set role = 'coach' where clerk_user_id = $1 returning id", coach).String(),
				body: body{"role": "front_desk"}}
		})},
	"api-org-set-test-clock": {
		named("created", write(testclockapi.SetOp, clocks, func(w *world) asked {
			w.Exec(w.t, "update orgs set test_now = null, test_target = null, test_mode = false where id = $1", w.Org)
			return asked{body: body{"create_at": billingtest.Start}}
		})),
		named("advanced", write(testclockapi.SetOp, clocks, func(w *world) asked {
			now := postgrestest.Get[time.Time](w.t, w.Database, "update orgs set test_target = null where id = $1 returning test_now", w.Org)
			return asked{body: body{"advance_to": now.Add(time.Hour)}}
		})),
	},

	"api-org-create-upload": {write(uploadapi.CreateOp, func(w *world, app *run.App) api.Endpoint { return uploadapi.Create(uploads(w, app)) },
		func(*world) asked {
			return asked{body: body{"purpose": "import", "file_name": "members.csv", "content_type": "text/csv", "size": len(csv), "sha256": hex.EncodeToString(csvSum[:])}}
		})},
	"api-org-complete-upload": {
		named("what arrived is what was announced", write(uploadapi.CompleteOp, completing, func(w *world) asked { return asked{path: w.upload(csv).String()} })),
		named("another file arrived", settledBy(repeat, refused("4", "select state = 'expired' from uploads where id = $1",
			write(uploadapi.CompleteOp, completing, func(w *world) asked {
				u := w.upload("another file")
				return asked{path: u.String(), subject: u}
			})))),
	},

	"api-realtime-create-ticket": {write(realtimeapi.CreateTicketOp,
		func(w *world, app *run.App) api.Endpoint {
			return realtimeapi.CreateTicket(realtime.NewStore(w.db(app)), "wss://ws.example")
		},
		func(*world) asked { return asked{} })},
}

func clocks(w *world, app *run.App) api.Endpoint {
	return testclockapi.Set(testclock.NewStore(w.db(app)))
}

func completing(w *world, app *run.App) api.Endpoint { return uploadapi.Complete(uploads(w, app)) }

func uploads(w *world, app *run.App) *upload.Store { return upload.NewStore(w.db(app), blob.From(app)) }

func vault(w *world, app *run.App) *member.Vault {
	return member.NewVault(w.db(app), seal.NationalIDRing(app), seal.NationalIDIndex(app))
}

func index(w *world) *seal.BlindIndex {
	return must[*seal.BlindIndex](w)(seal.NewBlindIndex(rotationtest.Index))
}

var made atomic.Int64

// unique is a name that nothing else has.
func unique() string { return fmt.Sprintf("name %d", made.Add(1)) }

// passport is a number that nobody else has.
func passport() string { return fmt.Sprintf("%08d", 10_000_000+made.Add(1)) }

const csv = "name,phone\nנועה,0521234567\n"

var csvSum = sha256.Sum256([]byte(csv))

// upload announces the list and sends content in its place.
func (w *world) upload(content string) id.Upload {
	w.t.Helper()
	files := blob.New(w.files)
	u, _, err := upload.NewStore(w.DB, files).Create(w.t.Context(), w.person(),
		upload.File{Purpose: upload.Import, Name: "members.csv", ContentType: "text/csv", Size: int64(len(csv)), SHA256: csvSum})
	if err == nil {
		_, err = blobtest.Client(w.t).PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: &w.files.Bucket, Key: aws.String(string(u.Key)),
			ContentType: aws.String("text/csv"), Body: strings.NewReader(content)})
	}
	return must[id.Upload](w)(u.ID, err)
}

// plan is a pack's draft.
func (w *world) plan() id.Plan {
	w.t.Helper()
	return must[membership.Plan](w)(membership.NewStore(w.DB).CreatePlan(w.t.Context(), w.person(), unique(), membership.Pack)).ID
}

// published is a pack on sale.
func (w *world) published() id.Plan {
	w.t.Helper()
	plan := w.plan()
	must[membership.Version](w)(membership.NewStore(w.DB).PublishVersion(w.t.Context(), w.person(), plan,
		membership.Terms{Price: 60000, PayMode: membership.Upfront, Entries: 10, ValidityDays: 90}, civil.Date{}))
	return plan
}

// monthly is a plan on sale that is paid each month.
func (w *world) monthly() id.Plan {
	w.t.Helper()
	store := membership.NewStore(w.DB)
	plan := must[membership.Plan](w)(store.CreatePlan(w.t.Context(), w.person(), unique(), membership.Recurring)).ID
	must[membership.Version](w)(store.PublishVersion(w.t.Context(), w.person(), plan, membership.Terms{Price: 24900, PayMode: membership.Monthly}, civil.Date{}))
	return plan
}
