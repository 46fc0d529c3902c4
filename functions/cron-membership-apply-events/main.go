// Command cron-membership-apply-events runs on a schedule; see membershipcron.ApplyEventsOp.
package main

import (
	"fitkit/shared/cron"
	"fitkit/shared/membership"
	"fitkit/shared/membership/membershipcron"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(membershipcron.ApplyEventsOp)
	cron.Serve(app, membershipcron.ApplyEvents(membership.NewEnder(postgres.SystemFrom(app), postgres.From(app))))
}
