package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
)

// Seen red with a check that lets 0 pass.
func TestADemoThatWouldProveNothingIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		members, months int
		refused         string
	}{
		"one member for one month":              {1, 1, ""},
		"the most there can be":                 {maxMembers, maxMonths, ""},
		"no members":                            {0, 1, "MEMBERS is a number from 1 to 9999999, and not 0"},
		"less than none":                        {-1, 1, "MEMBERS is a number from 1 to 9999999, and not -1"},
		"more people than there are":            {maxMembers + 1, 1, "MEMBERS is a number from 1 to 9999999, and not 10000000"},
		"no months":                             {1, 0, "MONTHS is a number from 1 to 12, and not 0"},
		"months before the first":               {1, -3, "MONTHS is a number from 1 to 12, and not -3"},
		"a month after the longest term's last": {1, maxMonths + 1, "MONTHS is a number from 1 to 12, and not 13"},
	} {
		t.Run(name, func(t *testing.T) {
			said := ""
			if err := (settings{members: tc.members, months: tc.months}).check(); err != nil {
				said = err.Error()
			}
			if said != tc.refused {
				t.Errorf("%q, want %q", said, tc.refused)
			}
		})
	}
}

// A proof of nothing is none, whatever let the demo come so far. Seen red without the check.
func TestNoChargesProveNothing(t *testing.T) {
	if err := (table{}).verdict(ledger{}); err == nil {
		t.Error("PROVEN")
	}
}

// sandbox takes settings as the provider's does: what is left out or null stays.
type sandbox struct{ is notices }

func (s *sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		_ = json.NewEncoder(w).Encode(s.is)
		return
	}
	var in struct {
		Mix         map[string]int
		Seed        *uint64
		LateSeconds *float64
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if in.Mix != nil {
		s.is.Mix = in.Mix
	}
	if in.Seed != nil {
		s.is.Seed = *in.Seed
	}
	if in.LateSeconds != nil {
		s.is.LateSeconds = *in.LateSeconds
	}
	w.WriteHeader(http.StatusNoContent)
}

// Seen red with the demo's own context for the way back, and with no mix sent as null.
func TestTheSandboxsNoticesAreAsBeforeAfterCtrlC(t *testing.T) {
	for name, former := range map[string]notices{
		"as the platform starts": {Seed: 1, LateSeconds: 30},
		"as somebody set them":   {Mix: map[string]int{"late": 1}, Seed: 7, LateSeconds: 600},
	} {
		t.Run(name, func(t *testing.T) {
			s := &sandbox{is: former}
			server := httptest.NewServer(s)
			defer server.Close()
			ctx, ctrlC := context.WithCancel(t.Context())
			restore, err := unruly(ctx, server.URL, 42)
			if err != nil {
				t.Fatal(err)
			}
			if s.is.Seed != 42 || s.is.Mix["never"] == 0 {
				t.Errorf("the demo runs with %+v", s.is)
			}
			ctrlC()
			if err := restore(); err != nil {
				t.Fatal(err)
			}
			if len(s.is.Mix) == 0 {
				s.is.Mix = nil
			}
			if !reflect.DeepEqual(s.is, former) {
				t.Errorf("left with %+v, was %+v", s.is, former)
			}
		})
	}
}
