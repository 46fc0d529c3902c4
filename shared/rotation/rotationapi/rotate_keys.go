// Package rotationapi is the admin endpoints of encryption keys.
package rotationapi

import (
	"context"
	"net/http"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/need"
	"fitkit/shared/rotation"
	"fitkit/shared/rotation/rotationjob"
	"fitkit/shared/seal"
	"fitkit/shared/tenancy"
)

// Starter is what RotateKeys needs.
type Starter interface {
	Start(ctx context.Context, ring seal.RingName, by string) (rotation.Rotation, error)
}

// RotateKeysOp declares POST /v1/admin/keys/rotate. It takes no Idempotency-Key: a ring has one running rotation, and a
// repeated request is answered with it.
var RotateKeysOp = api.Op{
	Name: "api-platform-rotate-keys", Method: api.POST, Path: "/v1/admin/keys/rotate", Status: http.StatusAccepted, Read: true,
	Summary: "Seal every value of a ring anew under its active key",
	Roles:   []tenancy.Role{tenancy.PlatformAdmin},
	Errors:  []*fail.Error{rotation.ErrNothingToRotate, rotation.ErrKeyMissing},
	Needs:   []need.Need{need.PaymentKeys, need.NationalIDKeys, rotationjob.ReencryptOp.Send()},
}

type rotateInput struct {
	Body struct {
		Ring seal.RingName `json:"ring" enum:"payment_credentials,national_id" doc:"Which values"`
	}
}

type rotationOutput struct {
	ID         string        `json:"id"`
	Ring       seal.RingName `json:"ring" enum:"payment_credentials,national_id"`
	Key        string        `json:"key" doc:"The id of the key that all values are sealed under in the end: 8 hexadecimal digits"`
	State      string        `json:"state" enum:"running,done,superseded,blocked" doc:"blocked: what is left opens under no key that is deployed"`
	StartedBy  string        `json:"started_by"`
	StartedAt  time.Time     `json:"started_at"`
	FinishedAt *time.Time    `json:"finished_at,omitempty"`
	Passes     int           `json:"passes" doc:"How often all values were gone through"`
	Resealed   int64         `json:"resealed" doc:"Values sealed anew"`
	Unreadable int64         `json:"unreadable" doc:"Values of the last pass that did not open"`
}

func output(r rotation.Rotation) *rotationOutput {
	return &rotationOutput{ID: r.ID.String(), Ring: r.Ring, Key: r.Target.String(), State: r.State, StartedBy: r.StartedBy, StartedAt: r.StartedAt,
		FinishedAt: r.FinishedAt, Passes: r.Passes, Resealed: r.Resealed, Unreadable: r.Unreadable}
}

// RotateKeys starts a rotation, or answers the one that runs; its work is a job's.
func RotateKeys(s Starter) api.Endpoint {
	return api.New(RotateKeysOp, func(ctx context.Context, c api.Caller, in *rotateInput) (*rotationOutput, error) {
		r, err := s.Start(ctx, in.Body.Ring, c.UserID)
		if err != nil {
			return nil, err
		}
		return output(r), nil
	})
}
