package testhooksapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/secret"
)

// Resetter is what ResetStudio needs.
type Resetter interface {
	Reset(ctx context.Context, org id.Org) error
}

// ErrNotSeeded refuses every studio that no seed has made, and one that is not there, with the same words.
var ErrNotSeeded = fail.New(fail.NotFound, "testhooks.not_seeded", "No test has made a studio of this id. Only such studios can be reset.",
	"שום בדיקה לא יצרה סטודיו עם מזהה זה. רק סטודיו כזה ניתן לאפס.")

// ResetStudioOp declares POST /v1/test/reset.
var ResetStudioOp = api.Op{
	Name: "api-testhooks-reset-studio", Method: api.POST, Path: "/v1/test/reset", Public: true,
	Summary: "Take away a studio that POST /v1/test/seed has made",
	Errors:  []*fail.Error{ErrSecret, ErrNotSeeded},
	Needs:   []need.Need{need.TestHooks, need.SystemPostgres},
}

type resetStudioInput struct {
	Secret secret.Secret `header:"FitKit-Seed-Secret"`
	Body   struct {
		Org id.Org `json:"org_id"`
	}
}

type resetStudioOutput struct {
	Org id.Org `json:"org_id"`
}

// ResetStudio ends a seeded studio for everybody; its key then makes a new one.
func ResetStudio(s Resetter, secret secret.Secret) api.Endpoint {
	return api.New(ResetStudioOp, func(ctx context.Context, _ api.Caller, in *resetStudioInput) (*resetStudioOutput, error) {
		if !same(in.Secret.Reveal(), secret) {
			return nil, ErrSecret
		}
		if err := s.Reset(ctx, in.Body.Org); err != nil {
			return nil, err
		}
		return &resetStudioOutput{in.Body.Org}, nil
	})
}
