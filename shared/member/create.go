package member

import (
	"context"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// New is a member to be created, as it was typed.
type New struct {
	Name, LatinName, Phone, Email, BirthDate string
	Language                                 string
	AllowSharedPhone                         bool
}

// The phone is looked for here as well as by members_phone_once, which does not see shared ones; the index decides
// between two who come at the same moment.
const sqlCreate = `
with m as (
  insert into members (org_id, id, name, latin_name, search_key, birth_date, phone, phone_shared, email, language)
  select app.org(), $1, $2, $3, $4, $5, $6, $7, $8, $9
  where $7 or $6::text is null or not exists (
    select from members o where o.org_id = app.org() and o.phone = $6 and o.status = 'active')
  returning *)
select ` + columns + ` from m left join member_secrets s on false`

// Create makes a card. ErrPhoneTaken when an active member has the phone and sharing it was not allowed.
func (s *Store) Create(ctx context.Context, c tenancy.Caller, n New) (m Member, err error) {
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		e, err := tx.Enter(ctx)
		if err != nil {
			return err
		}
		if m, err = n.card(e); err != nil {
			return err
		}
		m, err = scan(tx.QueryRow(ctx, sqlCreate, m.ID, m.Name, m.LatinName, searchKey(m), m.BirthDate, m.Phone, m.PhoneShared, m.Email, m.Language))
		if postgres.NoRows(err) || postgres.Violates(err, "members_phone_once") {
			return ErrPhoneTaken
		}
		if err != nil {
			return err
		}
		return event(ctx, tx, m.ID, "member.created", nil)
	})
	return m, fail.Wrap(err, "create member")
}

// card brings what was typed to its stored form.
func (n New) card(e tenancy.Entered) (m Member, err error) {
	m = Member{ID: id.New[id.Member](), Language: n.Language, PhoneShared: n.AllowSharedPhone}
	if m.Name, err = cleanName("name", n.Name); err != nil {
		return m, err
	}
	if m.LatinName, err = cleanLatin(n.LatinName); err != nil {
		return m, err
	}
	if m.Phone, err = cleanPhone(n.Phone); err != nil {
		return m, err
	}
	if m.Email, err = cleanEmail(n.Email); err != nil {
		return m, err
	}
	m.BirthDate, err = cleanBirthDate(n.BirthDate, e)
	return m, err
}
