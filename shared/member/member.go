// Package member is the people who train at a studio: their card, how they are found again, their national ID, and
// what happened to them.
//
// A member belongs to one studio; the same person in two studios has two cards that know nothing of each other. Most
// members sign in to nothing: whoever does is tied to their card by clerk_user_id and sees that card alone. A national
// ID is sealed, lives apart from the card, and is shown only on purpose, with a reason that is kept.
package member

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/civil"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
)

// Member is a card.
type Member struct {
	ID          id.Member
	Name        string // as written, in Unicode's form NFC
	LatinName   string
	BirthDate   civil.Date // zero: unknown
	Phone       *string    // E.164
	PhoneShared bool       // other members may have the same phone
	Email       *string
	Language    string // he, en, ar, ru
	Status      string // active, archived
	AccessLevel string // R49: full, no_new_bookings, no_checkin, suspended
	SignsIn     bool   // tied to a user of Clerk's
	Version     int
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ArchivedAt  *time.Time
	NationalID  *Hint // nil: none is kept, or the caller is not to know
	NextCharge  *Due  // read by Get alone; nil: none is to come, or the caller is not to know
}

// Hint is what a card shows of a national ID.
type Hint struct{ Kind, Country, Last3 string }

// Store keeps members.
type Store struct{ db *postgres.DB }

// NewStore is the store on db.
func NewStore(db *postgres.DB) *Store { return &Store{db} }

// columns of a card, for a members row m with its secret s beside it.
const columns = `m.id, m.name, m.latin_name, m.birth_date, m.phone, m.phone_shared, m.email, m.language, m.status, m.access_level,
  m.clerk_user_id is not null, m.version, m.created_at, m.updated_at, m.archived_at, s.kind, s.country, s.last3`

// scan reads columns, then what more there is in the row.
func scan(row pgx.Row, more ...any) (m Member, err error) {
	var kind, country, last3 *string
	dest := []any{&m.ID, &m.Name, &m.LatinName, &m.BirthDate, &m.Phone, &m.PhoneShared, &m.Email, &m.Language, &m.Status, &m.AccessLevel,
		&m.SignsIn, &m.Version, &m.CreatedAt, &m.UpdatedAt, &m.ArchivedAt, &kind, &country, &last3}
	err = row.Scan(append(dest, more...)...)
	if kind != nil {
		m.NationalID = &Hint{*kind, *country, *last3}
	}
	return m, err
}

const from = ` from members m left join member_secrets s on s.org_id = m.org_id and s.member_id = m.id `

const (
	sqlEvent = `insert into member_events (org_id, member_id, at, kind, data) values (app.org(), $1, app.business_now(), $2, $3)`
	sqlAudit = `insert into audit_log (org_id, action, object_kind, object_id, reason) values (app.org(), $1, 'member', $2, $3)`
)

// event adds to the member's timeline; data names things and holds no personal data.
func event(ctx context.Context, tx postgres.Tx, member id.Member, kind string, data map[string]any) error {
	text := []byte("{}")
	if data != nil {
		var err error
		if text, err = json.Marshal(data); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, sqlEvent, member, kind, string(text))
	return err
}
