package peopletest

import (
	"testing"
	"time"

	"fitkit/shared/name"
	"fitkit/shared/nationalid"
	"fitkit/shared/phone"
)

// manyMembers is more than any demo has.
const manyMembers = 20_000

func TestEveryPersonIsOneThatFitKitTakes(t *testing.T) {
	ids, phones, emails, names := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range manyMembers {
		p := At(i)
		if id, err := nationalid.Parse(p.NationalID); err != nil || id.Number != p.NationalID {
			t.Fatalf("person %d has the identity number %s: %v", i, p.NationalID, err)
		}
		if n, err := phone.Parse(p.Phone); err != nil || !n.IsIsraeliMobile() || string(n) != p.Phone {
			t.Fatalf("person %d has the number %s: %v", i, p.Phone, err)
		}
		if clean, err := name.Clean(p.Name); err != nil || clean != p.Name {
			t.Fatalf("person %d is called %q: %v", i, p.Name, err)
		}
		if _, err := time.Parse(time.DateOnly, p.BirthDate); err != nil {
			t.Fatalf("person %d was born on %s", i, p.BirthDate)
		}
		ids[p.NationalID], phones[p.Phone], emails[p.Email], names[p.Name] = true, true, true, true
	}
	if len(ids) != manyMembers || len(phones) != manyMembers || len(emails) != manyMembers {
		t.Errorf("%d identity numbers, %d telephone numbers and %d addresses for %d people", len(ids), len(phones), len(emails), manyMembers)
	}
	if want := len(firstNames) * len(lastNames) / 2; len(names) < want {
		t.Errorf("only %d different names", len(names))
	}
}
