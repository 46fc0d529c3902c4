package api_test

import (
	"errors"
	"testing"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/id"
)

type rowKey struct {
	At time.Time
	ID id.Member
}

func TestAPageEndsWithTheKeyOfItsLastRow(t *testing.T) {
	rows := []rowKey{{time.Unix(3, 1000).UTC(), id.New[id.Member]()}, {time.Unix(2, 0).UTC(), id.New[id.Member]()}, {time.Unix(1, 0).UTC(), id.New[id.Member]()}}
	self := func(r rowKey) rowKey { return r }

	page, next, err := api.CutPage(rows, 2, self)
	if err != nil || len(page) != 2 || next == "" {
		t.Fatalf("%d rows, cursor %q, %v", len(page), next, err)
	}
	var key rowKey
	if more, err := (api.Page{Cursor: next}).After(&key); err != nil || !more || key != rows[1] {
		t.Fatalf("%v %v, want the key %v: %v", more, key, rows[1], err)
	}
	if page, next, err := api.CutPage(rows, 3, self); err != nil || len(page) != 3 || next != "" {
		t.Fatalf("the last page has %d rows and cursor %q: %v", len(page), next, err)
	}
}

func TestCursors(t *testing.T) {
	for name, cursor := range map[string]string{
		"no base64":         "***",
		"no JSON":           "aGVsbG8",
		"another list's":    "eyJBdCI6MX0",
		"a key of no id":    "eyJJRCI6IngifQ",
		"padded as no ours": "e30=",
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			var key rowKey
			if _, err := (api.Page{Cursor: cursor}).After(&key); !errors.Is(err, api.ErrInvalid) {
				t.Fatalf("%q gave %v", cursor, err)
			}
		})
	}
	t.Run("none means the first page", func(t *testing.T) {
		var key rowKey
		if more, err := (api.Page{}).After(&key); more || err != nil {
			t.Fatal(more, err)
		}
	})
}
