package memberapi_test

import (
	"fmt"
	"strings"
	"testing"

	"fitkit/shared/api"
	"fitkit/shared/api/apitest"
	"fitkit/shared/id"
	"fitkit/shared/member"
	"fitkit/shared/member/memberapi"
	"fitkit/shared/postgres"
	"fitkit/shared/seal"
	"fitkit/shared/secret"
	"fitkit/shared/tenancy"
)

var (
	ringKey  = secret.Secret(strings.Repeat("a1", 32))
	indexKey = secret.Secret(strings.Repeat("b2", 32))
)

func endpoints(t testing.TB) func(db *postgres.DB) []api.Endpoint {
	ring, err := seal.NewRing(ringKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	index, err := seal.NewBlindIndex(indexKey)
	if err != nil {
		t.Fatal(err)
	}
	return func(db *postgres.DB) []api.Endpoint {
		s, v := member.NewStore(db), member.NewVault(db, ring, index)
		return []api.Endpoint{memberapi.Create(s), memberapi.Get(s), memberapi.Search(member.NewFinder(db, index)), memberapi.Update(s),
			memberapi.Archive(s), memberapi.SetNationalID(v), memberapi.RevealNationalID(v), memberapi.ListTimeline(s)}
	}
}

func env(t *testing.T) *apitest.Env {
	t.Parallel()
	return apitest.New(t, endpoints(t))
}

type body = map[string]any

// card is what the tests read of a member.
type card struct {
	ID, Name, Status, Language string
	Latin                      string  `json:"latin_name"`
	Birth                      *string `json:"birth_date"`
	Phone, Email               *string
	Access                     string `json:"access_level"`
	SignsIn                    bool   `json:"signs_in"`
	Version                    int
	NationalID                 *struct{ Kind, Last3 string } `json:"national_id"`
}

func read(r *apitest.Response) (c card) {
	r.Into(&c)
	return c
}

func create(t *testing.T, s apitest.Studio, b body) card {
	t.Helper()
	return read(s.As(t, tenancy.FrontDesk).Post("/v1/members", b).Want(201))
}

// signIn ties a sign-in to a card.
func signIn(t *testing.T, e *apitest.Env, s apitest.Studio, c card, user string) *apitest.Client {
	e.Exec(t, "update members set clerk_user_id = $1 where id = $2", user, c.ID)
	return s.AsMember(t, user)
}

// nobody checks that ids of others and a random one answer 404, all in the same words.
func nobody(t *testing.T, c *apitest.Client, method, path string, b any, others ...string) {
	t.Helper()
	var first string
	for _, one := range append(others, id.New[id.Member]().String()) {
		r := c.Do(method, fmt.Sprintf(path, one), b).Want(404, "member.not_found")
		var problem body
		r.Into(&problem)
		delete(problem, "correlation_id")
		if text := fmt.Sprint(problem); first == "" {
			first = text
		} else if text != first {
			t.Fatalf("%s\n%s", first, text)
		}
	}
}
