package api_test

import (
	"crypto/rsa"
	"fmt"
	"strings"
	"testing"
	"time"

	"fitkit/shared/auth/authtest"
	"fitkit/shared/postgres/postgrestest"
)

const (
	issuer = "https://clerk.warm.example"
	page   = "https://app.warm.example"

	// sharedMember and sharedCharge are ids that both studios have: a key is the studio and the id.
	sharedMember = "01900000-0000-7000-8000-c00000000001"
	sharedCharge = "01900000-0000-7000-8000-c00000000002"
	// inBoth is a word in the names of both studios' members.
	inBoth = "shared"
)

// warmStudio is a studio whose rows say whose they are: word stands in every text that may be any text.
type warmStudio struct {
	letter, word, org, clerkOrg, phone string
	owner, both                        string // tokens: of its owner, and of a person who is an owner in both studios
	members                            []string
	versions                           []int // of members
	marks                              []string
}

func newWarmStudio(t *testing.T, d *postgrestest.Database, key *rsa.PrivateKey, letter, word string, workers int) *warmStudio {
	t.Helper()
	s := &warmStudio{letter: letter, word: word, clerkOrg: "org_" + word, org: warmID(letter, 0), phone: "+97254" + strings.Repeat(fmt.Sprint(letter[0]%10), 7)}
	s.marks = []string{word, s.org, s.phone}
	d.Exec(t, "insert into orgs (id, clerk_org_id, name, slug) values ($1, $2, $3, $3)", s.org, s.clerkOrg, word)
	for _, user := range []string{"user_" + word, "user_both"} {
		d.Exec(t, "insert into staff (org_id, clerk_user_id, role, name, email) values ($1, $2, 'owner', $3, $3)", s.org, user, word)
	}
	s.owner, s.both = s.token(t, key, "user_"+word), s.token(t, key, "user_both")
	s.row(t, d, sharedMember, sharedCharge, s.phone)
	for i := range workers {
		member, charge := warmID(letter, 2*i+1), warmID(letter, 2*i+2)
		s.row(t, d, member, charge, fmt.Sprint(s.phone[:12], i))
		s.members, s.versions = append(s.members, member), append(s.versions, 1)
		s.marks = append(s.marks, member, charge, fmt.Sprint(s.phone[:12], i))
	}
	return s
}

// warmID is the nth id of a studio; the other's differs by one digit.
func warmID(letter string, n int) string {
	return fmt.Sprintf("01900000-0000-7000-8000-%s%011d", letter, n)
}

func (s *warmStudio) row(t *testing.T, d *postgrestest.Database, member, charge, phone string) {
	t.Helper()
	d.Exec(t, `insert into members (org_id, id, name, latin_name, search_key, phone, email, clerk_user_id) values ($1, $2, $3, $3, $3, $4, $5, $6)`,
		s.org, member, s.word+" "+inBoth, phone, s.word+"@example.com", "user_member_"+s.word+member)
	d.Exec(t, `insert into charges (org_id, id, member_id, kind, amount, description, state, void_reason, created_by, due_at)
		values ($1, $2, $3, 'one_off', 100, $4, 'void', $4, $4, now())`, s.org, charge, member, s.word)
}

func (s *warmStudio) token(t *testing.T, key *rsa.PrivateKey, user string) string {
	t.Helper()
	now := time.Now().Unix()
	token, err := authtest.Sign(key, "ins_a", map[string]any{"v": 2, "iss": issuer, "azp": page, "sub": user, "sid": "sess_" + s.word, "iat": now, "nbf": now,
		"exp": now + 3600, "fva": []int{0, 0}, "o": map[string]any{"id": s.clerkOrg, "slg": s.word, "rol": "admin"}})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// forged claims to be the other's owner under a signature of its own.
func (s *warmStudio) forged(other *warmStudio) string {
	return other.owner[:strings.LastIndexByte(other.owner, '.')] + s.owner[strings.LastIndexByte(s.owner, '.'):]
}

// marksIn are the studio's words and ids that stand in text.
func (s *warmStudio) marksIn(text string) (found []string) {
	text = strings.ToLower(text)
	for _, mark := range s.marks {
		if strings.Contains(text, mark) {
			found = append(found, mark)
		}
	}
	return found
}
