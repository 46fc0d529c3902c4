package memberapi_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
	"fitkit/shared/vectors"
)

type idVectors struct {
	Count int
	Cases []struct{ ID, Category, Input, Expect, Normalised, Reason string }
}

// Every case of the vectors through the endpoints: what is kept and shown is the normalised number, what is refused is
// named and not echoed.
func TestNationalIDVectors(t *testing.T) {
	e := env(t)
	owner, noa := e.A.As(t, tenancy.Owner), create(t, e.A, body{"name": "נועה"})
	path := "/v1/members/" + noa.ID + "/national-id"
	set := vectors.Load[idVectors](t, "israeli_id.json")
	if len(set.Cases) == 0 || len(set.Cases) != set.Count {
		t.Fatalf("%d cases, want %d", len(set.Cases), set.Count)
	}
	for _, tc := range set.Cases {
		t.Run(tc.ID+" "+tc.Reason, func(t *testing.T) {
			e.Exec(t, "delete from request_windows") // more numbers than may be shown in a minute
			got := owner.Put(path, body{"number": tc.Input})
			switch {
			case tc.Expect == "invalid":
				if got.Status != 422 && got.Status != 400 { // 400: NUL, which the edge takes in no text
					t.Fatalf("%d %s", got.Status, got.Body)
				}
				if tc.Input != "" && strings.Contains(string(got.Body), tc.Input) && len(tc.Input) > 3 {
					t.Fatalf("echoed: %s", got.Body)
				}
			case tc.Expect == "policy" && got.Status == 422: // refusing is a policy too
			default:
				got.Want(200)
				if shown := owner.Post(path+"/reveal", body{"reason": "בדיקה"}).Want(200).Field("number"); shown != tc.Normalised {
					t.Fatalf("%q, want %q", shown, tc.Normalised)
				}
				if last := got.Field("last3"); last != tc.Normalised[6:] {
					t.Fatalf("last3 %q", last)
				}
			}
		})
	}
}

func TestSetNationalID(t *testing.T) {
	e := env(t)
	desk := e.A.As(t, tenancy.FrontDesk)
	noa, dan, other := create(t, e.A, body{"name": "נועה"}), create(t, e.A, body{"name": "דן"}), create(t, e.B, body{"name": "אחר"})
	path := func(c card) string { return "/v1/members/" + c.ID + "/national-id" }
	t.Run("it is sealed, and the card shows its end", func(t *testing.T) {
		desk.Put(path(noa), body{"number": "12345678-2"}).Want(200)
		if got := read(desk.Get("/v1/members/" + noa.ID)); got.NationalID.Last3 != "782" || got.NationalID.Kind != "il" {
			t.Fatalf("%+v", got.NationalID)
		}
		row := postgrestest.Get[string](t, e.Database, "select encode(national_id_ct, 'escape') || encode(blind_index, 'escape') || last3 from member_secrets")
		if strings.Contains(row, "123456782") {
			t.Fatal("the number is stored in clear")
		}
	})
	t.Run("a coach sees nothing of it", func(t *testing.T) {
		if got := read(e.A.As(t, tenancy.Coach).Get("/v1/members/" + noa.ID)); got.NationalID != nil {
			t.Fatalf("%+v", got.NationalID)
		}
	})
	t.Run("a number belongs to one member of a studio", func(t *testing.T) {
		desk.Put(path(dan), body{"number": "123456782"}).Want(409, "member.national_id_taken")
		e.B.As(t, tenancy.Owner).Put(path(other), body{"number": "123456782"}).Want(200)
	})
	t.Run("the same number again is no event", func(t *testing.T) {
		desk.Put(path(noa), body{"number": "123456782"}).Want(200)
		if n := postgrestest.Get[int](t, e.Database, "select count(*)::int from member_events where member_id = $1 and kind = 'member.national_id_set'", noa.ID); n != 1 {
			t.Fatalf("%d events", n)
		}
	})
	t.Run("a corrected number frees the old one", func(t *testing.T) {
		desk.Put(path(noa), body{"number": "111111118"}).Want(200)
		desk.Put(path(dan), body{"number": "123456782"}).Want(200)
	})
	t.Run("a foreigner has a passport", func(t *testing.T) {
		got := desk.Put(path(noa), body{"kind": "passport", "country": "fr", "number": "12ab 34567"}).Want(200)
		if got.Field("country") != "FR" || got.Field("last3") != "567" {
			t.Fatalf("%s", got.Body)
		}
		desk.Put(path(noa), body{"kind": "passport", "number": "12AB34567"}).Want(422, "member.national_id_invalid")
	})
	t.Run("what is wrong is said without the number", func(t *testing.T) {
		for number, message := range map[string]string{"123456789": "check digit", "999999998": "nobody's", "000000000": "nobody's", "12x": "5 to 9 digits"} {
			got := desk.Put(path(noa), body{"number": number}).Want(422, "member.national_id_invalid")
			if text := string(got.Body); !strings.Contains(text, message) || strings.Contains(text, number) {
				t.Errorf("%s: %s", number, text)
			}
		}
	})
	t.Run("members set their own and no other's", func(t *testing.T) {
		self := signIn(t, e, e.A, noa, "user_noa")
		self.Put(path(noa), body{"number": "222222226"}).Want(200)
		nobody(t, self, "PUT", "/v1/members/%s/national-id", body{"number": "039337423"}, dan.ID, other.ID)
		nobody(t, desk, "PUT", "/v1/members/%s/national-id", body{"number": "039337423"}, other.ID)
	})
}

