package main

// The objects of the backend API, with the fields that FitKit reads. Times are epoch
// milliseconds.

type metadata map[string]any

type user struct {
	ID                    string         `json:"id"`
	Object                string         `json:"object"`
	ExternalID            *string        `json:"external_id"`
	PrimaryEmailAddressID *string        `json:"primary_email_address_id"`
	EmailAddresses        []emailAddress `json:"email_addresses"`
	PhoneNumbers          []phoneNumber  `json:"phone_numbers"`
	FirstName             *string        `json:"first_name"`
	LastName              *string        `json:"last_name"`
	Banned                bool           `json:"banned"`
	Locked                bool           `json:"locked"`
	PublicMetadata        metadata       `json:"public_metadata"`
	PrivateMetadata       metadata       `json:"private_metadata"`
	CreatedAt             int64          `json:"created_at"`
	UpdatedAt             int64          `json:"updated_at"`
}

type emailAddress struct {
	ID           string       `json:"id"`
	Object       string       `json:"object"`
	EmailAddress string       `json:"email_address"`
	Verification verification `json:"verification"`
}

type phoneNumber struct {
	ID           string       `json:"id"`
	Object       string       `json:"object"`
	PhoneNumber  string       `json:"phone_number"`
	Verification verification `json:"verification"`
}

type verification struct {
	Status   string `json:"status"`
	Strategy string `json:"strategy"`
}

// email is the primary address, "" when there is none.
func (u user) email() string {
	if len(u.EmailAddresses) == 0 {
		return ""
	}
	return u.EmailAddresses[0].EmailAddress
}

func newUser(email, first, last string, now int64) user {
	u := user{
		ID: newID("user"), Object: "user", EmailAddresses: []emailAddress{}, PhoneNumbers: []phoneNumber{},
		PublicMetadata: metadata{}, PrivateMetadata: metadata{}, CreatedAt: now, UpdatedAt: now,
	}
	if first != "" {
		u.FirstName = &first
	}
	if last != "" {
		u.LastName = &last
	}
	if email != "" {
		address := emailAddress{newID("idn"), "email_address", email, verification{"verified", "email_code"}}
		u.EmailAddresses, u.PrimaryEmailAddressID = []emailAddress{address}, &address.ID
	}
	return u
}

type organization struct {
	ID                    string   `json:"id"`
	Object                string   `json:"object"`
	Name                  string   `json:"name"`
	Slug                  string   `json:"slug"`
	CreatedBy             string   `json:"created_by,omitempty"`
	MembersCount          *int     `json:"members_count,omitempty"`
	MaxAllowedMemberships int      `json:"max_allowed_memberships"`
	PublicMetadata        metadata `json:"public_metadata"`
	PrivateMetadata       metadata `json:"private_metadata"`
	CreatedAt             int64    `json:"created_at"`
	UpdatedAt             int64    `json:"updated_at"`
}

type membership struct {
	ID              string         `json:"id"`
	Object          string         `json:"object"`
	Role            string         `json:"role"`
	Permissions     []string       `json:"permissions"`
	PublicMetadata  metadata       `json:"public_metadata"`
	PrivateMetadata metadata       `json:"private_metadata"`
	Organization    organization   `json:"organization"`
	PublicUserData  publicUserData `json:"public_user_data"`
	CreatedAt       int64          `json:"created_at"`
	UpdatedAt       int64          `json:"updated_at"`
}

type publicUserData struct {
	UserID     string  `json:"user_id"`
	Identifier string  `json:"identifier"`
	FirstName  *string `json:"first_name"`
	LastName   *string `json:"last_name"`
}

func newMembership(o organization, u user, role string, public metadata, now int64) membership {
	if public == nil {
		public = metadata{}
	}
	return membership{
		ID: newID("orgmem"), Object: "organization_membership", Role: role, Permissions: []string{},
		PublicMetadata: public, PrivateMetadata: metadata{}, Organization: o,
		PublicUserData: publicUserData{u.ID, u.email(), u.FirstName, u.LastName}, CreatedAt: now, UpdatedAt: now,
	}
}

type invitation struct {
	ID             string   `json:"id"`
	Object         string   `json:"object"`
	EmailAddress   string   `json:"email_address"`
	Role           string   `json:"role"`
	OrganizationID string   `json:"organization_id"`
	InviterID      *string  `json:"inviter_id"`
	Status         string   `json:"status"`
	UserID         string   `json:"user_id,omitempty"`
	PublicMetadata metadata `json:"public_metadata"`
	CreatedAt      int64    `json:"created_at"`
	UpdatedAt      int64    `json:"updated_at"`
	ExpiresAt      int64    `json:"expires_at"`
}

type session struct {
	ID        string `json:"id"`
	Object    string `json:"object"`
	UserID    string `json:"user_id"`
	Status    string `json:"status"`
	LastOrg   string `json:"last_active_organization_id,omitempty"`
	CreatedAt int64  `json:"created_at"`
	UpdatedAt int64  `json:"updated_at"`
}

// deleted is all that a deletion's webhook tells.
type deleted struct {
	Object  string `json:"object"`
	ID      string `json:"id"`
	Slug    string `json:"slug,omitempty"`
	Deleted bool   `json:"deleted"`
}

// list is the shape of every list answer.
type list[T any] struct {
	Data       []T `json:"data"`
	TotalCount int `json:"total_count"`
}
