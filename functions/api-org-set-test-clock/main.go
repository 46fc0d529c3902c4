// Command api-org-set-test-clock serves POST /v1/org/test-clock: a test studio's business time.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/outbox"
	"fitkit/shared/run"
	"fitkit/shared/testclock"
	"fitkit/shared/testclock/testclockapi"
)

func main() {
	app := run.Start(testclockapi.SetOp)
	api.Serve(app, testclockapi.Set(testclock.NewStore(outbox.Postgres(app))))
}
