// Package testhooksapi is the endpoints that frontends' end-to-end tests call to have a studio made and taken away
// (docs/testing-frontends.md). Only binaries with the tag fitkit_testhooks have them, and only template-preview.yaml names them.
package testhooksapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/need"
	"fitkit/shared/secret"
	"fitkit/shared/tenancy"
)

// Seeder is what SeedStudio needs.
type Seeder interface {
	Seed(ctx context.Context, w Wish) (*Studio, error)
}

// ErrSecret refuses whoever does not know TEST_SEED_SECRET, and does not say whether they sent none or a wrong one.
var ErrSecret = fail.New(fail.Unauthenticated, "testhooks.secret", "Send the value of TEST_SEED_SECRET in the header FitKit-Seed-Secret.",
	"יש לשלוח את ערך TEST_SEED_SECRET בכותרת FitKit-Seed-Secret.")

// SeedStudioOp declares POST /v1/test/seed.
var SeedStudioOp = api.Op{
	Name: "api-testhooks-seed-studio", Method: api.POST, Path: "/v1/test/seed", Public: true,
	Summary: "Make a test studio with people of every role, or give the one that the key has",
	Errors:  []*fail.Error{ErrSecret},
	Needs:   []need.Need{need.TestHooks, need.Clerk, need.Postgres, need.SystemPostgres, need.PaymentKeys, need.Cardcom},
}

// Wish is what a studio is to have.
type Wish struct {
	Key     string   `json:"key" pattern:"^[a-z0-9-]{1,64}$" doc:"The same key gives the same studio until it is reset"`
	Members int      `json:"members,omitempty" minimum:"1" maximum:"100" default:"12"`
	Gateway *Gateway `json:"gateway,omitempty" doc:"A test terminal to connect; without one the studio has none"`
}

// Gateway is a terminal's credentials.
type Gateway struct {
	Terminal int           `json:"terminal_number" minimum:"1" maximum:"2147483647"`
	Name     secret.Secret `json:"api_name" minLength:"1" maxLength:"100"`
	Password secret.Secret `json:"api_password" minLength:"1" maxLength:"100"`
}

// Studio is what a test needs to know of the studio it was given.
type Studio struct {
	Key          string     `json:"key"`
	Org          id.Org     `json:"org_id"`
	ClerkOrg     string     `json:"clerk_org_id"`
	Name         string     `json:"name"`
	Now          time.Time  `json:"now" doc:"The studio's business time, which stands until POST /v1/org/test-clock advances it"`
	Staff        []Person   `json:"staff" doc:"One of each role"`
	Member       *Person    `json:"member,omitempty" doc:"The first of members, who can sign in; their calls send org_id in the header FitKit-Org"`
	Members      []Member   `json:"members"`
	Plans        []Plan     `json:"plans" doc:"Published"`
	Connected    bool       `json:"gateway_connected" doc:"By this call"`
	TokensExpire *time.Time `json:"tokens_expire_at,omitempty" doc:"Seed again for fresh ones"`
}

// Person is somebody who can sign in.
type Person struct {
	Role  tenancy.Role `json:"role"`
	ID    string       `json:"id" doc:"In FitKit: of the staff, or of the member"`
	User  string       `json:"clerk_user_id"`
	Name  string       `json:"name"`
	Token string       `json:"token,omitempty" doc:"A session token under the built-in test key; only with TEST_AUTH_BYPASS"`
}

// Member is a card.
type Member struct {
	ID    id.Member `json:"id"`
	Name  string    `json:"name"`
	Phone string    `json:"phone"`
}

// Plan is something to sell.
type Plan struct {
	ID    id.Plan      `json:"id"`
	Name  string       `json:"name"`
	Type  string       `json:"type"`
	Price money.Agorot `json:"price_agorot"`
}

type seedStudioInput struct {
	Secret secret.Secret `header:"FitKit-Seed-Secret"`
	Body   Wish
}

// SeedStudio makes a studio, or what is missing of it.
func SeedStudio(s Seeder, secret secret.Secret) api.Endpoint {
	return api.New(SeedStudioOp, func(ctx context.Context, _ api.Caller, in *seedStudioInput) (*Studio, error) {
		if !same(in.Secret.Reveal(), secret) {
			return nil, ErrSecret
		}
		return s.Seed(ctx, in.Body)
	})
}

// same compares in a time that tells nothing of either text. No secret is nobody's.
func same(sent string, secret secret.Secret) bool {
	a, b := sha256.Sum256([]byte(sent)), sha256.Sum256([]byte(secret.Reveal()))
	return secret != "" && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
