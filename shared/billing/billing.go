// Package billing is money between members and a studio: charges, the attempts to collect them, what providers
// answered, and what happens when a card is declined.
//
// A charge is owed once (a unique index per membership and period). An attempt is one try to collect it. Its row is
// claimed and committed as sent, and only then is the provider called; the answer, the payment, the
// ledger and the end of the job are one statement. Whatever cannot be read is unknown: it is asked about by its key and
// never sent again. One partial unique index refuses a second attempt while one is under way, unanswered or approved.
package billing

import (
	"time"

	"fitkit/shared/civil"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/seal"
)

// The queues that billing's jobs read.
const (
	QueueExecute queue.Name = "billing-execute-charge"
	QueueResolve queue.Name = "billing-resolve-unknown"
	QueueDunning queue.Name = "billing-run-dunning-step"
	QueueInbox   queue.Name = "billing-process-inbox-event"
	QueueProve   queue.Name = "billing-prove-day"
)

// ExecuteCharge is the payload of QueueExecute.
type ExecuteCharge struct {
	ChargeID id.Charge `json:"charge_id"`
	// Installments overrides the charge's own, for the one retry with a single payment (R45).
	Installments int `json:"installments,omitempty"`
}

// ResolveUnknown is the payload of QueueResolve.
type ResolveUnknown struct {
	AttemptID id.Attempt `json:"attempt_id"`
}

// ProveDay is the payload of QueueProve.
type ProveDay struct {
	Day civil.Date `json:"day"`
}

// Store keeps charges and everything around them.
type Store struct{ db *postgres.DB }

// NewStore is the store on db.
func NewStore(db *postgres.DB) *Store { return &Store{db} }

// Collector moves money: it is the store with a provider and the keys that open a studio's credentials.
type Collector struct {
	*Store
	provider payment.Provider
	ring     *seal.Ring
	lease    time.Duration
}

// NewCollector is a collector whose provider answers, or is given up on, within timeout.
func NewCollector(db *postgres.DB, p payment.Provider, ring *seal.Ring, timeout time.Duration) *Collector {
	return &Collector{Store: NewStore(db), provider: p, ring: ring, lease: timeout + leaseMargin}
}

// leaseMargin is how much longer than the provider's time-out an attempt's lease is: what the claim may take before the call
// begins, so that a call always ends within the lease.
const leaseMargin = 5 * time.Second

// What a charge can be refused for.
var (
	ErrChargeNotFound = fail.New(fail.NotFound, "billing.charge_not_found", "There is no such charge. Check the id.", "אין חיוב כזה. בדקו את המזהה.")
	ErrChargeSettled  = fail.New(fail.Conflict, "billing.charge_settled", "This charge is paid or void; nothing more can be done with it.",
		"החיוב שולם או בוטל; אין מה לעשות בו עוד.")
	ErrChargeInFlight = fail.New(fail.Conflict, "billing.charge_in_flight", "This charge is being checked with the card company. Wait for the answer.",
		"החיוב נמצא בבדיקה מול חברת האשראי. המתינו לתשובה.")
	ErrNoGateway = fail.New(fail.Conflict, "billing.no_gateway", "No card provider is connected, or it needs attention. Connect it in the studio's payment settings.",
		"לא מחובר ספק סליקה, או שהוא דורש טיפול. חברו אותו בהגדרות התשלום של הסטודיו.")
	ErrNoMethod = fail.New(fail.Conflict, "billing.no_payment_method", "The member has no saved card. Send them the card page first.",
		"למתאמן אין כרטיס שמור. שלחו לו קודם את דף הכרטיס.")
)

// providerKey is what the provider knows an attempt by: 35 ASCII characters made from the attempt's id (R: §2.11).
func providerKey(a id.Attempt) string {
	s := a.String()
	return "fk-" + s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
}
