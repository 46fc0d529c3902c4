package billing_test

import (
	"context"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"fitkit/shared/billing/billingtest"
	"fitkit/shared/payment"
	"fitkit/shared/postgres/postgrestest"
)

// TestOfTwoReadingsOfACodeTheMoreCarefulOneDecides: the switch has a table for old terminals and one for new ones, and no answer of
// Cardcom's says which it is. Red with the new terminals' table read alone, and with the order of the classes turned round.
func TestOfTwoReadingsOfACodeTheMoreCarefulOneDecides(t *testing.T) {
	t.Parallel()
	s := studio{billingtest.NewStudio(t)}
	s.Exec(t, `insert into result_codes (provider, terminal_type, code, class, meaning) values ('cardcom', 'ashrait96', '004', 'unknown', 'test'),
		('cardcom', 'ashrait96', '300', 'hard_decline', 'test'), ('cardcom', 'ashrait96', '057', 'invalid_request', 'test')`)
	for code, want := range map[string]string{
		"008": "declined payer_action",  // or the file of blocked cards has a fault, and the charge may be repeated
		"026": "declined payer_action",  // or the terminal's file is old, and the studio is stopped
		"015": "declined hard_decline",  // by both
		"016": "failed config_error",    // by both
		"003": "declined soft_decline",  // by the new terminals' alone
		"004": "unknown ",               // by the old terminals' it may have been done
		"300": "declined hard_decline",  // by the old terminals' alone
		"057": "failed invalid_request", // by the old terminals' it concerns this charge alone
	} {
		s.Exec(t, "update gateways set state = 'active'")
		s.Exec(t, "update orgs set charges_paused_at = null, charges_paused_why = null")
		s.Provider.Answer = declines(code)
		c := s.Charge(t, s.Member(t), 24900)
		s.Execute(t, c)
		if got := postgrestest.Get[string](t, s.Database, "select state || ' ' || coalesce(decline_class, '') from payment_attempts where charge_id = $1", c); got != want {
			t.Errorf("%s: the attempt is %q, want %q", code, got, want)
		}
	}
}

func TestResultCodes(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(context.Background(), postgrestest.New(t).AppURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	rows, err := conn.Query(context.Background(), "select terminal_type || ' ' || code, class, meaning from result_codes where provider = 'cardcom'")
	if err != nil {
		t.Fatal(err)
	}
	class := map[string]string{}
	var code, is, meaning string
	_, err = pgx.ForEachRow(rows, []any{&code, &is, &meaning}, func() error {
		if class[code] = is; meaning == "" {
			t.Errorf("%s has no meaning", code)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	t.Run("every class is one that decides something", func(t *testing.T) {
		known := []payment.Class{"approved", payment.HardDecline, payment.SoftDecline, payment.PayerAction, payment.TermsNotAllowed,
			payment.ConfigError, payment.Duplicate, payment.Transient, payment.Ambiguous, payment.InvalidRequest}
		used := map[payment.Class]bool{}
		for code, is := range class {
			if used[payment.Class(is)] = true; !slices.Contains(known, payment.Class(is)) {
				t.Errorf("%s is %q", code, is)
			}
		}
		if len(used) != len(known) {
			t.Errorf("only these are used: %v", used)
		}
	})
	t.Run("codes mean what the switch's tables say", func(t *testing.T) {
		for code, want := range map[string]payment.Class{
			"emv 000": "approved", "emv 700": "approved", "emv 701": "approved",
			"emv 001": payment.HardDecline, "emv 002": payment.HardDecline, "emv 015": payment.HardDecline, "emv 036": payment.HardDecline,
			"emv 003": payment.SoftDecline, "emv 004": payment.SoftDecline, "emv 038": payment.SoftDecline,
			"emv 006": payment.PayerAction, "emv 008": payment.PayerAction, "ashrait96 008": payment.Transient,
			"emv 026": payment.PayerAction, "ashrait96 026": payment.ConfigError,
			"emv 009": payment.Ambiguous, "emv 010": payment.Ambiguous, "emv 200": payment.Ambiguous, "emv 099": payment.Ambiguous,
			"emv 173": payment.Duplicate, "emv 037": payment.InvalidRequest, "emv 180": payment.InvalidRequest,
			"emv 138": payment.TermsNotAllowed, "emv 164": payment.TermsNotAllowed, "emv 111": payment.TermsNotAllowed,
			"emv 057": payment.ConfigError, "emv 110": payment.ConfigError, "emv 128": payment.ConfigError, "emv 587": payment.ConfigError,
		} {
			if got := class[code]; got != string(want) {
				t.Errorf("%s is %q, not %q", code, got, want)
			}
		}
	})
	t.Run("what no table lists is not listed", func(t *testing.T) {
		for _, code := range []string{"emv 018", "emv 048", "emv 108", "emv 181", "emv 603", "emv 608"} {
			if is, ok := class[code]; ok {
				t.Errorf("%s is %q", code, is)
			}
		}
	})
	t.Run("no code of cards stops a studio's charges", func(t *testing.T) {
		for _, code := range []string{"emv 001", "emv 012", "emv 033", "emv 034", "emv 107", "emv 136", "emv 148", "emv 157", "emv 162"} {
			if class[code] == string(payment.ConfigError) {
				t.Errorf("%s would pause the studio", code)
			}
		}
	})
}
