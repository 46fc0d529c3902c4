// Package membership is plans and what members hold of them: types, versions, sales, periods.
//
// A plan is a name with versions. What is sold is a version, and a sold membership keeps its version's price and
// limits for life (R1): editing a plan makes a version, it never alters what was sold.
package membership

import (
	"context"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// Type is what a plan entitles to and how it is billed.
type Type string

// The types of plans.
const (
	Recurring Type = "recurring"  // open-ended, one charge each month in advance
	FixedTerm Type = "fixed_term" // ends by itself after its months
	Pack      Type = "pack"       // a number of entries, one charge
	Trial     Type = "trial"      // once for each person
	DropIn    Type = "drop_in"    // one entry
	External  Type = "external"   // paid by a partner, never charged
)

// Plan is a name under which versions are sold.
type Plan struct {
	ID     id.Plan
	Name   string
	Type   Type
	Status PlanStatus
}

// PlanStatus says whether a plan may be sold.
type PlanStatus string

// The statuses of plans.
const (
	Draft     PlanStatus = "draft" // until its first version is published
	Published PlanStatus = "published"
	Retired   PlanStatus = "retired" // no longer sold; what was sold goes on
)

// Store keeps plans and memberships.
type Store struct{ db *postgres.DB }

// NewStore is the store on db.
func NewStore(db *postgres.DB) *Store { return &Store{db} }

const sqlInsertPlan = `insert into plans (org_id, id, name, type) values (app.org(), $1, $2, $3) returning status`

// CreatePlan makes a draft plan. ErrPlanNameTaken when the studio has one of this name.
func (s *Store) CreatePlan(ctx context.Context, c tenancy.Caller, name string, t Type) (p Plan, err error) {
	p = Plan{ID: id.New[id.Plan](), Name: name, Type: t}
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		err := tx.QueryRow(ctx, sqlInsertPlan, p.ID, name, t).Scan(&p.Status)
		if postgres.Violates(err, "plans_name_once") {
			return ErrPlanNameTaken
		}
		return err
	})
	return p, fail.Wrap(err, "create plan")
}
