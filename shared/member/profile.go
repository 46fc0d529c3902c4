package member

import (
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"fitkit/shared/civil"
	"fitkit/shared/name"
	"fitkit/shared/phone"
	"fitkit/shared/tenancy"
)

const (
	maxName  = 200 // runes, after normalising, as members_name_length asks
	maxEmail = 254 // bytes, RFC 5321
)

// cleanName is a name in its stored form.
func cleanName(field, text string) (string, error) {
	clean, err := name.Clean(text)
	if err != nil || utf8.RuneCountInString(clean) > maxName {
		return "", nameError(field)
	}
	return clean, nil
}

// cleanLatin is cleanName for the Latin name, which may be empty.
func cleanLatin(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	return cleanName("latin_name", text)
}

// cleanPhone is a number in E.164; empty is none.
func cleanPhone(text string) (*string, error) {
	if text == "" {
		return nil, nil
	}
	number, err := phone.Parse(text)
	if err != nil {
		return nil, ErrPhone
	}
	s := string(number)
	return &s, nil
}

// cleanEmail is an address in small letters; empty is none. A display name or a comment beside it is refused.
func cleanEmail(text string) (*string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	address, err := mail.ParseAddress(text)
	if err != nil || address.Address != text || len(text) > maxEmail {
		return nil, ErrEmail
	}
	text = strings.ToLower(text)
	return &text, nil
}

// cleanBirthDate is a date of birth; empty is none. It is no day after today in the studio's zone.
func cleanBirthDate(text string, e tenancy.Entered) (civil.Date, error) {
	if text == "" {
		return civil.Date{}, nil
	}
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		return civil.Date{}, err
	}
	d, err := civil.Parse(text)
	if err != nil || d.Year < 1900 || d.After(civil.Of(e.Now, zone)) {
		return civil.Date{}, ErrBirthDate
	}
	return d, nil
}

// searchKey is what a member is found by.
func searchKey(m Member) string { return name.SearchKey(m.Name + " " + m.LatinName) }
