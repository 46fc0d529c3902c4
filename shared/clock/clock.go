// Package clock is the port to the real clock. Business time (an organisation's test clock) comes from the
// transaction, postgres.Tx.Now; this clock is for leases, tokens and waiting.
package clock

import "time"

// Now tells the time in UTC, with no monotonic reading: Lambda freezes processes, and the monotonic clock with them.
type Now func() time.Time

// Real is the machine's clock.
func Real() time.Time { return time.Now().UTC().Round(0) }
