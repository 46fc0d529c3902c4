// Command cron-platform-watch-keys counts every day what each encryption key has sealed, and says when one has sealed too much.
package main

import (
	"fitkit/shared/cron"
	"fitkit/shared/postgres"
	"fitkit/shared/rotation"
	"fitkit/shared/rotation/rotationcron"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(rotationcron.WatchKeysOp)
	cron.Serve(app, rotationcron.WatchKeys(rotation.NewStore(postgres.SystemFrom(app), rotation.RingsFrom(app))))
}
