package cardcom_test

import (
	"testing"
	"time"

	"fitkit/shared/cardcom"
)

func TestWhateverMayBeCardcomTakesMoneyButNotOnItsTestTerminal(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]bool{"https://secure.cardcom.solutions": true, "https://SECURE.cardcom.solutions/": true,
		"https://cardcom.proxy.example": true, "http://127.0.0.1:3102": false} {
		c := cardcom.New(base, time.Second)
		if got := c.MovesMoney(123456); got != want || c.MovesMoney(1000) {
			t.Errorf("%s: terminal 123456 takes money: %t, terminal 1000: %t", base, got, c.MovesMoney(1000))
		}
		if c.Shared(1000) != want || c.Shared(123456) { // red with a sandbox's terminal taken for the public one
			t.Errorf("%s: terminal 1000 is everybody's: %t, terminal 123456: %t", base, c.Shared(1000), c.Shared(123456))
		}
	}
}
