package membership

import (
	"time"

	"fitkit/shared/civil"
	"fitkit/shared/id"
	"fitkit/shared/money"
)

// State is where a membership stands in its life (R3). Being in arrears is no state: it lies over them.
type State string

// The states; ended is the end. A trigger refuses any way between them that R3 does not name.
const (
	PendingPayment State = "pending_payment" // sold, not paid for yet
	Active         State = "active"
	Frozen         State = "frozen"
	CancelPending  State = "cancel_pending" // notice was given; it goes on until the cancellation takes effect
	Ended          State = "ended"
)

// Membership is a plan version in a member's hands. Price and terms are the version's as sold (R1).
type Membership struct {
	ID        id.Membership
	MemberID  id.Member
	PayerID   id.Member
	Plan      Plan // Status is not read
	VersionID id.PlanVersion
	Version   int // the plan version's number
	State     State

	Price        money.Agorot // a month's when PayMode is Monthly, else the whole deal's
	PayMode      PayMode
	Installments int
	StartOn      civil.Date
	TermEnd      civil.Date // the first day after the term; zero: no term
	ExpiresOn    civil.Date // the first day it is no longer valid; zero: does not expire
	AnchorDay    int        // of month, on which its periods start (R5)
	PeriodsTotal *int       // nil: open-ended, or not paid monthly
	NextPeriod   int        // how many monthly charges were planned so far
	NextChargeAt *time.Time // when the next one is
	EntriesLeft  *int       // nil: unlimited

	CancelNoticeAt    *time.Time
	CancelEffectiveOn civil.Date
	PreviousID        id.Membership // the ended one that the member came back from
}

// Charge is what a membership's payer was or will be asked for.
type Charge struct {
	ID          id.Charge
	Kind        string
	Description string
	Amount      money.Agorot
	State       string
	DueAt       time.Time
	PaidAt      *time.Time
	Period      civil.Period // zero when it pays for no one month
}
