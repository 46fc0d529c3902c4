package obs

import (
	"context"

	"fitkit/shared/fail"
)

// Refused puts the error that an edge answers with into the event: its code, and a failure when it is ours. What a caller did
// wrong is none, or anybody could ring the alarms.
func Refused(ctx context.Context, err error) {
	f := fail.From(err)
	Add(ctx, "code", f.Code)
	if f.Kind == fail.Internal || f.Kind == fail.Unavailable {
		Failed(ctx, err)
	}
}
