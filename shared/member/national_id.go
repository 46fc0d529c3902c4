package member

import (
	"context"
	"strings"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/name"
	"fitkit/shared/nationalid"
	"fitkit/shared/postgres"
	"fitkit/shared/seal"
	"fitkit/shared/secret"
	"fitkit/shared/tenancy"
)

// Vault keeps members' national IDs: sealed, with a blind index by which one is known to be in the studio already.
type Vault struct {
	db    *postgres.DB
	ring  *seal.Ring
	index *seal.BlindIndex
}

// NewVault is the vault on db.
func NewVault(db *postgres.DB, ring *seal.Ring, index *seal.BlindIndex) *Vault {
	return &Vault{db, ring, index}
}

// Document is an identity number as it was typed. Country is of passports alone.
type Document struct {
	Kind, Country string
	Number        secret.Secret
}

func (d Document) parse() (person nationalid.ID, err error) {
	switch {
	case d.Kind == string(nationalid.Passport):
		person, err = nationalid.ParsePassport(d.Country, d.Number.Reveal())
	case d.Country != "" && d.Country != "IL": // what was sent would be dropped silently
		return person, ErrNationalID.WithFields(fail.At("body.country", "is of passports alone", "שייך לדרכונים בלבד"))
	default:
		person, err = nationalid.Parse(d.Number.Reveal())
	}
	if err != nil {
		return person, idError(err)
	}
	return person, nil
}

// sum is what the number is found by in this organisation.
func sum(index *seal.BlindIndex, e tenancy.Entered, person nationalid.ID) []byte {
	return index.Sum(e.Org.String(), "national_id", person.Canonical())
}

const sqlPutSecret = `
insert into member_secrets as s (org_id, member_id, kind, country, national_id_ct, key_id, blind_index, last3)
values (app.org(), $1, $2, $3, $4, $5, $6, $7)
on conflict (org_id, member_id) do update set kind = excluded.kind, country = excluded.country, national_id_ct = excluded.national_id_ct,
  key_id = excluded.key_id, blind_index = excluded.blind_index, last3 = excluded.last3, updated_at = now()
where s.blind_index <> excluded.blind_index`

// Set keeps a member's number. Members set their own. ErrNationalIDTaken when another member of the studio has it. The
// same number again changes nothing.
func (v *Vault) Set(ctx context.Context, c tenancy.Caller, member id.Member, d Document) (hint Hint, err error) {
	person, err := d.parse()
	if err != nil {
		return hint, err
	}
	hint = Hint{string(person.Kind), person.Country, person.Last3()}
	err = v.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		m, err := lock(ctx, tx, member)
		if err != nil {
			return err
		}
		if m.Status == "archived" {
			return ErrArchived
		}
		changed, err := v.put(ctx, tx, member, person)
		if err != nil || !changed {
			return err
		}
		if err := event(ctx, tx, member, "member.national_id_set", map[string]any{"kind": person.Kind}); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlAudit, "member.set_national_id", member, "")
		return err
	})
	return hint, fail.Wrap(err, "set national ID")
}

func (v *Vault) put(ctx context.Context, tx postgres.Tx, member id.Member, person nationalid.ID) (changed bool, err error) {
	sealed := v.ring.Seal([]byte(person.Canonical()), seal.NationalID.At(tx.Entered().Org, member))
	key := v.ring.ActiveKey()
	n, err := tx.Exec(ctx, sqlPutSecret, member, string(person.Kind), person.Country, sealed, key[:], sum(v.index, tx.Entered(), person), person.Last3())
	if postgres.Violates(err, "member_secrets_id_once") {
		return false, ErrNationalIDTaken
	}
	return n > 0, err
}

const sqlSealed = `select s.national_id_ct` + from + `where m.org_id = app.org() and m.id = $1`

// Reveal is a member's number in clear, for a reason that goes into the studio's trail in the same transaction; the
// member's timeline tells that it was looked at.
func (v *Vault) Reveal(ctx context.Context, c tenancy.Caller, member id.Member, reason string) (person nationalid.ID, err error) {
	reason, err = name.Clean(strings.TrimSpace(reason))
	if err != nil {
		return person, ErrReason
	}
	err = v.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		var sealed []byte
		err := tx.QueryRow(ctx, sqlSealed, member).Scan(&sealed)
		switch {
		case postgres.NoRows(err):
			return ErrNotFound
		case err != nil:
			return err
		case sealed == nil:
			return ErrNationalIDMissing
		}
		if person, err = v.open(sealed, tx.Entered(), member); err != nil {
			return err
		}
		if holds(reason, person) {
			return ErrReason // the trail never holds a number
		}
		if _, err := tx.Exec(ctx, sqlAudit, "member.reveal_national_id", member, reason); err != nil {
			return err
		}
		return event(ctx, tx, member, "member.national_id_revealed", nil)
	})
	if err != nil {
		return nationalid.ID{}, fail.Wrap(err, "reveal national ID")
	}
	return person, nil
}

func (v *Vault) open(sealed []byte, e tenancy.Entered, member id.Member) (nationalid.ID, error) {
	text, err := v.ring.Open(sealed, seal.NationalID.At(e.Org, member))
	if err != nil {
		return nationalid.ID{}, err
	}
	return nationalid.FromCanonical(string(text))
}

// holds says whether text has the number in it, whatever stands between its characters.
func holds(text string, person nationalid.ID) bool {
	bare := strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' {
			return c
		}
		return -1
	}, strings.ToUpper(text))
	return strings.Contains(bare, strings.TrimLeft(person.Number, "0"))
}
