package member

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/name"
	"fitkit/shared/nationalid"
	"fitkit/shared/phone"
	"fitkit/shared/postgres"
	"fitkit/shared/seal"
	"fitkit/shared/tenancy"
)

// Query is what is looked for.
type Query struct {
	Text   string // a name or its parts in any order, a phone or part of one, an e-mail address, an Israeli ID; empty: everybody
	Status string // active, archived, all
	After  id.Member
	Limit  int
}

// Finder searches members. It knows the index of national IDs and not their key: it can recognise one, never read one.
type Finder struct {
	db    *postgres.DB
	index *seal.BlindIndex
}

// NewFinder is the search on db.
func NewFinder(db *postgres.DB, index *seal.BlindIndex) *Finder { return &Finder{db, index} }

// rank puts names that begin with the text first, then those of which a later word does, then the rest.
const rank = `case when m.search_key like $6 then 0 when m.search_key like '% ' || $6 then 1 else 2 end`

// A page continues after a member, not after a sort key: keys are names, and a cursor travels in addresses.
const sqlSearch = `
select ` + columns + from + `
where m.org_id = app.org() and ($1 = 'all' or m.status = $1)
  and (cardinality($2::text[]) > 0 and m.search_key like all ($2::text[])
    or m.phone like $3 or m.email = $4 or s.blind_index = $5)
  and ($7::uuid is null or (` + rank + `, m.search_key, m.id) > (
    select ` + rank + `, m.search_key, m.id from members m where m.org_id = app.org() and m.id = $7))
order by ` + rank + `, m.search_key, m.id
limit $8`

// Search is a page of the members that match, best first.
func (f *Finder) Search(ctx context.Context, c tenancy.Caller, q Query) (found []Member, err error) {
	q.Text = strings.TrimSpace(q.Text)
	var role tenancy.Role
	if person, err := nationalid.Parse(q.Text); err == nil {
		role, found, err = f.byID(ctx, c, q, person)
		return visibleAll(found, role), fail.Wrap(err, "search members")
	}
	b := &postgres.Batch{}
	f.queue(&b.Batch, q, nil, &found)
	e, err := f.db.ReadInOrg(ctx, c, b)
	return visibleAll(found, e.Role), fail.Wrap(err, "search members")
}

// byID needs the organisation first, for the index is one of each organisation.
func (f *Finder) byID(ctx context.Context, c tenancy.Caller, q Query, person nationalid.ID) (role tenancy.Role, found []Member, err error) {
	err = f.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		e, err := tx.Enter(ctx)
		if err != nil {
			return err
		}
		role = e.Role
		var index []byte
		if role != tenancy.Coach { // finding a member by the whole number would confirm it
			index = sum(f.index, e, person)
		}
		b := &pgx.Batch{}
		f.queue(b, q, index, &found)
		return tx.Send(ctx, b)
	})
	return role, found, err
}

func (f *Finder) queue(b *pgx.Batch, q Query, index []byte, into *[]Member) {
	words, prefix := patterns(q.Text)
	b.Queue(sqlSearch, q.Status, words, phonePattern(q.Text), email(q.Text), index, prefix, q.After, q.Limit).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Member, error) { return scan(row) })
		return err
	})
}

func visibleAll(list []Member, role tenancy.Role) []Member {
	for i := range list {
		list[i] = visible(list[i], role)
	}
	return list
}

// likeEscape keeps what somebody typed from being a pattern.
var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// patterns is one for each word, which must all occur, and one for a name that begins with the text. A text without a
// letter that counts finds nobody by name; no text finds everybody.
func patterns(text string) (words []string, prefix string) {
	if text == "" {
		return []string{"%"}, "%"
	}
	key := name.SearchKey(text)
	words = []string{}
	for word := range strings.FieldsSeq(key) {
		words = append(words, "%"+likeEscape.Replace(word)+"%")
	}
	return words, likeEscape.Replace(key) + "%"
}

// minDigits is the shortest part of a phone number that is looked for; fewer digits would find half the studio.
const minDigits = 3

// phonePattern finds a whole number however it is spelled, or part of one; nil when the text is no number.
func phonePattern(text string) *string {
	if number, err := phone.Parse(text); err == nil {
		s := string(number)
		return &s
	}
	digits := strings.Map(func(c rune) rune {
		switch {
		case c >= '0' && c <= '9':
			return c
		case strings.ContainsRune(" -()+", c):
			return -1
		}
		return 'x'
	}, text)
	digits = strings.TrimLeft(digits, "0") // as dialled at home; stored numbers have +972 there
	if len(digits) < minDigits || strings.Contains(digits, "x") {
		return nil
	}
	digits = "%" + digits + "%"
	return &digits
}

// email is the address in its stored form, nil when the text is none.
func email(text string) *string {
	address, err := cleanEmail(text)
	if err != nil {
		return nil
	}
	return address
}
