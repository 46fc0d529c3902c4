// Package rotationtest fills a database with sealed values and reads them back.
package rotationtest

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/id"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/rotation"
	"fitkit/shared/seal"
	"fitkit/shared/secret"
)

// Keys of the tests: the former one, the new one, and one that nobody deployed.
var (
	Old     = secret.Secret(strings.Repeat("a1", 32))
	New     = secret.Secret(strings.Repeat("b2", 32))
	Unknown = secret.Secret(strings.Repeat("c3", 32))
	Index   = secret.Secret(strings.Repeat("d4", 32))
)

// Ring is a ring of these keys.
func Ring(t testing.TB, active secret.Secret, previous ...secret.Secret) *seal.Ring {
	t.Helper()
	r, err := seal.NewRing(active, previous)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Rings is the same keys for every ring.
func Rings(t testing.TB, active secret.Secret, previous ...secret.Secret) rotation.Rings {
	return rotation.Rings{seal.PaymentCredentials: Ring(t, active, previous...), seal.NationalIDs: Ring(t, active, previous...)}
}

// Studio makes a studio with a gateway and so many members, each with a card and a national ID, all sealed by ring.
func Studio(t testing.TB, db *postgrestest.Database, ring *seal.Ring, members int) id.Org {
	t.Helper()
	org, gateway, key := id.New[id.Org](), id.New[id.Gateway](), ring.ActiveKey()
	db.Exec(t, "insert into orgs (id, clerk_org_id, name, slug) values ($1, $2, 'סטודיו', $2)", org, "org_"+org.String())
	db.Exec(t, `insert into gateways (org_id, id, provider, mode, terminal, creds_ct, key_id, hook_token, verified_at)
		values ($1, $2, 'cardcom', 'test', '1000', $3, $4, $5, now())`, org, gateway,
		ring.Seal([]byte(Plain(seal.GatewayCredentials, gateway)), seal.GatewayCredentials.At(org, gateway)), key[:], gateway.String())
	var ids, methods []string
	var tokens, numbers, digests [][]byte
	for range members {
		m, pm := id.New[id.Member](), id.New[id.PaymentMethod]()
		ids, methods = append(ids, m.String()), append(methods, pm.String())
		tokens = append(tokens, ring.Seal([]byte(Plain(seal.CardToken, pm)), seal.CardToken.At(org, pm)))
		numbers = append(numbers, ring.Seal([]byte(Plain(seal.NationalID, m)), seal.NationalID.At(org, m)))
		digests = append(digests, Digest(org, Plain(seal.NationalID, m)))
	}
	db.Exec(t, `insert into members (org_id, id, name, search_key) select $1, m, 'נועה לוי', '' from unnest($2::uuid[]) m`, org, ids)
	db.Exec(t, `insert into payment_methods (org_id, id, member_id, gateway_id, token_ct, key_id, last4, exp_month, exp_year)
		select $1, pm, m, $2, t, $3, '0000', 12, 2030 from unnest($4::uuid[], $5::uuid[], $6::bytea[]) n (pm, m, t)`, org, gateway, key[:], methods, ids, tokens)
	db.Exec(t, `insert into member_secrets (org_id, member_id, kind, country, national_id_ct, key_id, blind_index, last3)
		select $1, m, 'il', 'IL', n, $2, d, '782' from unnest($3::uuid[], $4::bytea[], $5::bytea[]) v (m, n, d)`, org, key[:], ids, numbers, digests)
	return org
}

// Plain is what the value of a row says.
func Plain(c seal.Column, row fmt.Stringer) string { return c.Name + " of " + row.String() }

// Audit opens every sealed value with ring and says what is wrong: a value that does not open at its place, is under another
// key than the active one, has another key beside it, or says something else than written has for its row (Plain where it has
// nothing); and digests that are not the values' own. written is by column and row, as "gateways.creds_ct of …".
func Audit(t testing.TB, db *postgrestest.Database, ring *seal.Ring, written map[string]string) (values int) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), db.AdminURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, name := range seal.Rings() {
		for _, c := range seal.Columns(name) {
			digest := "null::bytea"
			if c == seal.NationalID {
				digest = "blind_index"
			}
			rows, err := conn.Query(context.Background(), fmt.Sprintf("select org_id, %s, %s, key_id, %s from %s where octet_length(%[2]s) > 0", c.RowID, c.Name, digest, c.Table))
			if err != nil {
				t.Fatal(err)
			}
			var org, row id.Org
			var envelope, key, sum []byte
			_, err = pgx.ForEachRow(rows, []any{&org, &row, &envelope, &key, &sum}, func() error {
				values++
				plain, err := ring.Open(envelope, c.At(org, row))
				under, _ := seal.KeyOf(envelope) // Open has told what is no envelope
				want := cmp.Or(written[Name(c, row)], Plain(c, row))
				switch said := string(plain); {
				case err != nil:
					t.Errorf("%s of %s: %v", c, row, err)
				case under != ring.ActiveKey():
					t.Errorf("%s of %s is under %s", c, row, under)
				case string(key) != string(under[:]):
					t.Errorf("%s of %s has key %x beside an envelope of %s", c, row, key, under)
				case said != want:
					t.Errorf("%s of %s says %q, want %q", c, row, said, want)
				case sum != nil && string(sum) != string(Digest(org, said)):
					t.Errorf("%s of %s is not found by its digest", c, row)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return values
}

// Name is a value's place in words.
func Name(c seal.Column, row fmt.Stringer) string { return c.String() + " of " + row.String() }

var index = func() *seal.BlindIndex {
	b, err := seal.NewBlindIndex(Index)
	if err != nil {
		panic(err) // the key stands above
	}
	return b
}()

// Digest is what a national ID is found by.
func Digest(org fmt.Stringer, text string) []byte {
	return index.Sum(org.String(), "national_id", text)
}
