// Package tenancy says who is calling and for which organisation. Every transaction starts from a Caller.
package tenancy

import (
	"time"

	"fitkit/shared/id"
)

// Role is what a caller may do in one organisation.
type Role string

// The roles of FitKit. Public and System are not people: a route without sign-in, and FitKit's own jobs.
const (
	Owner     Role = "owner"
	Manager   Role = "manager"
	FrontDesk Role = "front_desk"
	Coach     Role = "coach"
	Member    Role = "member"
	System    Role = "system"
)

// PlatformAdmin is FitKit's own people, who belong to no studio: rows of platform_admins. To everybody else their routes
// are not there. It stands in no combination with other roles.
const PlatformAdmin Role = "platform_admin"

// Staff is every role of the people who work at a studio.
var Staff = []Role{Owner, Manager, FrontDesk, Coach}

// People is every role a route must take a stand on.
var People = []Role{Owner, Manager, FrontDesk, Coach, Member}

// Caller is the facts that Postgres turns into an organisation and a role (app.enter and its siblings).
// Exactly one of the ways is filled: a session token's facts, an organisation that a job names, a hook's token, or a WebSocket.
type Caller struct {
	// From a verified session token.
	UserID    string // Clerk's user_…
	ClerkOrg  string // Clerk's org_…, empty for members
	ClerkSlug string
	ClerkRole string // Clerk's role without its org: prefix
	HeaderOrg id.Org // the FitKit-Org header, zero when absent
	Allowed   []Role // the roles that the route names

	// From a job's or a cron's own row.
	Org   id.Org
	Actor string // "job:billing-execute-charge"

	// From a webhook's path.
	HookToken string

	// From a WebSocket: the hash of the ticket that opens it, or the id of the open connection. With an Actor it is FitKit's
	// own work on that connection.
	Ticket     []byte
	Connection string

	// Session facts that never reach the database.
	SessionID     string
	Impersonator  string // Clerk's user_… of whoever acts in UserID's name; empty when nobody does
	FirstFactor   *int   // minutes since the first factor was proved; nil: never
	SecondFactor  *int
	CorrelationID string
}

// ForOrg is the caller of FitKit's own work in one organisation.
func ForOrg(org id.Org, actor string) Caller { return Caller{Org: org, Actor: actor} }

// ForHook is the caller behind a provider's webhook address.
func ForHook(token, actor string) Caller { return Caller{HookToken: token, Actor: actor} }

// Entered is what the database made of a Caller.
type Entered struct {
	Org      id.Org
	Role     Role
	StaffID  id.Staff
	MemberID id.Member
	Now      time.Time // the organisation's business time
	Zone     string    // IANA name
	TestMode bool
}
