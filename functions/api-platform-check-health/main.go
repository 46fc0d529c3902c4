// Command api-platform-check-health serves GET /healthz and GET /health: which stores answer, and which build runs.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/platform"
	"fitkit/shared/platform/platformapi"
	"fitkit/shared/platform/redisprobe"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(platformapi.CheckHealthOp)
	api.Serve(app, platformapi.CheckHealth(platform.NewChecker(
		platform.Store{Name: "postgres", Vital: true, Ping: postgres.From(app).Ping},
		platform.Store{Name: "redis", Ping: redisprobe.From(app).Ping})))
}
