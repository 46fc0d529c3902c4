// Command job-platform-reencrypt seals values anew under the active key, a step of a rotation.
package main

import (
	"fitkit/shared/job"
	"fitkit/shared/outbox"
	"fitkit/shared/rotation"
	"fitkit/shared/rotation/rotationjob"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(rotationjob.ReencryptOp)
	job.Serve(app, rotationjob.Reencrypt(rotation.NewStore(outbox.System(app), rotation.RingsFrom(app))))
}
