package billinghook_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/shared/billing"
	"fitkit/shared/billing/billinghook"
	"fitkit/shared/billing/billingtest"
	"fitkit/shared/hook"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
)

type studio struct{ *billingtest.Studio }

// page opens a hosted page for a member, on which a card was then saved.
func (s studio) page(t *testing.T) (session id.CardSession, ref string, m id.Member) {
	t.Helper()
	m = s.Member(t)
	cs, err := s.Collector.OpenCardSession(context.Background(), s.Caller, m, billing.Pages{AppURL: "https://app.example", APIURL: "https://api.example"})
	if err != nil {
		t.Fatal(err)
	}
	ref = postgrestest.Get[string](t, s.Database, "select provider_ref from card_sessions where id = $1", cs.ID)
	s.Provider.Pages[ref] = payment.Outcome{State: payment.Saved, Card: &payment.SavedCard{Token: "t", ExpMonth: 6, ExpYear: 2031, Last4: "4321"}}
	return cs.ID, ref, m
}

// post delivers a notice to the address with this token, as the gateway does.
func (s studio) post(t *testing.T, token, body string) int {
	t.Helper()
	ev := events.APIGatewayV2HTTPRequest{PathParameters: map[string]string{"token": token}, Body: base64.StdEncoding.EncodeToString([]byte(body)), IsBase64Encoded: true}
	answer, err := hook.Lambda(billinghook.Cardcom(s.Collector))(context.Background(), ev)
	if err != nil {
		t.Error(err)
	}
	return answer.StatusCode
}

func (s studio) count(t *testing.T, sql string, args ...any) int {
	t.Helper()
	return postgrestest.Get[int](t, s.Database, "select count(*) from "+sql, args...)
}

func notice(ref string) string { return fmt.Sprintf(`{"LowProfileId": %q, "TranzactionId": 0}`, ref) }

func TestCardcom(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	token := s.Gateway.String()
	jobs := func() int { return s.count(t, "jobs where queue = 'billing-process-inbox-event'") }

	t.Run("a notice delivered twice, or eight times at once, saves one card", func(t *testing.T) {
		session, ref, m := s.page(t)
		for range 2 {
			if status := s.post(t, token, notice(ref)); status != 200 {
				t.Fatalf("answered %d", status)
			}
		}
		var deliveries sync.WaitGroup
		for range 8 {
			deliveries.Go(func() {
				if status := s.post(t, token, notice(ref)); status != 200 {
					t.Errorf("answered %d", status)
				}
			})
		}
		deliveries.Wait()
		if n := s.count(t, "inbox where org_id = $1", s.Org); n != 1 || jobs() != 1 {
			t.Fatalf("%d notices recorded, %d jobs", n, jobs())
		}
		var checks sync.WaitGroup
		for range 8 {
			checks.Go(func() { // red without the lock of the page: all but one failed, and came again minutes later
				if err := s.Collector.CheckCardSession(context.Background(), s.Caller, billing.ProcessInboxEvent{CardSessionID: session}); err != nil {
					t.Error(err)
				}
			})
		}
		checks.Wait()
		if n := s.count(t, "payment_methods where member_id = $1 and last4 = '4321'", m); n != 1 {
			t.Fatalf("%d cards were saved", n)
		}
		if n := s.count(t, "payment_methods where member_id = $1 and is_default and last4 = '4321'", m); n != 1 {
			t.Fatal("the saved card is not the default")
		}
		if n := s.count(t, "member_events where member_id = $1 and kind = 'card.saved'", m); n != 1 {
			t.Fatalf("%d events", n)
		}
	})
	// Red with the work named by the page and a transaction that no such page has: the success was taken for the refusal again.
	t.Run("a refusal and then a success, neither with a transaction, are two readings, and the card is saved", func(t *testing.T) {
		session, ref, m := s.page(t)
		saved := s.Provider.Pages[ref]
		s.Provider.Pages[ref] = payment.Outcome{State: payment.Pending, Code: "004"}
		before := jobs()
		for range 2 {
			for range 2 {
				s.post(t, token, notice(ref))
			}
			if err := s.Collector.CheckCardSession(context.Background(), s.Caller, billing.ProcessInboxEvent{CardSessionID: session}); err != nil {
				t.Fatal(err)
			}
			s.Exec(t, "update jobs set state = 'done', finished_at = now()")
			s.Provider.Pages[ref] = saved
		}
		s.post(t, token, notice(ref)) // once more, after the card is saved
		if n := s.count(t, "payment_methods where member_id = $1 and last4 = '4321'", m); n != 1 || jobs() != before+2 {
			t.Fatalf("%d cards saved, %d readings", n, jobs()-before)
		}
	})
	t.Run("a notice that claims a card saves none when the provider says otherwise", func(t *testing.T) {
		session, ref, m := s.page(t)
		delete(s.Provider.Pages, ref)
		if status := s.post(t, token, `{"LowProfileId": "`+ref+`", "ResponseCode": 0, "TokenInfo": {"Token": "theirs"}}`); status != 200 {
			t.Fatalf("answered %d", status)
		}
		if err := s.Collector.CheckCardSession(context.Background(), s.Caller, billing.ProcessInboxEvent{CardSessionID: session}); err != nil {
			t.Fatal(err)
		}
		if n := s.count(t, "payment_methods where member_id = $1", m); n != 1 {
			t.Fatalf("%d cards", n)
		}
		if n := s.count(t, "inbox where payload::text like '%theirs%'"); n != 0 {
			t.Fatal("what was posted is kept")
		}
	})
	t.Run("what names no page is refused, and a page that is not ours is accepted and dropped", func(t *testing.T) {
		before := jobs()
		for _, body := range []string{"", "[]", "{}", `{"LowProfileId": "1"}`, `{"LowProfileId": 7}`} {
			if status := s.post(t, token, body); status != 400 {
				t.Errorf("%q: answered %d", body, status)
			}
		}
		if status := s.post(t, token, notice(id.New[id.Event]().String())); status != 200 || jobs() != before {
			t.Fatalf("answered %d, %d jobs", status, jobs()-before)
		}
	})
	t.Run("nobody's address is refused", func(t *testing.T) {
		_, ref, _ := s.page(t)
		before := jobs()
		if status := s.post(t, id.New[id.Gateway]().String(), notice(ref)); status < 400 || status >= 500 || jobs() != before {
			t.Fatalf("answered %d, %d jobs", status, jobs()-before)
		}
	})
	t.Run("another studio's address reaches no page of this one", func(t *testing.T) {
		_, ref, _ := s.page(t)
		before, org, token := jobs(), id.New[id.Org](), id.New[id.Gateway]().String()
		s.Exec(t, "insert into orgs (id, clerk_org_id, name, slug, test_mode, test_now) values ($1, $2, 'אחר', 'other', true, $3)", org, "org_"+org.String(), billingtest.Start)
		s.Exec(t, `insert into gateways (org_id, id, provider, mode, terminal, creds_ct, key_id, hook_token, verified_at)
			select $1, $2, provider, mode, terminal, creds_ct, key_id, $3, verified_at from gateways where org_id = $4`, org, id.New[id.Gateway](), token, s.Org)
		if status := s.post(t, token, notice(ref)); status != 200 || jobs() != before {
			t.Fatalf("answered %d, %d jobs", status, jobs()-before)
		}
	})
}