func TestRevealNationalID(t *testing.T) {
	e := env(t)
	owner, noa, other := e.A.As(t, tenancy.Owner), create(t, e.A, body{"name": "נועה"}), create(t, e.B, body{"name": "אחר"})
	path := "/v1/members/" + noa.ID + "/national-id/reveal"
	trail := func() int {
		return postgrestest.Get[int](t, e.Database, "select count(*)::int from audit_log where action = 'member.reveal_national_id'")
	}
	t.Run("there may be nothing to show", func(t *testing.T) {
		owner.Post(path, body{"reason": "בדיקה"}).Want(404, "member.national_id_missing")
	})
	owner.Put("/v1/members/"+noa.ID+"/national-id", body{"number": "000000018"}).Want(200)
	t.Run("a session that proved nothing lately is asked to", func(t *testing.T) {
		got := e.A.As(t, tenancy.Owner).Stale().Post(path, body{"reason": "בדיקה"}).Want(403, "auth.step_up")
		if !strings.Contains(string(got.Body), `"clerk_error":{"metadata":{"reverification":{"afterMinutes":10,"level":"second_factor"}},"reason":"reverification-error","type":"forbidden"}`) {
			t.Fatalf("%s", got.Body)
		}
	})
	t.Run("without a reason in words nothing is shown", func(t *testing.T) {
		for _, reason := range []string{"", "  ", "   \u2028 ", "a\nb", "של 00000001-8", "id 18"} {
			if r := owner.Post(path, body{"reason": reason}); r.Status != 422 {
				t.Errorf("%q: %d", reason, r.Status)
			}
		}
		owner.Post(path, body{}).Want(422)
		if n := trail(); n != 0 {
			t.Fatalf("%d entries", n)
		}
	})
	t.Run("every showing is in the trail, with who and why, and on the member's timeline", func(t *testing.T) {
		for range 2 {
			owner.Post(path, body{"reason": "דיווח למס הכנסה"}).Want(200)
		}
		got := postgrestest.Get[string](t, e.Database, `select string_agg(actor || ' ' || reason || ' ' || object_id, '; ') from audit_log where action = 'member.reveal_national_id'`)
		one := fmt.Sprintf("user_owner%s דיווח למס הכנסה %s", e.A.Org.String()[:8], noa.ID)
		if got != one+"; "+one {
			t.Fatal(got)
		}
		if n := postgrestest.Get[int](t, e.Database, "select count(*)::int from member_events where kind = 'member.national_id_revealed'"); n != 2 {
			t.Fatalf("%d events", n)
		}
	})
	t.Run("no answer with a number is kept", func(t *testing.T) {
		owner.Headers["Idempotency-Key"] = "reveal-1"
		owner.Post(path, body{"reason": "דיווח"}).Want(200)
		if n := postgrestest.Get[int](t, e.Database, "select count(*)::int from idempotency_keys where operation = 'api-member-reveal-national-id'"); n != 0 {
			t.Fatalf("%d answers kept", n)
		}
	})
	t.Run("when the trail cannot be written nothing is shown", func(t *testing.T) {
		e.Exec(t, "alter table audit_log rename to away")
		if r := owner.Post(path, body{"reason": "דיווח"}).Want(500, "internal"); strings.Contains(string(r.Body), "000000018") {
			t.Fatalf("%s", r.Body)
		}
		e.Exec(t, "alter table away rename to audit_log")
	})
	t.Run("a number moved to another member's row does not open", func(t *testing.T) {
		dan := create(t, e.A, body{"name": "דן"})
		e.Exec(t, `insert into member_secrets (org_id, member_id, kind, country, national_id_ct, key_id, blind_index, last3)
			select org_id, $1, kind, country, national_id_ct, key_id, 'moved', last3 from member_secrets where member_id = $2`, dan.ID, noa.ID)
		owner.Post("/v1/members/"+dan.ID+"/national-id/reveal", body{"reason": "דיווח"}).Want(500, "internal")
	})
	t.Run("another studio's member is not there", func(t *testing.T) {
		nobody(t, owner, "POST", "/v1/members/%s/national-id/reveal", body{"reason": "דיווח"}, other.ID)
	})
}

// Red with requests hashed by SHA-256 alone: the number is found among a million in a second.
func TestTheHashOfARequestTellsNoNationalID(t *testing.T) {
	e := env(t)
	noa := create(t, e.A, body{"name": "נועה"})
	path := "/v1/members/" + noa.ID + "/national-id"
	desk := e.A.As(t, tenancy.FrontDesk)
	desk.Headers["Idempotency-Key"] = "set-1"
	desk.Put(path, body{"number": "000123455"}).Want(200)
	row := postgrestest.Get[[]byte](t, e.Database, "select request_sha from idempotency_keys where operation = 'api-member-set-national-id'")
	for n := 455; n < 1e6; n += 1000 { // the row beside it tells the last three digits
		request := fmt.Sprintf("api-member-set-national-id\n%s\n\n\n{\"number\":\"%09d\"}", path, n)
		if sum := sha256.Sum256([]byte(request)); bytes.Equal(sum[:], row) {
			t.Fatalf("the number is %09d", n)
		}
	}
	desk.Put(path, body{"number": "000123455"}).Want(200) // and still tells one request from another
	desk.Put(path, body{"number": "111111118"}).Want(422, "idempotency.key_reused")
}
