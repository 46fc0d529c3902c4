package stores

import (
	"errors"
	"testing"
)

func TestAnInterruptedStoreComesBackWhereItWas(t *testing.T) {
	s := startStores(t, Options{Dir: dirFor(t), RedisURL: "given", SQSEndpoint: "given", S3Endpoint: "given"})
	ask(t, s.AdminURL, writeName)
	for range 2 {
		back, err := s.Interrupt(PostgreSQL)
		if err != nil {
			t.Fatal(err)
		}
		if err := pingPostgres(t.Context(), s.AdminURL); err == nil {
			t.Error("it still answers")
		}
		if _, err := s.Interrupt(PostgreSQL); !errors.Is(err, ErrNotOurs) {
			t.Errorf("what is gone can be interrupted: %v", err)
		}
		if err := back(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := ask(t, s.AdminURL, readName); got != "סטודיו" {
			t.Errorf("what was committed reads %q", got)
		}
	}
	select {
	case err := <-s.Died():
		t.Errorf("it was reported as dead: %v", err)
	default:
	}
	if _, err := s.Interrupt(Redis); !errors.Is(err, ErrNotOurs) {
		t.Errorf("a store of somebody else's can be interrupted: %v", err)
	}
}
