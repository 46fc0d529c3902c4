// Package memberapi is the endpoints of members.
package memberapi

import (
	"time"

	"fitkit/shared/civil"
	"fitkit/shared/id"
	"fitkit/shared/member"
)

// CardOutput is a card in an answer; exported because the API document leaves out embedded types that are not.
type CardOutput struct {
	ID          id.Member   `json:"id"`
	Name        string      `json:"name"`
	LatinName   string      `json:"latin_name"`
	BirthDate   *civil.Date `json:"birth_date" doc:"YYYY-MM-DD"`
	Phone       *string     `json:"phone" doc:"E.164"`
	PhoneShared bool        `json:"phone_shared"`
	Email       *string     `json:"email"`
	Language    string      `json:"language" enum:"he,en,ar,ru"`
	Status      string      `json:"status" enum:"active,archived"`
	AccessLevel string      `json:"access_level" enum:"full,no_new_bookings,no_checkin,suspended" doc:"What arrears leave of the member's rights"`
	SignsIn     bool        `json:"signs_in" doc:"The member has tied a sign-in of their own to this card"`
	NationalID  *hintOutput `json:"national_id" doc:"null when none is kept, and for coaches"`
	Version     int         `json:"version" doc:"Send it back when you change something"`
	CreatedAt   time.Time   `json:"created_at"`
	UpdatedAt   time.Time   `json:"updated_at"`
	ArchivedAt  *time.Time  `json:"archived_at"`
}

type hintOutput struct {
	Kind    string `json:"kind" enum:"il,passport"`
	Country string `json:"country" doc:"ISO 3166, two letters"`
	Last3   string `json:"last3" doc:"The end of the number"`
}

func cardOut(m member.Member) *CardOutput {
	out := &CardOutput{ID: m.ID, Name: m.Name, LatinName: m.LatinName, Phone: m.Phone, PhoneShared: m.PhoneShared, Email: m.Email,
		Language: m.Language, Status: m.Status, AccessLevel: m.AccessLevel, SignsIn: m.SignsIn, Version: m.Version,
		CreatedAt: m.CreatedAt.UTC(), UpdatedAt: m.UpdatedAt.UTC()}
	if !m.BirthDate.IsZero() {
		out.BirthDate = &m.BirthDate
	}
	if m.ArchivedAt != nil {
		at := m.ArchivedAt.UTC()
		out.ArchivedAt = &at
	}
	if m.NationalID != nil {
		out.NationalID = hintOut(*m.NationalID)
	}
	return out
}

func hintOut(h member.Hint) *hintOutput {
	return &hintOutput{Kind: h.Kind, Country: h.Country, Last3: h.Last3}
}
