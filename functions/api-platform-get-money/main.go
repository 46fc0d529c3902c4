// Command api-platform-get-money serves GET /v1/admin/money: charges that stay unknown, and questions about money.
package main

import (
	"fitkit/shared/api"
	"fitkit/shared/platform"
	"fitkit/shared/platform/platformapi"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(platformapi.GetMoneyOp)
	api.Serve(app, platformapi.GetMoney(platform.NewOverview(postgres.SystemFrom(app))))
}
