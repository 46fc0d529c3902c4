package billing

import (
	"testing"

	"fitkit/shared/money"
	"fitkit/shared/payment"
)

func TestAnotherCurrencyIsTheStudiosOwnUnlessAnAttemptOwnsIt(t *testing.T) {
	t.Parallel()
	listed := []payment.Transaction{{ProviderTxn: "1", Amount: 5000, Foreign: true}}
	for name, tc := range map[string]struct {
		owners map[string]money.Agorot
		want   string
	}{
		"nobody's":       {nil, ""},
		"an attempt's":   {map[string]money.Agorot{"1": 5000}, "currency_differs"},
		"another amount": {map[string]money.Agorot{"1": 18000}, "currency_differs"},
	} {
		_, found, _ := compare(nil, listed, tc.owners, false)
		got := ""
		if len(found) > 0 {
			got = found[0].Kind
		}
		if got != tc.want || len(found) > 1 {
			t.Errorf("%s: %v, want %q", name, found, tc.want)
		}
	}
}
