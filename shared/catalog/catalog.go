// Package catalog is the surface: every function of FitKit, listed once. Templates, documents and the local platform are
// made from it. Only they and tests import it: it links every domain, which no function may.
package catalog

import (
	"slices"
	"strings"

	"fitkit/shared/api"
	"fitkit/shared/backup/backupapi"
	"fitkit/shared/backup/backupcron"
	"fitkit/shared/backup/backupjob"
	"fitkit/shared/billing"
	"fitkit/shared/billing/billingapi"
	"fitkit/shared/billing/billingcron"
	"fitkit/shared/billing/billinghook"
	"fitkit/shared/billing/billingjob"
	"fitkit/shared/blob/blobcron"
	"fitkit/shared/hook"
	"fitkit/shared/job"
	"fitkit/shared/member/memberapi"
	"fitkit/shared/membership/membershipapi"
	"fitkit/shared/membership/membershipcron"
	"fitkit/shared/org/orgapi"
	"fitkit/shared/org/orghook"
	"fitkit/shared/org/orgjob"
	"fitkit/shared/outbox/outboxcron"
	"fitkit/shared/platform/platformapi"
	"fitkit/shared/platform/platformcron"
	"fitkit/shared/realtime/realtimeapi"
	"fitkit/shared/realtime/realtimecron"
	"fitkit/shared/realtime/realtimesocket"
	"fitkit/shared/rotation/rotationapi"
	"fitkit/shared/rotation/rotationcron"
	"fitkit/shared/rotation/rotationjob"
	"fitkit/shared/run"
	"fitkit/shared/testclock/testclockapi"
	"fitkit/shared/testclock/testclockjob"
	"fitkit/shared/testhooks/testhooksapi"
	"fitkit/shared/upload/uploadapi"
	"fitkit/shared/upload/uploadcron"
)

// functions has one line for each folder in functions/, sorted by domain. The handlers get no stores: nobody calls them.
var functions = []run.Declared{
	// billing
	billingapi.CloseCase(nil),
	billingapi.ConnectGateway(nil),
	billingapi.CreateCardSession(nil, billing.Pages{}),
	billingapi.CreateCharge(nil),
	billingapi.GetBillingProof(nil),
	billingapi.ListArrears(nil),
	billingapi.ListCharges(nil),
	billingapi.ListPaymentMethods(nil),
	billingapi.RemovePaymentMethod(nil),
	billingapi.RetryCharge(nil),
	billingapi.SettleAttempt(nil),
	billingapi.VoidCharge(nil),
	billinghook.Cardcom(nil),
	billingjob.ExecuteCharge(nil),
	billingjob.ProcessInboxEvent(nil),
	billingjob.ProveDay(nil),
	billingjob.ResolveUnknown(nil),
	billingjob.RunDunningStep(nil),
	billingcron.PlanCharges(nil),
	billingcron.ProveDays(nil),
	billingcron.RunDunning(nil),
	billingcron.SweepUnknown(nil),
	// compliance
	blobcron.CheckLock(nil),
	// job
	outboxcron.Relay(nil),
	// member
	memberapi.Archive(nil),
	memberapi.Create(nil),
	memberapi.Get(nil),
	memberapi.ListTimeline(nil),
	memberapi.RevealNationalID(nil),
	memberapi.Search(nil),
	memberapi.SetNationalID(nil),
	memberapi.Update(nil),
	// membership
	membershipapi.CreatePlan(nil),
	membershipapi.Get(nil),
	membershipapi.List(nil),
	membershipapi.ListPlans(nil),
	membershipapi.PreviewSale(nil),
	membershipapi.PublishPlanVersion(nil),
	membershipapi.Sell(nil),
	membershipcron.ApplyEvents(nil),
	// org
	orgapi.Get(nil),
	orgapi.GetMe(nil),
	orgapi.ListStaff(nil),
	orgapi.Update(nil),
	orgapi.UpdateStaff(nil),
	orghook.Clerk(orghook.Source{}, nil),
	orgjob.ApplyClerkEvent(nil),
	testclockapi.Set(nil),
	uploadapi.Create(nil),
	uploadapi.Complete(nil),
	uploadcron.Expire(nil),
	testclockjob.Advance(nil),
	// platform
	backupapi.ListBackups(nil),
	backupcron.ExportOrgs(nil),
	backupcron.VerifyBackup(nil),
	rotationcron.WatchKeys(nil),
	platformcron.ExpireHistory(nil),
	backupjob.Export(nil),
	platformapi.CheckHealth(nil),
	platformapi.DiscardJob(nil),
	platformapi.GetFormerSystem(nil),
	platformapi.GetMoney(nil),
	platformapi.GetNeon(nil),
	platformapi.ListCrons(nil),
	platformapi.ListDeadJobs(nil),
	platformapi.ListFunctions(nil),
	platformapi.ListQueues(nil, nil),
	platformapi.ListStores(nil),
	platformapi.RedriveJobs(nil),
	rotationapi.ListKeys(nil),
	rotationapi.RotateKeys(nil),
	rotationjob.Reencrypt(nil),
	// realtime
	realtimeapi.CreateTicket(nil, ""),
	realtimesocket.Connect(nil, nil),
	realtimesocket.Default(nil),
	realtimesocket.Disconnect(nil),
	realtimesocket.Ping(nil, nil),
	realtimecron.Cut(nil),
}

// testHooks are the functions for frontends' end-to-end tests. They stand apart: only builds with the tag fitkit_testhooks have
// them, and only template-preview.yaml names them.
var testHooks = []run.Declared{
	testhooksapi.ResetStudio(nil, ""),
	testhooksapi.SeedStudio(nil, ""),
}

// All is every function, sorted by name.
func All() []run.Spec { return specs(functions) }

// TestHooks is every function of the test hooks, which All leaves out.
func TestHooks() []run.Spec { return specs(testHooks) }

func specs(list []run.Declared) []run.Spec {
	out := make([]run.Spec, len(list))
	for i, f := range list {
		out[i] = f.Spec()
	}
	slices.SortFunc(out, func(a, b run.Spec) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Endpoints is every HTTP endpoint, sorted by name, for the API document and for tests of every route.
func Endpoints() []api.Endpoint { return only[api.Endpoint]() }

// Hooks is every webhook, sorted by name.
func Hooks() []hook.Handler { return only[hook.Handler]() }

// Jobs is every job, sorted by name.
func Jobs() []job.Handler { return only[job.Handler]() }

func only[T run.Declared]() []T {
	var out []T
	for _, f := range functions {
		if t, ok := f.(T); ok {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b T) int { return strings.Compare(a.Spec().Name, b.Spec().Name) })
	return out
}

// Domain is the second part of a function's name: membership of api-membership-create-plan.
func Domain(function string) string {
	_, rest, _ := strings.Cut(function, "-")
	domain, _, _ := strings.Cut(rest, "-")
	return domain
}
