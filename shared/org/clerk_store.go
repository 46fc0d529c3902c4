package org

import (
	"context"
	"encoding/json"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
)

// ApplyClerkEvent is the queue of events that wait to be applied.
const ApplyClerkEvent queue.Name = "org-apply-clerk-event"

// Received names an event in the inbox; it is the job's payload.
type Received struct {
	Inbox id.Event `json:"inbox_id"`
}

// Clerk takes in Clerk's events. They come to no organisation's door, so the system role stores and applies them.
type Clerk struct{ db *postgres.SystemDB }

// NewClerk is Clerk's events on db.
func NewClerk(db *postgres.SystemDB) *Clerk { return &Clerk{db} }

const sqlReceive = `
insert into inbox (id, provider, event_key, payload) values ($1, 'clerk', $2, $3)
on conflict on constraint inbox_event_once do nothing`

// Receive stores the event and the job that applies it, in one transaction. key is Svix's id of the message: a message
// that is here already changes nothing.
func (k *Clerk) Receive(ctx context.Context, key string, e Event) error {
	kept, err := json.Marshal(e)
	if err != nil {
		return fail.Wrap(err, "marshal Clerk's event")
	}
	err = k.db.Across(ctx, func(tx postgres.Tx) error {
		inbox := id.New[id.Event]()
		n, err := tx.Exec(ctx, sqlReceive, inbox, key, string(kept))
		if err != nil || n == 0 {
			return err
		}
		return queue.Enqueue(ctx, tx, queue.Job{Queue: ApplyClerkEvent, Dedupe: key, Payload: Received{inbox}})
	})
	return fail.Wrap(err, "receive Clerk's event")
}

const (
	sqlReceived = `select payload from inbox where id = $1 and provider = 'clerk' and applied_at is null for update`
	// sqlApplied forgets whom the event was about by name: what is applied stands in the staff's row, and goes with it.
	sqlApplied = `update inbox set applied_at = now(), payload = payload - 'user_name' - 'email' where id = $1`
)

// Apply brings our copy up to an event, once: an event that was applied already ends quietly. Events come in any order,
// so each is applied only if it is newer than what is stored, and what was deleted stays deleted.
func (k *Clerk) Apply(ctx context.Context, inbox id.Event) error {
	var created *obs.Product
	err := k.db.Across(ctx, func(tx postgres.Tx) error {
		var e Event
		err := tx.QueryRow(ctx, sqlReceived, inbox).Scan(&e)
		if postgres.NoRows(err) {
			return queue.Done(ctx, tx)
		}
		if err != nil {
			return err
		}
		if err := apply(ctx, tx, e); err != nil {
			return err
		}
		if created, err = creation(ctx, tx, e); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlApplied, inbox); err != nil {
			return err
		}
		return queue.Done(ctx, tx)
	})
	if err == nil && created != nil {
		obs.Capture(ctx, *created)
	}
	return fail.Wrap(err, "apply Clerk's event %s", inbox)
}

// creation is what the owner of FitKit is told of when Clerk tells of a new organisation; nil of anything else.
func creation(ctx context.Context, tx postgres.Tx, e Event) (*obs.Product, error) {
	if e.Type != orgCreated {
		return nil, nil
	}
	var studio id.Org
	err := tx.QueryRow(ctx, sqlOrgOf, e.OrgID).Scan(&studio)
	if postgres.NoRows(err) {
		return nil, nil // it was deleted meanwhile
	}
	if err != nil {
		return nil, err
	}
	return &obs.Product{Event: "studio_created", ID: studio.String(), Org: studio.String()}, nil
}

// Tell applies events that no message brought, in one transaction, as Clerk's own would be.
func (k *Clerk) Tell(ctx context.Context, events ...Event) error {
	err := k.db.Across(ctx, func(tx postgres.Tx) error {
		for _, e := range events {
			if err := apply(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	return fail.Wrap(err, "tell of %d events", len(events))
}

func apply(ctx context.Context, tx postgres.Tx, e Event) error {
	switch e.Type {
	case userCreated, userUpdated:
		_, err := tx.Exec(ctx, sqlUser, e.UserID, e.UserName, e.Email, e.UpdatedAt)
		return err
	case userDeleted:
		return deleteUser(ctx, tx, e)
	case orgCreated, orgUpdated:
		_, err := tx.Exec(ctx, sqlOrgUpsert, e.OrgID, e.orgName(), e.OrgSlug, e.UpdatedAt)
		return err
	case orgDeleted:
		_, err := tx.Exec(ctx, sqlOrgDelete, e.OrgID, e.orgName(), e.OrgSlug, e.At)
		return err
	case membershipCreated, membershipUpdated:
		return putMembership(ctx, tx, e)
	case membershipDeleted:
		return deleteMembership(ctx, tx, e)
	}
	return nil
}

// orgName is what to call a studio that has no name in the event.
func (e Event) orgName() string {
	for _, s := range []string{e.OrgName, e.OrgSlug} {
		if s != "" {
			return s
		}
	}
	return e.OrgID
}

// defaultRole is where somebody starts in FitKit by their role in Clerk; as app.enter has it.
func (e Event) defaultRole() string {
	if e.Role == "admin" {
		return "owner"
	}
	return "front_desk"
}

func putMembership(ctx context.Context, tx postgres.Tx, e Event) error {
	if _, err := tx.Exec(ctx, sqlOrgParent, e.OrgID, e.orgName(), e.OrgSlug); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqlMembershipUpsert, e.OrgID, e.UserID, e.defaultRole(), e.Role, e.UserName, e.Email, e.UpdatedAt,
		e.Type == membershipCreated)
	return err
}

func deleteMembership(ctx context.Context, tx postgres.Tx, e Event) error {
	if _, err := tx.Exec(ctx, sqlOrgParent, e.OrgID, e.orgName(), e.OrgSlug); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, sqlMembershipDelete, e.OrgID, e.UserID, e.At)
	if err != nil || n > 0 {
		return err
	}
	return noteLastOwner(ctx, tx, e.UserID, &e.OrgID, e.At)
}

func deleteUser(ctx context.Context, tx postgres.Tx, e Event) error {
	if _, err := tx.Exec(ctx, sqlUserTombstone, e.UserID, e.At); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlUserDelete, e.UserID, e.At); err != nil {
		return err
	}
	return noteLastOwner(ctx, tx, e.UserID, nil, e.At)
}

// noteLastOwner tells the auditor of a person who has left Clerk and stays in FitKit as a studio's last owner: they can
// no longer sign in, and support has to find out who owns the studio now.
func noteLastOwner(ctx context.Context, tx postgres.Tx, user string, clerkOrg *string, at time.Time) error {
	_, err := tx.Exec(ctx, sqlNoteLastOwner, user, clerkOrg, at)
	return err
}
