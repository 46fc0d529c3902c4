package platformapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/platform/discard"
)

// Discarder is what DiscardJob needs.
type Discarder interface {
	Discard(ctx context.Context, org id.Org, job id.Job, by, reason string) error
}

// DiscardJobOp declares POST /v1/admin/jobs/{id}/discard. It takes no Idempotency-Key: a repeat finds the job discarded.
var DiscardJobOp = api.Op{
	Name: "api-platform-discard-job", Method: api.POST, Path: "/v1/admin/jobs/{id}/discard", Read: true,
	Summary: "Say that a dead job is not to be done any more, and why",
	Roles:   admins,
	Errors:  []*fail.Error{discard.ErrNotFound, discard.ErrNotDead, discard.ErrInFlight, discard.ErrOwed, discard.ErrReason},
}

type discardInput struct {
	ID   id.Job `path:"id" format:"uuid"`
	Body struct {
		OrgID  id.Org `json:"org_id,omitempty" format:"uuid" doc:"The job's studio, as the list of dead jobs has it; left out for a job of none"`
		Reason string `json:"reason" minLength:"3" maxLength:"500" doc:"Why the work is not to be done; kept with the job, and in its studio's trail"`
	}
}

type discardOutput struct {
	JobID id.Job `json:"job_id"`
}

// DiscardJob takes a dead job out of the list for good. Its row stays for 90 days, the line of the trail for good.
func DiscardJob(d Discarder) api.Endpoint {
	return api.New(DiscardJobOp, func(ctx context.Context, c api.Caller, in *discardInput) (*discardOutput, error) {
		obs.Add(ctx, "job", in.ID)
		obs.Add(ctx, "discarded_by", c.UserID)
		if err := d.Discard(ctx, in.Body.OrgID, in.ID, "admin:"+c.UserID, in.Body.Reason); err != nil {
			return nil, err
		}
		if !in.Body.OrgID.IsZero() {
			obs.Add(ctx, "org", in.Body.OrgID)
		}
		return &discardOutput{JobID: in.ID}, nil
	})
}
