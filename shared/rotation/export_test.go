package rotation

// The two halves of a batch, for tests that let somebody write between them.
var (
	Lock    = lock
	Replace = replace
)

// Reseal is the middle of a batch.
var Reseal = (*Store).reseal

// Cursor is where a batch begins.
type Cursor = cursor
