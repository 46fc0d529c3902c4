// Package rotation replaces encryption keys without downtime. A new key is added beside the former one and deployed: from
// then on it writes, and both read. A rotation then seals every value of the ring anew, in batches, while everybody works;
// when no value is left under the former key, that key may go. A key in use cannot be dropped unnoticed: Check says so
// before a deployment.
//
// The search digests of national IDs are no part of this. They are made with a key of their own that stays
// (NATIONAL_ID_INDEX_KEY), so that uniqueness holds while a rotation runs.
package rotation

import (
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/run"
	"fitkit/shared/seal"
)

// Queue is where a rotation's steps wait.
const Queue queue.Name = "platform-reencrypt"

// Rings are the key rings of a process, by name.
type Rings map[seal.RingName]*seal.Ring

// RingsFrom is both rings of the function (need.PaymentKeys, need.NationalIDKeys).
func RingsFrom(app *run.App) Rings {
	return Rings{seal.PaymentCredentials: seal.PaymentRing(app), seal.NationalIDs: seal.NationalIDRing(app)}
}

// States of a rotation.
const (
	Running    = "running"
	Done       = "done"       // no value is left under another key
	Superseded = "superseded" // a newer key came before it was done
	Blocked    = "blocked"    // what is left opens under no key that there is
)

// Rotation is the re-encryption of a ring to one key.
type Rotation struct {
	ID         id.Rotation
	Ring       seal.RingName
	Target     seal.KeyID
	State      string
	StartedBy  string // Clerk's user_…
	StartedAt  time.Time
	FinishedAt *time.Time
	Passes     int   // how often all columns were gone through
	Resealed   int64 // values sealed anew
	Unreadable int64 // values of the last pass that did not open
}

// Errors that people or the queue see.
var (
	ErrNothingToRotate = fail.New(fail.Conflict, "keys.nothing_to_rotate", "Every value of this ring is sealed under its active key already. Add a new key and deploy it first (infra/runbooks/key-rotation.md).",
		"כל הערכים כבר מוצפנים במפתח הפעיל. הוסיפו קודם מפתח חדש ופרסו אותו (infra/runbooks/key-rotation.md).")
	ErrKeyMissing = fail.New(fail.Conflict, "keys.key_missing", "Some values are sealed under a key that is not deployed. Put it back into the ring's *_PREVIOUS list; GET /v1/admin/keys names it.",
		"חלק מהערכים מוצפנים במפתח שאינו פרוס. החזירו אותו לרשימת ה-PREVIOUS של הטבעת; GET /v1/admin/keys מציין אותו.")
	// ErrNotDeployed is the job's, whose settings are older or newer than the rotation: it would seal under another key.
	ErrNotDeployed = fail.New(fail.Unavailable, "keys.not_deployed", "The job's active key is not the rotation's. Deploy the same keys to every function, then start the rotation again.",
		"המפתח הפעיל של העבודה אינו המפתח של ההחלפה. פרסו אותם מפתחות לכל הפונקציות והתחילו שוב.")
)

// Store keeps rotations and does their work, as the system role: sealed values of every studio, deleted ones too, rotate.
type Store struct {
	db    *postgres.SystemDB
	rings Rings
}

// NewStore is rotations on db.
func NewStore(db *postgres.SystemDB, rings Rings) *Store { return &Store{db, rings} }
