package api

import (
	"encoding/base64"
	"encoding/json"

	"fitkit/shared/fail"
)

// Page is the paging part of a list's input; embed it. Lists are read by key, never by offset, so a row that comes or
// goes between two pages is neither doubled nor skipped.
type Page struct {
	Cursor string `query:"cursor" maxLength:"512" doc:"next_cursor of the page before; without it, the first page"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"25"`
}

var errCursor = ErrInvalid.WithFields(fail.At("query.cursor", "must be a next_cursor of this list", "חייב להיות next_cursor של רשימה זו"))

// After reads the cursor's key, the sort values of the last row already shown, into key. It is false for the first page.
// A text that is no cursor of such a key is ErrInvalid.
func (p Page) After(key any) (bool, error) {
	if p.Cursor == "" {
		return false, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil || json.Unmarshal(text, key) != nil {
		return false, errCursor
	}
	return true, nil
}

// CutPage takes rows that were read with one row more than limit. It returns the page's rows and the cursor of the next
// page, empty when this is the last; key gives a row's sort values.
func CutPage[T, K any](rows []T, limit int, key func(T) K) (page []T, next string, err error) {
	if len(rows) <= limit {
		return rows, "", nil
	}
	text, err := json.Marshal(key(rows[limit-1]))
	return rows[:limit], base64.RawURLEncoding.EncodeToString(text), err
}
