package main

import (
	"fmt"
	"strings"
	"testing"

	"fitkit/shared/catalog"
)

// A new account often lets ten functions run at once, and the queues alone take more. Red with the queues not counted, with the
// margin left out, and with a role from before the question refused.
func TestAnAccountWithTooLittleRoomIsSaid(t *testing.T) {
	queues := 0
	for _, spec := range catalog.All() {
		if spec.Queue != nil {
			queues += spec.Queue.MaxConcurrency
		}
	}
	if queues < 20 {
		t.Fatalf("the queues take %d", queues)
	}
	for name, tc := range map[string]struct {
		have int
		says string
	}{
		"a new account":        {10, fmt.Sprintf("Mind: the account of staging lets 10 functions run at once; the queues take up to %d and the rest should find 50: have the quota raised as docs/deploy.md says (the first time, 7)\n", queues)},
		"the queues' own":      {queues, "Mind: the account of staging lets "},
		"one too few":          {queues + 49, "Mind: the account of staging lets "},
		"enough":               {queues + 50, ""},
		"nobody may ask":       {-1, "Mind: how many functions the account of staging lets run at once cannot be read (aws lambda get-account-settings: AccessDenied); the queues take up to "},
		"an account as others": {1000, ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := release(t, &account{settings: stored("staging"), atOnce: tc.have}, checkout(t, true), "staging", nil, "check")
			said := strings.TrimSuffix(out, "staging can be deployed to fitkit-staging.\n")
			if err != nil || !strings.HasPrefix(said, tc.says) || tc.says == "" && said != "" || strings.Count(said, "\n") > 1 {
				t.Errorf("%v %q, want %q", err, said, tc.says)
			}
		})
	}
}
