// Command api-platform-list-functions serves GET /v1/admin/functions: what every function did lately.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/platform/cloudwatch"
	"fitkit/shared/platform/platformapi"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(platformapi.ListFunctionsOp)
	api.Serve(app, platformapi.ListFunctions(cloudwatch.From(app)))
}
