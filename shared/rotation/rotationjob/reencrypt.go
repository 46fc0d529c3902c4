// Package rotationjob is the queued work of key rotations.
package rotationjob

import (
	"context"
	"time"

	"fitkit/shared/job"
	"fitkit/shared/need"
	"fitkit/shared/rotation"
	"fitkit/shared/tenancy"
)

// Reencrypter is what Reencrypt needs.
type Reencrypter interface {
	Reencrypt(ctx context.Context, m rotation.Step) error
}

// ReencryptOp declares the queue platform-reencrypt. One worker per ring is enough, and a job ends well within the minute
// that the relay's patience allows.
var ReencryptOp = job.Op{
	Name:    "job-platform-reencrypt",
	Summary: "Seal values anew under the active key, a step of a rotation",
	Needs:   []need.Need{need.SystemPostgres, need.PaymentKeys, need.NationalIDKeys, need.Send(string(rotation.Queue))},
	Timeout: time.Minute, MaxConcurrency: 2, System: true,
}

// Reencrypt does a step of a rotation. A message seen twice finds its values sealed anew.
func Reencrypt(r Reencrypter) job.Handler {
	return job.New(ReencryptOp, func(ctx context.Context, _ tenancy.Caller, m rotation.Step) error {
		return r.Reencrypt(ctx, m)
	})
}
