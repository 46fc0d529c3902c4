// Command hook-org-clerk serves POST /v1/hooks/clerk: Clerk tells of users, organisations and memberships.
package main

import (
	"fitkit/shared/hook"
	"fitkit/shared/org"
	"fitkit/shared/org/orghook"
	"fitkit/shared/outbox"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(orghook.ClerkOp)
	hook.Serve(app, orghook.Clerk(orghook.SourceFrom(app), org.NewClerk(outbox.System(app))))
}
