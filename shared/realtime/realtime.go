// Package realtime is who is connected by WebSocket. Whoever is signed in takes a ticket and connects with it; the connection is
// a row, which lasts as long as its person's rights do and pings come.
package realtime

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// ErrTicket tells nothing of what is wrong with a ticket: made up, used, over its minute, or its person has no right any more.
var ErrTicket = fail.New(fail.Unauthenticated, "realtime.ticket_refused", "This ticket is not good, or not any more. Take a new one and connect with it at once.",
	"הכרטיס אינו תקף, או שאינו תקף עוד. קחו כרטיס חדש והתחברו איתו מיד.")

// ErrOver means that the connection is none of ours any more, or its person has other rights than at the handshake.
var ErrOver = fail.New(fail.Unauthenticated, "realtime.connection_over", "This connection is over. Take a new ticket and connect again.",
	"החיבור הזה הסתיים. קחו כרטיס חדש והתחברו שוב.")

// ticketBytes is a ticket's length before it is written as text.
const ticketBytes = 32

// Store keeps tickets and connections.
type Store struct{ db *postgres.DB }

// NewStore is the store on db.
func NewStore(db *postgres.DB) *Store { return &Store{db} }

const sqlInsertTicket = `
insert into socket_tickets (org_id, hash, role, staff_id, member_id) values (app.org(), $1, $2, $3, $4) returning expires_at`

// CreateTicket makes a ticket for the caller. Only its hash is kept, so it can be told but once.
func (s *Store) CreateTicket(ctx context.Context, c tenancy.Caller) (ticket string, expires time.Time, err error) {
	raw := make([]byte, ticketBytes)
	_, _ = rand.Read(raw) // it never fails: the program ends when the system has no randomness
	ticket = base64.RawURLEncoding.EncodeToString(raw)
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		e, err := tx.Enter(ctx)
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, sqlInsertTicket, hash(ticket), string(e.Role), e.StaffID, e.MemberID).Scan(&expires)
	})
	return ticket, expires.UTC(), fail.Wrap(err, "create a ticket")
}

// hash is of the ticket's text, so that no other spelling of its bytes is a second ticket.
func hash(ticket string) []byte {
	sum := sha256.Sum256([]byte(ticket))
	return sum[:]
}

const sqlInsertConnection = `insert into connections (org_id, id, role, staff_id, member_id) values (app.org(), $1, $2, $3, $4)`

// Open uses the ticket up and notes the connection, both or neither.
func (s *Store) Open(ctx context.Context, ticket, connection string) error {
	err := s.db.InOrg(ctx, tenancy.Caller{Ticket: hash(ticket)}, func(tx postgres.Tx) error {
		e, err := tx.Enter(ctx)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlInsertConnection, connection, string(e.Role), e.StaffID, e.MemberID)
		return err
	})
	if errors.Is(err, postgres.ErrOrgNotFound) {
		return ErrTicket
	}
	return fail.Wrap(err, "open a connection")
}

const sqlSeeConnection = `update connections set last_seen = now() where org_id = app.org() and id = $1`

// See notes that the caller's connection lives. It is refused when the person's rights are not those of the handshake.
func (s *Store) See(ctx context.Context, c tenancy.Caller) error {
	err := s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, sqlSeeConnection, c.Connection)
		return err
	})
	if errors.Is(err, postgres.ErrOrgNotFound) {
		return ErrOver
	}
	return fail.Wrap(err, "see a connection")
}

const sqlDeleteConnection = `delete from connections where org_id = app.org() and id = $1`

// Close forgets a connection that has ended. One that is not there has been forgotten before.
func (s *Store) Close(ctx context.Context, connection string) error {
	err := s.db.InOrg(ctx, tenancy.Caller{Connection: connection, Actor: "socket:realtime-disconnect"}, func(tx postgres.Tx) error {
		_, err := tx.Exec(ctx, sqlDeleteConnection, connection)
		return err
	})
	if errors.Is(err, postgres.ErrOrgNotFound) {
		return nil
	}
	return fail.Wrap(err, "close a connection")
}
