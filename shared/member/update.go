package member

import (
	"context"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// Change is what an update sets, as it was typed; nil leaves as it is, empty removes.
type Change struct {
	Name, LatinName, Phone, Email, BirthDate, Language *string
	AllowSharedPhone                                   bool
}

const (
	sqlLock   = `select ` + columns + from + `where m.org_id = app.org() and m.id = $1 for update of m`
	sqlUpdate = `
update members set name = $2, latin_name = $3, search_key = $4, birth_date = $5, phone = $6, phone_shared = $7, email = $8, language = $9,
  version = version + 1, updated_at = now()
where org_id = app.org() and id = $1 and ($7 or $6::text is null or not exists (
  select from members o where o.org_id = app.org() and o.phone = $6 and o.status = 'active' and o.id <> $1))
returning version, updated_at`
)

// Update changes a card. version is the one the caller saw: ErrVersionConflict when it has moved on. Members change how
// they are reached on their own card; the rest is the studio's (ErrStaffOnly).
func (s *Store) Update(ctx context.Context, c tenancy.Caller, member id.Member, version int, ch Change) (m Member, err error) {
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		m, err = lock(ctx, tx, member)
		switch {
		case err != nil:
			return err
		case tx.Entered().Role == tenancy.Member && (ch.Name != nil || ch.LatinName != nil || ch.BirthDate != nil || ch.AllowSharedPhone):
			return ErrStaffOnly
		case m.Version != version:
			return ErrVersionConflict
		case m.Status == "archived":
			return ErrArchived
		}
		if err = ch.applyTo(&m, tx.Entered()); err != nil {
			return err
		}
		err = tx.QueryRow(ctx, sqlUpdate, m.ID, m.Name, m.LatinName, searchKey(m), m.BirthDate, m.Phone, m.PhoneShared, m.Email,
			m.Language).Scan(&m.Version, &m.UpdatedAt)
		if postgres.NoRows(err) || postgres.Violates(err, "members_phone_once") {
			return ErrPhoneTaken
		}
		if err != nil {
			return err
		}
		return event(ctx, tx, member, "member.updated", map[string]any{"fields": ch.fields()})
	})
	return m, fail.Wrap(err, "update member")
}

// lock reads a card and holds it until commit, so that two changes of one member follow each other.
func lock(ctx context.Context, tx postgres.Tx, member id.Member) (Member, error) {
	m, err := scan(tx.QueryRow(ctx, sqlLock, member))
	if postgres.NoRows(err) || err == nil && hidden(tx.Entered(), member) {
		return Member{}, ErrNotFound
	}
	return m, err
}

// applyTo sets what the change names, in its stored form.
func (ch Change) applyTo(m *Member, e tenancy.Entered) (err error) {
	if ch.Name != nil {
		m.Name, err = cleanName("name", *ch.Name)
	}
	if ch.LatinName != nil && err == nil {
		m.LatinName, err = cleanLatin(*ch.LatinName)
	}
	if ch.Phone != nil && err == nil {
		m.PhoneShared = ch.AllowSharedPhone
		m.Phone, err = cleanPhone(*ch.Phone)
	}
	if ch.Email != nil && err == nil {
		m.Email, err = cleanEmail(*ch.Email)
	}
	if ch.BirthDate != nil && err == nil {
		m.BirthDate, err = cleanBirthDate(*ch.BirthDate, e)
	}
	if ch.Language != nil {
		m.Language = *ch.Language
	}
	return err
}

// fields names what the change sets, for the timeline.
func (ch Change) fields() []string {
	out := []string{}
	for _, f := range []struct {
		name string
		set  *string
	}{{"name", ch.Name}, {"latin_name", ch.LatinName}, {"phone", ch.Phone}, {"email", ch.Email}, {"birth_date", ch.BirthDate}, {"language", ch.Language}} {
		if f.set != nil {
			out = append(out, f.name)
		}
	}
	return out
}