// TestTheFormerAddressIsTakenUntilItsWindowCloses: a renewed address counts at once, the former one for 48 hours more, then not at
// all; a repeated request renews nothing; and no other studio's former address leads here. It has been red with the former address
// taken without its end, with an address that was renewed twice in its window, and with a former address that was never taken.
func TestTheFormerAddressIsTakenUntilItsWindowCloses(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	token := func() string {
		return postgrestest.Get[string](t, s.Database, "select hook_token from gateways where id = $1", s.Gateway)
	}
	renew := func() billing.Gateway {
		t.Helper()
		g, err := s.Collector.Connect(context.Background(), s.Caller, billing.Connection{Provider: "cardcom", Terminal: billingtest.Terminal,
			Name: billingtest.APIName, Password: billingtest.APIPassword, Mode: "test", NewHook: true})
		if err != nil || g.ID != s.Gateway {
			t.Fatal(g.ID, err)
		}
		return g
	}
	known := func(token string) bool {
		t.Helper()
		_, ref, _ := s.page(t)
		before := s.count(t, "inbox where org_id = $1", s.Org)
		status := s.post(t, token, notice(ref))
		recorded := s.count(t, "inbox where org_id = $1", s.Org) - before
		if (status == 200) != (recorded == 1) || status != 200 && status != 404 {
			t.Errorf("answered %d and recorded %d", status, recorded)
		}
		return status == 200
	}
	theirs := id.New[id.Gateway]().String()
	org := id.New[id.Org]()
	s.Exec(t, "insert into orgs (id, clerk_org_id, name, slug, test_mode, test_now) values ($1, $2, 'אחר', 'other', true, $3)", org, "org_"+org.String(), billingtest.Start)
	s.Exec(t, `insert into gateways (org_id, id, provider, mode, terminal, creds_ct, key_id, hook_token, former_hook_token, former_hook_until, verified_at)
		select $1, $2, provider, mode, terminal, creds_ct, key_id, $3, $4, now() + interval '1 hour', verified_at from gateways where org_id = $5`,
		org, id.New[id.Gateway](), id.New[id.Gateway]().String(), theirs, s.Org)

	first := token()
	until := renew().FormerHook
	second := token()
	if second == first || len(second) < 32 || until == nil || time.Until(*until).Round(time.Hour) != 48*time.Hour {
		t.Fatalf("renewed from %s to %s, the former until %v", first, second, until)
	}
	if again := renew().FormerHook; token() != second || again == nil || !again.Equal(*until) {
		t.Errorf("renewed again within the window: %s, until %v", token(), again)
	}
	_, ref, _ := s.page(t)
	if s.Provider.Notify[ref] != "https://api.example/v1/hooks/cardcom/"+second {
		t.Errorf("a new page got the address %s", s.Provider.Notify[ref])
	}
	if !known(second) || !known(first) {
		t.Error("within the window an address was refused")
	}
	before := s.count(t, "jobs where queue = 'billing-process-inbox-event'")
	if status := s.post(t, theirs, notice(ref)); status != 200 || s.count(t, "jobs where queue = 'billing-process-inbox-event'") != before {
		t.Errorf("another studio's former address: %d, and it reached a page of this studio", status)
	}
	s.Exec(t, "update gateways set former_hook_until = now() - interval '1 second' where former_hook_until is not null")
	if known(first) || s.post(t, theirs, notice(ref)) != 404 {
		t.Error("a former address was taken after its window")
	}
	if !known(second) || renew().FormerHook == nil || token() == second || !known(second) || known(first) {
		t.Error("the next renewal did not follow the first")
	}
}
