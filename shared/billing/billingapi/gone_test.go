package billingapi_test

import (
	"fmt"
	"testing"

	"fitkit/shared/id"
	"fitkit/shared/tenancy"
)

// What another studio has voided, removed or archived is answered as an id of nothing is (S2): the same status, the same words,
// no "already void". Row-level security and the statements' own filter each keep it so; it was red for voided charges and for the
// lists of an archived member when both were taken away.
func TestWhatAnotherStudioHasPutAwayIsNothing(t *testing.T) {
	f := newFixture(t)
	theirs, m := f.B.As(t, tenancy.Owner), f.member(t, f.B)
	removed, voided := f.card(t, f.B, m, true), f.charge(t, f.B, m, 100, 0)
	theirs.Post("/v1/charges/"+voided.String()+"/void", map[string]string{"reason": "a mistake"}).Want(200)
	theirs.Delete("/v1/payment-methods/" + removed.String()).Want(200)
	archived := f.member(t, f.B)
	f.Exec(t, "update members set status = 'archived', archived_at = now() where id = $1", archived)
	for name, tc := range map[string]struct {
		method, path, gone string
		body               any
	}{
		"voiding a charge":        {"POST", "/v1/charges/%s/void", voided.String(), map[string]string{"reason": "x"}},
		"trying a charge again":   {"POST", "/v1/charges/%s/retry", voided.String(), nil},
		"removing a card":         {"DELETE", "/v1/payment-methods/%s", removed.String(), nil},
		"a member's cards":        {"GET", "/v1/payment-methods?member_id=%s", archived.String(), nil},
		"a member's charges":      {"GET", "/v1/charges?member_id=%s", archived.String(), nil},
		"the cards of who stayed": {"GET", "/v1/payment-methods?member_id=%s", m.String(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			var said []string
			for _, one := range []string{id.New[id.Event]().String(), tc.gone} {
				r := f.owner(t).Do(tc.method, fmt.Sprintf(tc.path, one), tc.body).Want(404)
				problem := map[string]any{}
				r.Into(&problem)
				delete(problem, "correlation_id")
				said = append(said, fmt.Sprint(problem))
			}
			if said[0] != said[1] {
				t.Errorf("an id of nothing is answered\n%s\nand what was put away\n%s", said[0], said[1])
			}
		})
	}
}
